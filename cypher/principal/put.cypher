// Get or create a principal; what it is already stays.
MERGE (p:Principal {key: $key})
ON CREATE SET p.account = $account, p.name = $name, p.kind = $kind, p.role = $role, p.created_at = $now, p.created_by = $actor
RETURN [p.kind, p.role] AS principal
