// The resources' own ARNs of registry objects that one ledger entry made.
MATCH (r:Revision)
WHERE r.key > $after AND r.key < $end AND r.operation = 'create' AND r.by_resource STARTS WITH $prefix
WITH r ORDER BY r.key
RETURN collect(r.resource_arn) AS resources
