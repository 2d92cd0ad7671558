// One page of an account's access log, newest first.
MATCH (x:AccessRecord)
WHERE x.key > $from AND x.key < $to
  AND ($principal IS NULL OR x.principal = $principal) AND ($operation IS NULL OR x.operation = $operation)
  AND ($outcome IS NULL OR x.outcome = $outcome)
WITH x ORDER BY x.key DESC LIMIT $limit
RETURN collect([x.key, x.account, x.at, x.principal, x.key_id, x.door, x.operation, x.named, x.outcome, x.code, x.request_id])
  AS page
