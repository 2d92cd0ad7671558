// Whether the database holds an access key at all.
MATCH (k:AccessKey)
WITH k LIMIT 1
RETURN collect(k.id) AS keys
