// Executions by their keys.
UNWIND $keys AS key
MATCH (x:MonitoringExecution {key: key})
RETURN collect(x {.*}) AS executions
