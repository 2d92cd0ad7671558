// The ARNs of the entities that are associated with groups at one moment, in any order.
UNWIND $arns AS arn
MATCH (g:Entity {arn: arn})
WHERE g.account = $account
MATCH (g)<-[q:ASSOCIATED_WITH]-(e:Entity)
WHERE q.account = $account AND q.valid_from <= $at AND q.valid_to > $at AND q.recorded_from <= $known AND q.recorded_to > $known
  AND e.arn STARTS WITH $prefix
WITH DISTINCT e.arn AS member LIMIT $limit
RETURN collect(member) AS members
