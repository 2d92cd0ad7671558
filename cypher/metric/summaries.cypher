// The summaries of components' metrics as they are now, each with the times from which that holds.
UNWIND $owners AS owner
MATCH (s:MetricSummary {owner: owner})
WHERE s.account = $account AND s.count > 0
RETURN collect([s.owner, s.key, s.name, s.count, s.minimum, s.maximum, s.total, s.squares, s.last, s.last_at, s.last_step,
  s.last_number, s.known, s.valid_from]) AS summaries
