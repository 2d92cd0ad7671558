// Write by what registry objects are listed, where version 5 of the schema seeks it.
UNWIND $rows AS row
MATCH (r:Revision {key: row[0]})
SET r.by_resource = row[1]
RETURN count(r) AS n
