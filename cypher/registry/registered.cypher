// The resources' own ARNs of what one ledger entry made, in order.
MATCH (r:Revision)
WHERE r.key > $after AND r.key < $end AND r.operation = 'create'
WITH r ORDER BY r.key
RETURN collect(r.resource_arn) AS resources
