CREATE INDEX index_revision_by_resource IF NOT EXISTS FOR (n:Revision) ON (n.by_resource)
