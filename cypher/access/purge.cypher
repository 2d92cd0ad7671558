// Remove some records that are older than the retention.
MATCH (x:AccessRecord)
WHERE x.at < $before
WITH x LIMIT $limit
DELETE x
RETURN count(*) AS n
