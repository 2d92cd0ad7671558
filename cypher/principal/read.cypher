// A principal's kind and role.
MATCH (p:Principal {key: $key})
RETURN [p.kind, p.role] AS principal
