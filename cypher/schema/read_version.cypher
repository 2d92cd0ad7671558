// The version of the schema that this database has.
MATCH (s:Schema {name: 'stemma'})
RETURN s.version AS version
