// Registry objects whose keys lie in a range, both ends included, at one moment, in any order: the range is narrow.
MATCH (r:Revision)
WHERE r.by_resource >= $from AND r.by_resource <= $to
  AND r.valid_from <= $at AND r.valid_to > $at AND r.recorded_from <= $known AND r.recorded_to > $known
  AND ($approval IS NULL OR r.approval = $approval)
  AND r.created_at >= $created_after AND r.created_at < $created_before
RETURN collect([r.by_resource, r.body]) AS page
