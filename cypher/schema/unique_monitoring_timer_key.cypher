CREATE CONSTRAINT unique_monitoring_timer_key IF NOT EXISTS FOR (n:MonitoringTimer) REQUIRE n.key IS UNIQUE
