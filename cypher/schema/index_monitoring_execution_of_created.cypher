CREATE INDEX index_monitoring_execution_of_created IF NOT EXISTS FOR (n:MonitoringExecution) ON (n.of_created)
