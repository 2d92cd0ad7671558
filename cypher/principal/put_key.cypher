// Create an access key of a principal; doing it again changes nothing.
MATCH (p:Principal {key: $principal})
MERGE (k:AccessKey {id: $id})
ON CREATE SET k.account = $account, k.sealed = $sealed, k.created_at = $now, k.created_by = $actor,
  k.expires_at = $expires_at, k.revoked_at = $forever, k.last_used_at = 0
MERGE (p)-[:OWNS]->(k)
RETURN k.id AS id
