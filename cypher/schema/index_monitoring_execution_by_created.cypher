CREATE INDEX index_monitoring_execution_by_created IF NOT EXISTS FOR (n:MonitoringExecution) ON (n.by_created)
