CREATE CONSTRAINT unique_ledger_account IF NOT EXISTS FOR (n:Ledger) REQUIRE n.account IS UNIQUE
