// One level of a walk against the edges: what each entity of the frontier is, and what leads to it at one moment.
UNWIND range(0, size($frontier) - 1) AS i
MATCH (a:Entity {arn: $frontier[i]})
WHERE a.account = $account
OPTIONAL MATCH (a)<-[r:CONTRIBUTED_TO|ASSOCIATED_WITH|DERIVED_FROM|PRODUCED|SAME_AS]-(b:Entity)
WHERE r.account = $account AND r.valid_from <= $at AND r.valid_to > $at AND r.recorded_from <= $known AND r.recorded_to > $known
  AND type(r) IN $associations
WITH a, collect([type(r), b.arn, r.valid_from, r.valid_to]) AS edges
RETURN collect([a.arn, a.kind, a.type, a.name, a.created_at, a.valid_from, a.recorded_from, a.tags, edges]) AS level
