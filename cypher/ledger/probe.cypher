// When some entries were recorded.
UNWIND $keys AS key
MATCH (x:ChainEntry {key: key})
RETURN collect([x.sequence, x.hash, x.recorded]) AS entries
