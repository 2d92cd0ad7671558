// Revisions in the order of their keys, for verification; those in force each with its entity as it stands.
MATCH (r:Revision)
WHERE r.key > $after AND r.key < $end
WITH r ORDER BY r.key LIMIT $limit
OPTIONAL MATCH (e:Entity)-[:HAS_REVISION]->(r)
RETURN collect([r.key, r.arn, r.operation, r.replaces, r.body, r.valid_from, r.valid_to, r.recorded_from, r.recorded_to,
  r.leaf, r.closed_leaf, r.salt, r.digest, r.account, r.kind, r.by_created, r.by_name, r.type, r.name, r.source_uri, r.created_at,
  r.actor, r.door, e.arn, CASE WHEN r.recorded_to = $forever AND r.valid_to = $forever THEN e {.*} ELSE null END]) AS revisions
