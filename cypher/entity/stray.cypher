// An entity of an account that no revision speaks of, for verification.
MATCH (e:Entity)
WHERE e.account = $account AND NOT (e)-[:HAS_REVISION]->()
WITH e LIMIT 1
RETURN collect(e.arn) AS arns
