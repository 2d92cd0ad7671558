// The keys of a kind's entities at one moment, in any order: sorting them here costs more than reading them.
MATCH (r:Revision)
WHERE r.by_created > $from AND r.by_created < $to
  AND r.valid_from <= $at AND r.valid_to > $at AND r.recorded_from <= $known AND r.recorded_to > $known
  AND ($prefix IS NULL OR r.arn STARTS WITH $prefix)
WITH r.by_created AS key LIMIT $limit
RETURN collect(key) AS keys
