// Every edge of some entities, both ways, as known now.
UNWIND $arns AS arn
MATCH (e:Entity {arn: arn})-[r]-(o:Entity)
WHERE r.recorded_to = $forever
WITH startNode(r) AS a, r, endNode(r) AS b
RETURN collect([a.arn, type(r), b.arn, r.key, r.valid_from, r.valid_to]) AS edges
