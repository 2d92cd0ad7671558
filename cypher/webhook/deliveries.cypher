// One page of a webhook's deliveries, newest event first.
MATCH (d:Delivery)
WHERE d.key > $from AND d.key < $to AND d.account = $account AND ($state IS NULL OR d.state = $state)
WITH d ORDER BY d.key DESC LIMIT $limit
RETURN collect([d.key, d.event, d.type, d.state, d.attempts, d.due, d.status, d.problem, d.tried_at, d.delivered_at]) AS page
