// Let events wait to be delivered.
UNWIND $rows AS row
CREATE (d:Delivery)
SET d = row
RETURN count(*) AS n
