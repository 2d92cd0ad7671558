CREATE INDEX index_revision_source_arn IF NOT EXISTS FOR (n:Revision) ON (n.source_arn)
