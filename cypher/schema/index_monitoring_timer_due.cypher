CREATE INDEX index_monitoring_timer_due IF NOT EXISTS FOR (n:MonitoringTimer) ON (n.due)
