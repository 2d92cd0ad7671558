// How far one of those who follow the ledgers has come, by account.
MATCH (f:Follower)
WHERE f.name = $name
RETURN collect([f.account, f.sequence]) AS positions
