CREATE INDEX index_revision_by_created IF NOT EXISTS FOR (n:Revision) ON (n.by_created)
