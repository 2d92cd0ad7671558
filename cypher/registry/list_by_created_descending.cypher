// One page of registry objects in a range of their keys at one moment, by their created key, descending.
MATCH (r:Revision)
WHERE r.by_resource > $from AND r.by_resource < $to
  AND r.by_created > $created_from AND r.by_created < $created_to
  AND r.valid_from <= $at AND r.valid_to > $at AND r.recorded_from <= $known AND r.recorded_to > $known
  AND ($approval IS NULL OR r.approval = $approval) AND ($contains IS NULL OR split(r.by_resource, '/')[2] CONTAINS $contains)
  AND ($numbered IS NULL OR $numbered <> (r.by_resource ENDS WITH '/0000000000'))
  AND r.created_at >= $created_after AND r.created_at < $created_before
WITH r ORDER BY r.by_created DESC LIMIT $limit
RETURN collect([r.by_created, r.body]) AS page
