CREATE INDEX index_revision_running IF NOT EXISTS FOR (n:Revision) ON (n.running)
