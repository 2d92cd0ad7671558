// The access keys of an account.
MATCH (p:Principal {account: $account})-[:OWNS]->(k:AccessKey)
RETURN collect([k.id, k.account, p.name, p.kind, p.role, k.created_at, k.created_by, k.expires_at, k.revoked_at,
  k.last_used_at, k.sealed]) AS keys
