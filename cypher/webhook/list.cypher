// The webhooks of an account.
MATCH (w:Webhook {account: $account})
RETURN collect([w.id, w.account, w.url, w.description, w.types, w.group, w.created_at, w.created_by, w.sealed]) AS webhooks
