// Take an execution, if it is still as it was seen. It is read after the SET, which takes its lock.
MATCH (x:MonitoringExecution {key: $key})
SET x.tick = x.tick + 1
WITH x WHERE x.ready_at = $seen
SET x.ready_at = $until, x.attempt = x.attempt + 1, x.worker = $worker, x.status = $status, x.modified_at = $now
RETURN x.attempt AS attempt
