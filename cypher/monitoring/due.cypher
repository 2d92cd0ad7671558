// Schedules that have to be looked at; those that have waited longest first.
MATCH (t:MonitoringTimer)
WHERE t.due > 0 AND t.due <= $now AND ($only IS NULL OR t.account IN $only)
WITH t ORDER BY t.due LIMIT $limit
RETURN collect(t {.*}) AS timers
