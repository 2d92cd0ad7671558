// An access key and whose it is: the caller is only known by it, so no account narrows this.
MATCH (k:AccessKey {id: $id})<-[:OWNS]-(p:Principal)
RETURN [k.id, k.account, p.name, p.kind, p.role, k.created_at, k.created_by, k.expires_at, k.revoked_at, k.last_used_at,
  k.sealed] AS key
