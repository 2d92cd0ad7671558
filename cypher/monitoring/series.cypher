// What the runs of a schedule measured of one thing, in a range of their keys, oldest first.
MATCH (x:MonitoringMeasurement)
WHERE x.of_subject >= $from AND x.of_subject < $to
WITH x ORDER BY x.of_subject LIMIT $limit
RETURN collect(x {.*}) AS page
