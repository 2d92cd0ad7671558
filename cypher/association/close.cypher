// End the recorded time of edges.
UNWIND $rows AS row
MATCH (a:Entity {arn: row[0]})
MATCH (b:Entity {arn: row[1]})
MATCH (a)-[r]->(b)
WHERE r.key = row[2]
SET r.recorded_to = row[3], r.closed_leaf = row[4]
RETURN count(*) AS n
