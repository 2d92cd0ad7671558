// The changes of one entity known at a time, newest first; restatements are not changes.
MATCH (e:Entity {arn: $arn})-[:HAS_REVISION]->(r:Revision)
WHERE r.account = $account AND r.operation <> 'restate' AND r.recorded_from <= $known AND r.key < $before
WITH r ORDER BY r.key DESC LIMIT $limit
RETURN collect([r.key, r.recorded_from, r.valid_from, r.actor, r.door, r.operation, r.replaces, r.body, r.salt, r.digest, r.leaf]) AS changes
