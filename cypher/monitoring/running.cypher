// How many executions of a schedule are with a worker.
MATCH (x:MonitoringExecution)
WHERE x.of_scheduled > $from AND x.of_scheduled < $to AND x.ready_at > $now AND x.attempt > 0
RETURN count(*) AS n
