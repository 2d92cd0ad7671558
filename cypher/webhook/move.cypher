// Move a webhook's place in the feed.
MATCH (w:Webhook {id: $id})
WHERE w.account = $account
SET w.position = $position, w.sequence = $sequence
RETURN count(w) AS n
