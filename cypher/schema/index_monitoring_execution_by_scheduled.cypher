CREATE INDEX index_monitoring_execution_by_scheduled IF NOT EXISTS FOR (n:MonitoringExecution) ON (n.by_scheduled)
