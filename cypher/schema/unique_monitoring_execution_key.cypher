CREATE CONSTRAINT unique_monitoring_execution_key IF NOT EXISTS FOR (n:MonitoringExecution) REQUIRE n.key IS UNIQUE
