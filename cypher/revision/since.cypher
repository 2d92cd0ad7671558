// What is now in force of what a range of an account's ledger entries wrote about entities.
MATCH (r:Revision)
WHERE r.key > $after AND r.key < $end AND r.account = $account
  AND r.recorded_to = $forever AND r.valid_to = $forever
RETURN collect([r.key, r.arn, r.body]) AS revisions
