// A whole cone against the edges in one statement, each entity once: what it is, and what leads to it at one moment.
MATCH (s:Entity {arn: $start})<-[q:CONTRIBUTED_TO|ASSOCIATED_WITH|DERIVED_FROM|PRODUCED|SAME_AS*0..]-(a)
WHERE s.account = $account AND all(x IN q WHERE x.account = $account AND x.valid_from <= $at AND x.valid_to > $at
  AND x.recorded_from <= $known AND x.recorded_to > $known AND type(x) IN $associations)
WITH DISTINCT a LIMIT $limit
OPTIONAL MATCH (a)<-[r:CONTRIBUTED_TO|ASSOCIATED_WITH|DERIVED_FROM|PRODUCED|SAME_AS]-(b:Entity)
WHERE r.account = $account AND r.valid_from <= $at AND r.valid_to > $at AND r.recorded_from <= $known AND r.recorded_to > $known
  AND type(r) IN $associations
WITH a, collect([type(r), b.arn, r.valid_from, r.valid_to]) AS edges
RETURN collect([a.arn, a.kind, a.type, a.name, a.created_at, a.valid_from, a.recorded_from, a.tags, edges]) AS cone
