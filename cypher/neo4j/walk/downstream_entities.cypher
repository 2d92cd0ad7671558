// What a start may reach along the edges, each entity once, as columns: lists of lists cost more to send, and collect()
// leaves out nulls, so there are none. It may be more than what the start does reach: whose the edges are, and since when they
// hold, is left to downstream_edges, as each value of each edge that is looked at costs. The last column are those entities that
// changed after the moment; $begun says that at the moment all that is known has begun.
MATCH (s:Entity {arn: $start})-[q:CONTRIBUTED_TO|ASSOCIATED_WITH|DERIVED_FROM|PRODUCED|SAME_AS*0..]->(a)
WHERE s.account = $account AND all(x IN q WHERE x.recorded_to > $known AND x.valid_to > $at
  AND x.recorded_from <= $known AND ($every OR type(x) IN $associations))
WITH DISTINCT a LIMIT $limit
RETURN [collect(id(a)), collect(a.arn), collect(a.kind), collect(coalesce(a.type, '')), collect(coalesce(a.name, '')),
  collect(coalesce(a.created_at, 0)), collect(CASE WHEN a.tags IS NOT NULL THEN [id(a), a.tags] END),
  collect(CASE WHEN a.recorded_from > $known OR (NOT $begun AND a.valid_from > $at) THEN id(a) END)] AS entities
