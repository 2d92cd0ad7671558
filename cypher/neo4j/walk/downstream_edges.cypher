// The edges that hold at a moment and lead along their direction from what downstream_entities finds, as columns, and then
// those of them that have an end.
MATCH (s:Entity {arn: $start})-[q:CONTRIBUTED_TO|ASSOCIATED_WITH|DERIVED_FROM|PRODUCED|SAME_AS*0..]->(a)
WHERE s.account = $account AND all(x IN q WHERE x.recorded_to > $known AND x.valid_to > $at
  AND x.recorded_from <= $known AND ($every OR type(x) IN $associations))
WITH DISTINCT a LIMIT $limit
MATCH (a)-[r:CONTRIBUTED_TO|ASSOCIATED_WITH|DERIVED_FROM|PRODUCED|SAME_AS]->(b)
WHERE r.account = $account AND r.recorded_to > $known AND r.valid_to > $at AND r.recorded_from <= $known AND r.valid_from <= $at
  AND ($every OR type(r) IN $associations)
RETURN [collect(id(a)), collect(id(b)), collect(type(r)), collect(r.valid_from),
  collect(CASE WHEN r.valid_to < $forever THEN [id(a), id(b), type(r), r.valid_to] END)] AS edges
