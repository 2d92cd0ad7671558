// Add records to the access log; adding one again changes nothing.
UNWIND $rows AS row
MERGE (x:AccessRecord {key: row.key})
SET x = row
RETURN count(*) AS n
