// How many revisions lie in a range of keys by creation, counted up to a limit.
MATCH (r:Revision)
WHERE r.by_created > $from AND r.by_created < $to
WITH r LIMIT $limit
RETURN count(r) AS crowd
