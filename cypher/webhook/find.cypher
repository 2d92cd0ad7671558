// A webhook of an account.
MATCH (w:Webhook {id: $id})
WHERE w.account = $account
RETURN [w.id, w.account, w.url, w.description, w.types, w.group, w.created_at, w.created_by, w.sealed] AS webhook
