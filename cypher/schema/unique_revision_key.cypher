CREATE CONSTRAINT unique_revision_key IF NOT EXISTS FOR (n:Revision) REQUIRE n.key IS UNIQUE
