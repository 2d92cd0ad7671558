// Where accounts' ledgers stand: points are known since their last entries.
UNWIND $accounts AS account
MATCH (h:Ledger {account: account})
RETURN collect([h.account, h.recorded]) AS heads
