// Take revisions that say that a deployment ran out of what is believed now; they stay to be found as of earlier knowledge.
UNWIND $rows AS row
MATCH (r:Revision {key: row[0]})
SET r.running = null, r.superseded = row[1]
RETURN count(*) AS n
