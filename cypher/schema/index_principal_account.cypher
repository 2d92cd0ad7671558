CREATE INDEX index_principal_account IF NOT EXISTS FOR (n:Principal) ON (n.account)
