// Say what became of executions; they leave the queue where `ready_at` is 0.
UNWIND $rows AS row
MATCH (x:MonitoringExecution {key: row.key})
SET x += row
RETURN count(*) AS n
