CREATE INDEX index_revision_source_uri IF NOT EXISTS FOR (n:Revision) ON (n.source_uri)
