// Let deliveries that have ended wait again.
UNWIND $keys AS key
MATCH (d:Delivery {key: key})
WHERE d.account = $account AND d.due IS NULL
SET d.state = 'PENDING', d.attempts = 0, d.due = $now, d.delivered_at = null
RETURN count(d) AS n
