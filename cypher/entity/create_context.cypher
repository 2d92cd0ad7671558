// Make entities of one kind with their first revision. No MERGE: with two labels the embedded database scans for it.
UNWIND $rows AS row
CREATE (e:Entity:Context)-[:HAS_REVISION]->(r:Revision)
SET e = row.entity, r = row.revision
RETURN count(*) AS n
