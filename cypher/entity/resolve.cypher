// The entities that have resources' own ARNs now, each with the times from which its present state holds.
UNWIND $arns AS arn
MATCH (e:Entity {resource_arn: arn})
RETURN collect([e.resource_arn, e.arn, e.valid_from, e.recorded_from]) AS found
