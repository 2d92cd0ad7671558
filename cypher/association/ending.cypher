// So many of the edges of some entities, both ways, as known now, as reach past a valid time.
UNWIND $arns AS arn
MATCH (e:Entity {arn: arn})-[r]-(o:Entity)
WHERE e.account = $account AND r.account = $account AND r.recorded_to = $forever AND r.valid_to > $since
WITH startNode(r) AS a, r, endNode(r) AS b LIMIT $limit
RETURN collect([a.arn, type(r), b.arn]) AS triples
