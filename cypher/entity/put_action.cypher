// Write entities of one kind with the revision now in force.
UNWIND $rows AS row
MERGE (e:Entity:Action {arn: row.arn})
SET e = row.entity
CREATE (e)-[:HAS_REVISION]->(r:Revision)
SET r = row.revision
RETURN count(*) AS n
