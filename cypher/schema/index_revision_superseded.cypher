CREATE INDEX index_revision_superseded IF NOT EXISTS FOR (n:Revision) ON (n.superseded)
