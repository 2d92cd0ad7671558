// One page of resources in a range of their keys at one moment whose states hold a text, such as a tag's key; by key.
MATCH (r:Revision)
WHERE r.by_resource > $from AND r.by_resource < $to
  AND r.valid_from <= $at AND r.valid_to > $at AND r.recorded_from <= $known AND r.recorded_to > $known
  AND r.body CONTAINS $text
WITH r ORDER BY r.by_resource LIMIT $limit
RETURN collect([r.by_resource, r.body]) AS page
