// One page of the resources that belong to a collection, in a range of their keys, at one moment; by key.
MATCH (c:Entity {arn: $arn})<-[q:ASSOCIATED_WITH]-(e:Entity)
WHERE c.account = $account AND q.account = $account AND q.valid_from <= $at AND q.valid_to > $at AND q.recorded_from <= $known AND q.recorded_to > $known
WITH DISTINCT e
MATCH (e)-[:HAS_REVISION]->(r:Revision)
WHERE r.by_resource > $from AND r.by_resource < $to
  AND r.valid_from <= $at AND r.valid_to > $at AND r.recorded_from <= $known AND r.recorded_to > $known
WITH r ORDER BY r.by_resource LIMIT $limit
RETURN collect([r.by_resource, r.body]) AS page
