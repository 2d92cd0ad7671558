// The contents that are known to have lain at some locations: their SAME_AS edges, as known now.
UNWIND $arns AS arn
MATCH (e:Entity {arn: arn})-[r:SAME_AS]->(o:Entity)
WHERE r.recorded_to = $forever
RETURN collect([e.arn, 'SAME_AS', o.arn, r.key, r.valid_from, r.valid_to]) AS edges
