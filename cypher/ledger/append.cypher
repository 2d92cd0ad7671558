// Write the new heads and their entries.
UNWIND $heads AS head
MATCH (h:Ledger {account: head[0]})
SET h.sequence = head[1], h.hash = head[2], h.recorded = head[3]
WITH count(*) AS moved
UNWIND $entries AS row
CREATE (x:ChainEntry)
SET x = row
RETURN count(*) AS n
