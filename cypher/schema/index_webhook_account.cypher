CREATE INDEX index_webhook_account IF NOT EXISTS FOR (n:Webhook) ON (n.account)
