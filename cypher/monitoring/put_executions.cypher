// Put executions into the queue; one that is there stays as it is. Whether a run is due only once is decided by the ledger.
UNWIND $rows AS row
MERGE (x:MonitoringExecution {key: row.key})
ON CREATE SET x += row
RETURN count(*) AS n
