// One page of executions in a range of their keys, ascending.
MATCH (x:MonitoringExecution)
WHERE x.of_scheduled > $from AND x.of_scheduled < $to
  AND ($status IS NULL OR x.status = $status) AND ($type IS NULL OR x.type = $type)
  AND ($endpoint IS NULL OR x.endpoint = $endpoint) AND ($definition IS NULL OR x.definition = $definition)
  AND x.created_at >= $created_after AND x.created_at < $created_before
  AND x.scheduled_at >= $scheduled_after AND x.scheduled_at < $scheduled_before
  AND x.modified_at >= $modified_after AND x.modified_at < $modified_before
WITH x ORDER BY x.of_scheduled LIMIT $limit
RETURN collect(x {.*}) AS page
