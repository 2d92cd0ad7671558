// The last key of registry objects in each of some ranges, whether they still exist or not: numbers are never given twice.
UNWIND $ranges AS range
MATCH (r:Revision)
WHERE r.by_resource > range[0] AND r.by_resource < range[1]
WITH range[0] AS prefix, max(r.by_resource) AS highest
RETURN collect([prefix, highest]) AS found
