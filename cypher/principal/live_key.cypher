// One key that is not revoked and not expired, if there is any.
MATCH (k:AccessKey)
WHERE k.revoked_at = $forever AND k.expires_at > $now
WITH k LIMIT 1
RETURN collect([k.id, k.sealed]) AS keys
