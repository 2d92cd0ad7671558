// Entities as they were at one moment: the state of the revision in force then.
UNWIND $arns AS arn
MATCH (e:Entity {arn: arn})-[:HAS_REVISION]->(r:Revision)
WHERE r.account = $account AND r.valid_from <= $at AND r.valid_to > $at
  AND r.recorded_from <= $known AND r.recorded_to > $known
RETURN collect([r.arn, r.body]) AS entities
