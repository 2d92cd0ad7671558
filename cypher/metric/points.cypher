// One page of a series as it was at one moment, in the order of its keys: by time, then by step.
MATCH (p:MetricPoint)
WHERE p.key > $from AND p.key < $to AND p.account = $account AND p.known <= $known AND p.valid_from <= $at
WITH p ORDER BY p.key LIMIT $limit
RETURN collect([p.key, p.value, p.at, p.step, p.number]) AS points
