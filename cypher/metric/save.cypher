// Write the summaries that points made.
UNWIND $rows AS row
MATCH (s:MetricSummary {key: row.key})
SET s += row
RETURN count(*) AS n
