// The head of an account's chain.
MATCH (h:Ledger {account: $account})
RETURN [h.sequence, h.hash, h.recorded] AS head
