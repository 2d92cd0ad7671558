// Write which revisions tell of events, where version 8 of the schema seeks it.
UNWIND $rows AS row
MATCH (r:Revision {key: row[0]})
SET r.outbox = row[1]
RETURN count(r) AS n
