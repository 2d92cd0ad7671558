// Claim deliveries of a webhook that are due, by letting them fall due later; whether they still were is read after the first SET,
// which takes the lock.
MATCH (d:Delivery)
WHERE d.due <= $now AND d.webhook = $id AND d.account = $account
WITH d ORDER BY d.due, d.key LIMIT $limit
SET d.tick = d.tick + 1
WITH d
WHERE d.due <= $now
SET d.due = $until, d.claim = $claim
RETURN collect([d.key, d.event, d.attempts]) AS claimed
