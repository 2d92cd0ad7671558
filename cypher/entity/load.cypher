// The pieces of history, as known now, that reach past a time: [arn, since] pairs in, one row of lists out.
UNWIND $wanted AS want
MATCH (e:Entity {arn: want[0]})-[:HAS_REVISION]->(r:Revision)
WHERE r.recorded_to = $forever AND r.valid_to > want[1]
RETURN collect([r.arn, r.key, r.valid_from, r.valid_to, r.body]) AS pieces
