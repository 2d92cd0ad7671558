// Write revisions that are not the one now in force: what is left of older ones, and corrections of the past.
UNWIND $rows AS row
MATCH (e:Entity {arn: row.arn})
CREATE (e)-[:HAS_REVISION]->(r:Revision)
SET r = row
RETURN count(*) AS n
