// Remove a webhook of an account.
MATCH (w:Webhook {id: $id})
WHERE w.account = $account
DELETE w
RETURN count(*) AS n
