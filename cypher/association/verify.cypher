// Every edge that begins at the entities of a range of revisions, for verification; each entity by its one revision in force.
MATCH (v:Revision)
WHERE v.key > $after AND v.key < $end AND v.valid_to = $forever AND v.recorded_to > $recorded
MATCH (v)<-[:HAS_REVISION]-(a)-[r]->(b:Entity)
RETURN collect([a.arn, type(r), b.arn, r.key, r.valid_from, r.valid_to, r.recorded_from, r.recorded_to, r.leaf, r.closed_leaf,
  r.salt, r.digest, r.account]) AS edges
