// What some entities are the same as: of a content its location, of a location its contents, whether that is still said or not.
UNWIND $frontier AS arn
MATCH (a:Entity {arn: arn})-[r:SAME_AS]-(b:Entity)
WHERE a.account = $account AND r.account = $account
RETURN collect(DISTINCT b.arn) AS same
