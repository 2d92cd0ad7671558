// Remove some deliveries that were taken long ago.
MATCH (d:Delivery)
WHERE d.delivered_at < $before
WITH d LIMIT $limit
DELETE d
RETURN count(*) AS n
