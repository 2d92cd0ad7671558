// The experiments that trials belong to at one moment.
UNWIND $arns AS arn
MATCH (t:Entity {arn: arn})-[q:ASSOCIATED_WITH]->(x:Entity)
WHERE t.account = $account AND q.account = $account AND q.valid_from <= $at AND q.valid_to > $at AND q.recorded_from <= $known AND q.recorded_to > $known
  AND x.arn STARTS WITH $experiments
RETURN collect([t.arn, x.arn, x.name]) AS experiments
