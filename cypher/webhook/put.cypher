// Make a webhook; doing it again changes nothing.
MERGE (w:Webhook {id: $id})
ON CREATE SET w.account = $account, w.url = $url, w.description = $description, w.types = $types, w.group = $group,
  w.sealed = $sealed, w.created_at = $now, w.created_by = $actor, w.position = $position, w.sequence = $sequence, w.tick = 0
RETURN w.id AS id
