// One page of the edges that begin at an entity at one moment, oldest record first.
MATCH (a:Entity {arn: $arn})-[r:CONTRIBUTED_TO|ASSOCIATED_WITH|DERIVED_FROM|PRODUCED|SAME_AS]->(b:Entity)
WHERE r.account = $account AND r.key > $after AND type(r) IN $associations
  AND r.valid_from <= $at AND r.valid_to > $at AND r.recorded_from <= $known AND r.recorded_to > $known
WITH a, r, b ORDER BY r.key LIMIT $limit
RETURN collect([a.arn, type(r), b.arn, r.key, r.valid_from, r.valid_to]) AS edges
