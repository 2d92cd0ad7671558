CREATE INDEX index_revision_resource_arn IF NOT EXISTS FOR (n:Revision) ON (n.resource_arn)
