// Let the dead letters of a webhook wait again.
MATCH (d:Delivery)
WHERE d.key > $from AND d.key < $to AND d.account = $account AND d.state = 'DEAD'
WITH d LIMIT $limit
SET d.state = 'PENDING', d.attempts = 0, d.due = $now
RETURN count(d) AS n
