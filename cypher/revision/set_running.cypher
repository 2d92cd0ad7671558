// Write when deployments ran, where version 6 of the schema seeks it.
UNWIND $rows AS row
MATCH (r:Revision {key: row[0]})
SET r.running = row[1], r.superseded = row[2]
RETURN count(r) AS n
