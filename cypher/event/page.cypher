// Revisions that tell of events, from a key on, oldest first.
MATCH (r:Revision)
WHERE r.outbox >= $from AND r.outbox < $to
WITH r ORDER BY r.outbox LIMIT $limit
RETURN collect([r.key, r.recorded_from, r.actor, r.door, r.operation, r.digest, r.replaces, r.body]) AS revisions
