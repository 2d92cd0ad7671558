// Give a principal another role.
MATCH (p:Principal {key: $key})
SET p.role = $role
RETURN [p.kind, p.role] AS principal
