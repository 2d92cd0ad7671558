// Revisions of deployments of the schema's versions before 6, by their key.
MATCH (r:Revision)
WHERE r.key > $after AND r.type = 'ModelDeployment' AND r.status = 'IN_PROGRESS' AND r.running IS NULL AND r.superseded IS NULL
WITH r ORDER BY r.key LIMIT $limit
RETURN collect([r.key, r.body, r.valid_from, r.valid_to, r.recorded_to]) AS revisions
