// The lineage ARNs of resources' own ARNs.
UNWIND $arns AS arn
MATCH (e:Entity {resource_arn: arn})
RETURN collect([e.resource_arn, e.arn]) AS found
