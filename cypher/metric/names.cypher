// How many metrics components have.
UNWIND $owners AS owner
MATCH (s:MetricSummary {owner: owner})
RETURN collect([s.owner, s.key]) AS names
