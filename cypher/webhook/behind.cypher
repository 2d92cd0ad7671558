// The webhooks of all accounts, and whether their accounts' ledgers have entries that they have not gone through.
MATCH (w:Webhook)
MATCH (h:Ledger {account: w.account})
RETURN collect([w.id, w.account, h.sequence > w.sequence]) AS webhooks
