// What the last runs of a schedule measured of one thing, in a range of their keys, newest first.
MATCH (x:MonitoringMeasurement)
WHERE x.of_subject >= $from AND x.of_subject < $to
WITH x ORDER BY x.of_subject DESC LIMIT $limit
RETURN collect(x {.*}) AS page
