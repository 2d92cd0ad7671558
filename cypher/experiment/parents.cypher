// The trials that components belong to at one moment, each with its experiment, or null.
UNWIND $arns AS arn
MATCH (e:Entity {arn: arn})-[q:ASSOCIATED_WITH]->(t:Entity)
WHERE e.account = $account AND q.account = $account AND q.valid_from <= $at AND q.valid_to > $at AND q.recorded_from <= $known AND q.recorded_to > $known
  AND t.arn STARTS WITH $trials
OPTIONAL MATCH (t)-[p:ASSOCIATED_WITH]->(x:Entity)
WHERE p.account = $account AND p.valid_from <= $at AND p.valid_to > $at AND p.recorded_from <= $known AND p.recorded_to > $known
  AND x.arn STARTS WITH $experiments
RETURN collect([e.arn, t.arn, t.name, x.arn, x.name]) AS parents
