CREATE INDEX index_monitoring_measurement_of_subject IF NOT EXISTS FOR (n:MonitoringMeasurement) ON (n.of_subject)
