// Ledger entries by their keys, with their leaves.
UNWIND $keys AS key
MATCH (x:ChainEntry {key: key})
RETURN collect([x.sequence, x.hash, x.body, x.leaves]) AS entries
