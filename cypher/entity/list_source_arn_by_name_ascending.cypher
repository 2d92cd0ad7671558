// One page of a kind's entities with one source ARN at one moment, by their name key, ascending.
MATCH (r:Revision)
WHERE r.source_arn = $source_arn AND r.by_name > $from AND r.by_name < $to
  AND r.valid_from <= $at AND r.valid_to > $at AND r.recorded_from <= $known AND r.recorded_to > $known
  AND ($type IS NULL OR r.type = $type) AND ($name IS NULL OR r.name = $name)
  AND ($prefix IS NULL OR r.arn STARTS WITH $prefix) AND ($contains IS NULL OR r.name CONTAINS $contains)
  AND ($status IS NULL OR r.status = $status)
  AND coalesce(r.modified_at, r.created_at) >= $modified_after AND coalesce(r.modified_at, r.created_at) < $modified_before
  AND r.created_at >= $created_after AND r.created_at < $created_before
WITH r ORDER BY r.by_name LIMIT $limit
RETURN collect([r.by_name, r.body]) AS page
