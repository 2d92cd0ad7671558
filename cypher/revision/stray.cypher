// A revision that reads of an account would find, but whose key is not of its ledger, for verification.
MATCH (r:Revision)
WHERE (r.account = $account OR r.by_created STARTS WITH $prefix OR r.by_name STARTS WITH $prefix)
  AND NOT coalesce(r.key, '') STARTS WITH $prefix
WITH r LIMIT 1
RETURN collect([r.key, r.arn]) AS revisions
