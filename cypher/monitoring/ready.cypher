// Executions that nobody runs, or whose worker has not been heard of in time; those that wait longest first.
MATCH (x:MonitoringExecution)
WHERE x.ready_at > 0 AND x.ready_at <= $now AND ($only IS NULL OR x.account IN $only)
WITH x ORDER BY x.ready_at LIMIT $limit
RETURN collect(x {.*}) AS executions
