// Deployments that ran at a time, as is believed now, in ranges of their keys; newest first.
UNWIND $ranges AS range
MATCH (r:Revision)
WHERE r.running > range[0] AND r.running < range[1]
  AND r.valid_to > $at AND r.recorded_from <= $known AND ($source IS NULL OR r.source_uri = $source)
  AND r.by_created < $before
WITH r ORDER BY r.by_created DESC LIMIT $limit
RETURN collect([r.by_created, r.body]) AS page
