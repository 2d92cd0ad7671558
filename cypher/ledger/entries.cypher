// The entries in a range of keys, in order, for verification: one row of lists.
MATCH (x:ChainEntry)
WHERE x.key > $after AND x.key < $end
WITH x ORDER BY x.key
RETURN collect([x.key, x.sequence, x.recorded, x.previous, x.hash, x.body, x.leaves, x.request, x.payload, x.account]) AS entries
