// End an access key of an account now; the first revocation stays.
MATCH (k:AccessKey {id: $id})
WHERE k.account = $account AND k.revoked_at = $forever
SET k.revoked_at = $now
RETURN k.id AS id
