// Remove some deliveries of a webhook that is gone.
MATCH (d:Delivery)
WHERE d.key > $from AND d.key < $to AND d.account = $account
WITH d LIMIT $limit
DELETE d
RETURN count(*) AS n
