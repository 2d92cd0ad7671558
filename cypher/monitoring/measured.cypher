// What one run measured, in a range of its keys.
MATCH (x:MonitoringMeasurement)
WHERE x.key > $from AND x.key < $to
WITH x ORDER BY x.key LIMIT $limit
RETURN collect(x {.*}) AS page
