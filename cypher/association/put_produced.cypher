// Write edges of one type; ends that are missing are dropped silently, so the count is compared.
UNWIND $rows AS row
MATCH (a:Entity {arn: row.source})
MATCH (b:Entity {arn: row.destination})
CREATE (a)-[r:PRODUCED]->(b)
SET r = row.edge
RETURN count(*) AS n
