// Entities as they are now, each with the times from which that holds.
UNWIND $arns AS arn
MATCH (e:Entity {arn: arn})
WHERE e.account = $account
RETURN collect([e.arn, e.valid_from, e.recorded_from, e.body]) AS entities
