// Note the version of the schema that this database has now.
MERGE (s:Schema {name: 'stemma'})
SET s.version = $version
RETURN s.version AS version
