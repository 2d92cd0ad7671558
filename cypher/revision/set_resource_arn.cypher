// Copy resources' own ARNs out of the states, where version 2 of the schema seeks them.
UNWIND $rows AS row
MATCH (r:Revision {key: row[0]})
SET r.resource_arn = row[1]
RETURN count(r) AS n
