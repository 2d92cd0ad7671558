// One page of the associations that begin at an entity at one moment, with their ends, ascending by what is asked for.
MATCH (a:Entity {arn: $source})-[r:CONTRIBUTED_TO|ASSOCIATED_WITH|DERIVED_FROM|PRODUCED|SAME_AS]->(b:Entity)
WHERE r.account = $account AND ($destination IS NULL OR b.arn = $destination)
  AND r.valid_from <= $at AND r.valid_to > $at AND r.recorded_from <= $known AND r.recorded_to > $known
  AND ($association IS NULL OR type(r) = $association)
  AND ($source_type IS NULL OR a.type = $source_type) AND ($destination_type IS NULL OR b.type = $destination_type)
  AND r.valid_from >= $created_after AND r.valid_from < $created_before
  AND NOT a.arn STARTS WITH $experiments AND NOT b.arn STARTS WITH $experiments
  AND NOT a.arn STARTS WITH $trials AND NOT b.arn STARTS WITH $trials
WITH a, r, b, CASE $sort WHEN 'source' THEN a.arn WHEN 'destination' THEN b.arn WHEN 'source_type' THEN coalesce(a.type, '')
  WHEN 'destination_type' THEN coalesce(b.type, '') ELSE '' END + '/' + r.key AS place
WITH a, r, b, place WHERE $place IS NULL OR place > $place
WITH a, r, b, place ORDER BY place LIMIT $limit
RETURN collect([place, a.arn, a.type, a.name, type(r), b.arn, b.type, b.name, r.valid_from]) AS page
