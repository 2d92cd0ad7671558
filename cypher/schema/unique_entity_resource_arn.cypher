CREATE CONSTRAINT unique_entity_resource_arn IF NOT EXISTS FOR (n:Entity) REQUIRE n.resource_arn IS UNIQUE
