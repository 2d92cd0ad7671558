// Keep an execution for longer, if the attempt is still the last one.
MATCH (x:MonitoringExecution {key: $key})
SET x.tick = x.tick + 1
WITH x WHERE x.attempt = $attempt AND x.ready_at > 0
SET x.ready_at = $until
RETURN x.status AS status
