CREATE CONSTRAINT unique_monitoring_measurement_key IF NOT EXISTS FOR (n:MonitoringMeasurement) REQUIRE n.key IS UNIQUE
