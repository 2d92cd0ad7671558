// Every account that has a principal.
MATCH (p:Principal)
RETURN collect(DISTINCT p.account) AS accounts
