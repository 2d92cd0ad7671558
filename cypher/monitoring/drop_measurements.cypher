// Take out what another run measured, in a range of keys.
MATCH (x:MonitoringMeasurement)
WHERE x.key > $from AND x.key < $to AND x.job <> $job
DELETE x
RETURN count(*) AS n
