// How far each account's chain goes.
MATCH (h:Ledger)
RETURN collect([h.account, h.sequence]) AS heads
