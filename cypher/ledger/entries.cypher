// Entries by their keys, for verification: one row of lists.
UNWIND $keys AS key
MATCH (x:ChainEntry {key: key})
RETURN collect([x.key, x.sequence, x.recorded, x.previous, x.hash, x.body, x.leaves, x.request, x.payload, x.account]) AS entries
