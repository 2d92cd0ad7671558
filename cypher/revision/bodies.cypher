// The states of revisions by their keys.
UNWIND $keys AS key
MATCH (r:Revision {key: key})
WHERE r.account = $account
RETURN collect([r.key, r.body]) AS bodies
