// Take the heads of the accounts, in order; sequence and hash are read only after the SET, which takes the lock.
UNWIND $accounts AS account
MERGE (h:Ledger {account: account})
ON CREATE SET h.sequence = 0, h.hash = $genesis, h.recorded = 0, h.tick = 0
SET h.tick = h.tick + 1
RETURN collect([h.account, h.sequence, h.hash, h.recorded]) AS heads
