// Every edge that begins at some entities, for verification.
UNWIND $arns AS arn
MATCH (a:Entity {arn: arn})-[r]->(b:Entity)
RETURN collect([a.arn, type(r), b.arn, r.key, r.valid_from, r.valid_to, r.recorded_from, r.recorded_to, r.leaf, r.closed_leaf,
  r.salt, r.digest, r.account]) AS edges
