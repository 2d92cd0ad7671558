// Revisions of the schema's version 1, which kept a resource's own ARN in the state alone, by their key.
MATCH (r:Revision)
WHERE r.key > $after AND r.resource_arn IS NULL AND r.body CONTAINS '"resource_arn":'
WITH r ORDER BY r.key LIMIT $limit
RETURN collect([r.key, r.body]) AS revisions
