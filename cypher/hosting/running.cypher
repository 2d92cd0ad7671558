// Deployments of one length that ran at a time, as is believed now, in a range of their keys; newest first.
MATCH (r:Revision)
WHERE r.running > $from AND r.running < $to
WITH r
WHERE r.valid_to > $at AND r.recorded_from <= $known AND ($source IS NULL OR r.source_uri = $source)
  AND r.by_created < $before
WITH r ORDER BY r.by_created DESC LIMIT $limit
RETURN collect([r.by_created, r.body]) AS page
