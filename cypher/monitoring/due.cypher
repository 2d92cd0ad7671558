// Schedules that have to be looked at; those that have waited longest first.
MATCH (t:MonitoringTimer)
WHERE t.due > 0 AND t.due <= $now
WITH t ORDER BY t.due LIMIT $limit
RETURN collect(t {.*}) AS timers
