// Take a webhook's place in the feed; it is read only after the SET, which takes the lock.
MATCH (w:Webhook {id: $id})
WHERE w.account = $account
SET w.tick = w.tick + 1
RETURN [w.position, w.sequence, w.types, w.group] AS place
