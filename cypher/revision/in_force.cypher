// Revisions as they were in force at one moment, each with what proves it.
UNWIND $arns AS arn
MATCH (e:Entity {arn: arn})-[:HAS_REVISION]->(r:Revision)
WHERE r.account = $account AND r.valid_from <= $at AND r.valid_to > $at
  AND r.recorded_from <= $known AND r.recorded_to > $known
RETURN collect([r.key, r.arn, r.operation, r.replaces, r.body, r.valid_from, r.valid_to, r.leaf, r.salt, r.digest]) AS revisions
