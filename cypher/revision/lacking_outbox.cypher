// Revisions of the schema's versions before 8 that may tell of events, by their key.
MATCH (r:Revision)
WHERE r.key > $after AND r.body IS NOT NULL AND r.outbox IS NULL AND r.valid_to = $forever
  AND ((r.operation IN ['create', 'update'] AND r.resource_arn CONTAINS ':model-package')
    OR (r.operation = 'create' AND r.kind = 'ACTION' AND r.type IN $types))
WITH r ORDER BY r.key LIMIT $limit
RETURN collect([r.key, r.operation, r.body, r.valid_to]) AS revisions
