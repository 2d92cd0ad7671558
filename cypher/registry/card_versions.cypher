// The versions of a card whose keys lie in a range, both ends included, as known at one moment: when each began, and how it last was.
MATCH (r:Revision)
WHERE r.by_resource >= $from AND r.by_resource <= $to AND r.created_at = $created_at
  AND r.valid_from <= $at AND r.recorded_from <= $known
WITH r ORDER BY r.key DESC
WITH r.by_resource AS key, min(r.valid_from) AS begun, collect(r.body) AS bodies
RETURN collect([key, begun, bodies[0]]) AS versions
