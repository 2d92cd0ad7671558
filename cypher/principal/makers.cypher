// Who made each principal of an account, and each of its keys: who made a key could have used it.
MATCH (p:Principal {account: $account})
OPTIONAL MATCH (p)-[:OWNS]->(k:AccessKey)
WITH p, collect(DISTINCT k.created_by) AS makers
RETURN collect([p.kind, p.name, p.role, p.created_by, makers]) AS principals
