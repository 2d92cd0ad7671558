// Revisions of the schema's versions before 4, which kept the ARN of a source in the state alone, by their key.
MATCH (r:Revision)
WHERE r.key > $after AND r.source_arn IS NULL AND r.body CONTAINS '"source_arn":'
WITH r ORDER BY r.key LIMIT $limit
RETURN collect([r.key, r.body]) AS revisions
