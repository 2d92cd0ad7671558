CREATE INDEX index_monitoring_execution_of_scheduled IF NOT EXISTS FOR (n:MonitoringExecution) ON (n.of_scheduled)
