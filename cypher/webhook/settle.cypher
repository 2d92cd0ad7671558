// Write what came of an attempt, unless somebody else has claimed the delivery since.
MATCH (d:Delivery {key: $key})
WHERE d.claim = $claim
SET d.state = $state, d.attempts = $attempts, d.due = $due, d.delivered_at = $delivered_at, d.status = $status,
  d.problem = $problem, d.tried_at = $now
RETURN count(d) AS n
