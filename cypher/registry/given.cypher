// Which of some keys of registry objects were ever given, whether what they name still exists or not.
UNWIND $keys AS key
MATCH (r:Revision {by_resource: key})
RETURN collect(DISTINCT key) AS given
