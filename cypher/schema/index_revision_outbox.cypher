CREATE INDEX index_revision_outbox IF NOT EXISTS FOR (n:Revision) ON (n.outbox)
