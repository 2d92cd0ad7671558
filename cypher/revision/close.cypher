// End the recorded time of revisions.
UNWIND $rows AS row
MATCH (r:Revision {key: row[0]})
SET r.recorded_to = row[1], r.closed_leaf = row[2]
RETURN count(*) AS n
