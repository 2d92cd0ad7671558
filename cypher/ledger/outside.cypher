// The last entry in a range of keys, for verification: whether any lies past the head.
MATCH (x:ChainEntry)
WHERE x.key > $after AND x.key < $end
RETURN max(x.key) AS key
