// Note that an access key is in use, unless that was noted since.
MATCH (k:AccessKey {id: $id})
WHERE k.last_used_at < $since
SET k.last_used_at = $now
RETURN k.id AS id
