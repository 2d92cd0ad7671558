// Entries in the order of their keys, for verification: one row of lists.
MATCH (x:ChainEntry)
WHERE x.key > $after AND x.key < $end
WITH x ORDER BY x.key LIMIT $limit
RETURN collect([x.key, x.sequence, x.recorded, x.previous, x.hash, x.body, x.leaves, x.request, x.payload, x.account]) AS entries
