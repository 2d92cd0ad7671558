// Which points were put before.
UNWIND $keys AS key
MATCH (p:MetricPoint {key: key})
RETURN collect(p.key) AS seen
