// Timers by their keys.
UNWIND $keys AS key
MATCH (t:MonitoringTimer {key: key})
RETURN collect(t {.*}) AS timers
