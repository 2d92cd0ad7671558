// Deployments that were believed then, but no longer, to have run at a time; newest first.
MATCH (r:Revision)
WHERE r.superseded > $from AND r.superseded < $to
WITH r
WHERE r.valid_from <= $at AND r.valid_to > $at AND r.recorded_from <= $known
  AND ($source IS NULL OR r.source_uri = $source) AND r.by_created < $before
WITH r ORDER BY r.by_created DESC LIMIT $limit
RETURN collect([r.by_created, r.body]) AS page
