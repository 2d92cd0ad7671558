// Every account that has a chain.
MATCH (h:Ledger)
RETURN collect(h.account) AS accounts
