// The edges of triples, as known now.
UNWIND $triples AS t
MATCH (a:Entity {arn: t[0]})
MATCH (b:Entity {arn: t[2]})
MATCH (a)-[r]->(b)
WHERE r.recorded_to = $forever AND type(r) = t[1]
RETURN collect([a.arn, type(r), b.arn, r.key, r.valid_from, r.valid_to]) AS edges
