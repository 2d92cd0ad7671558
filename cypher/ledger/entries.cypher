// The entries in a range of keys, for verification: one row of lists; in no order, because sorting them here costs more.
MATCH (x:ChainEntry)
WHERE x.key > $after AND x.key < $end
RETURN collect([x.key, x.sequence, x.recorded, x.previous, x.hash, x.body, x.leaves, x.request, x.payload, x.account]) AS entries
