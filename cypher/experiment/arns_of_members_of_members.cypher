// The ARNs of the entities that are associated with the members of groups at one moment, in any order.
UNWIND $arns AS arn
MATCH (g:Entity {arn: arn})
WHERE g.account = $account
MATCH (g)<-[p:ASSOCIATED_WITH]-(:Entity)<-[q:ASSOCIATED_WITH]-(e:Entity)
WHERE p.account = $account AND p.valid_from <= $at AND p.valid_to > $at AND p.recorded_from <= $known AND p.recorded_to > $known
  AND q.account = $account AND q.valid_from <= $at AND q.valid_to > $at AND q.recorded_from <= $known AND q.recorded_to > $known
  AND e.arn STARTS WITH $prefix
WITH DISTINCT e.arn AS member LIMIT $limit
RETURN collect(member) AS members
