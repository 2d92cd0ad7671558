// Take the summaries of series, made when they are not there; their numbers are read after the SET, which takes the lock.
UNWIND $rows AS row
MERGE (s:MetricSummary {key: row.key})
ON CREATE SET s.owner = row.owner, s.account = row.account, s.name = row.name, s.count = 0, s.tick = 0
SET s.tick = s.tick + 1
RETURN collect([s.key, s.name, s.count, s.minimum, s.maximum, s.total, s.squares, s.last, s.last_at, s.last_step, s.last_number,
  s.known, s.valid_from]) AS summaries
