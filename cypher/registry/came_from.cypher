// What ever led to some entities, whether that is still said or not: who takes an association back does not undo what was found.
UNWIND $frontier AS arn
MATCH (a:Entity {arn: arn})<-[r:CONTRIBUTED_TO|ASSOCIATED_WITH|DERIVED_FROM|PRODUCED|SAME_AS]-(b:Entity)
WHERE a.account = $account AND r.account = $account
RETURN collect(DISTINCT [b.arn, b.type, b.resource_arn]) AS reached
