// Put the revision now in force in place of the one before.
UNWIND $rows AS row
MATCH (e:Entity {arn: row.arn})
CREATE (e)-[:HAS_REVISION]->(r:Revision)
SET e = row.entity, r = row.revision
RETURN count(*) AS n
