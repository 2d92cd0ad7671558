// One page of the groups that an entity is associated with, such as the trials of a component, at one moment, ascending.
MATCH (g:Entity {arn: $arn})-[q:ASSOCIATED_WITH]->(e:Entity)
WHERE g.account = $account AND q.account = $account AND q.valid_from <= $at AND q.valid_to > $at AND q.recorded_from <= $known AND q.recorded_to > $known
  AND e.arn STARTS WITH $prefix AND ($only IS NULL OR e.arn IN $only)
WITH DISTINCT e
MATCH (e)-[:HAS_REVISION]->(r:Revision)
WHERE r.valid_from <= $at AND r.valid_to > $at AND r.recorded_from <= $known AND r.recorded_to > $known
  AND r.created_at >= $created_after AND r.created_at < $created_before
WITH r, CASE WHEN $by_name THEN r.by_name ELSE r.by_created END AS key
WHERE key > $from AND key < $to
WITH r, key ORDER BY key LIMIT $limit
RETURN collect([key, r.body]) AS page
