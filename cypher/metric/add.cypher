// Write points.
UNWIND $rows AS row
CREATE (p:MetricPoint)
SET p = row
RETURN count(*) AS n
