// The webhooks that have deliveries due, with their accounts and how many.
MATCH (d:Delivery)
WHERE d.due <= $now
WITH d.webhook AS webhook, d.account AS account, count(*) AS n
RETURN collect([webhook, account, n]) AS webhooks
