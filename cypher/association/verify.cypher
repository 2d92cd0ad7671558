// The edges that begin at the entities of a range of ARNs, for verification.
MATCH (a:Entity)
WHERE a.arn > $after AND a.arn < $end
WITH a ORDER BY a.arn LIMIT $limit
OPTIONAL MATCH (a)-[r]->(b:Entity)
WITH a, collect([type(r), b.arn, r.key, r.valid_from, r.valid_to, r.recorded_from, r.recorded_to, r.leaf, r.closed_leaf, r.salt,
  r.digest, r.account]) AS edges
RETURN collect([a.arn, edges]) AS rows
