// Let an access key of an account end at a time.
MATCH (k:AccessKey {id: $id})
WHERE k.account = $account
SET k.expires_at = $expires_at
RETURN k.id AS id
