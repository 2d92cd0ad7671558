// Copy the ARNs of sources out of the states, where version 4 of the schema seeks them.
UNWIND $rows AS row
MATCH (r:Revision {key: row[0]})
SET r.source_arn = row[1]
RETURN count(r) AS n
