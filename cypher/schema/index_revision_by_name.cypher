CREATE INDEX index_revision_by_name IF NOT EXISTS FOR (n:Revision) ON (n.by_name)
