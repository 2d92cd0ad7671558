CREATE INDEX index_monitoring_execution_ready_at IF NOT EXISTS FOR (n:MonitoringExecution) ON (n.ready_at)
