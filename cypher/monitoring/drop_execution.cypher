// Take an execution out that was never recorded.
MATCH (x:MonitoringExecution {key: $key})
WHERE x.ready_at = $seen
DELETE x
RETURN count(*) AS n
