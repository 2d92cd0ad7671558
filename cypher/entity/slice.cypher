// A kind's entities at one moment whose keys lie in a range, both ends included, in any order.
MATCH (r:Revision)
WHERE r.by_created >= $first AND r.by_created <= $last
  AND r.valid_from <= $at AND r.valid_to > $at AND r.recorded_from <= $known AND r.recorded_to > $known
  AND ($prefix IS NULL OR r.arn STARTS WITH $prefix)
RETURN collect([r.by_created, r.body]) AS entities
