// The last revision in a range of keys, for verification: whether any lies past the end of the chain.
MATCH (r:Revision)
WHERE r.key > $after AND r.key < $end
RETURN max(r.key) AS key
