CREATE CONSTRAINT unique_access_key_id IF NOT EXISTS FOR (n:AccessKey) REQUIRE n.id IS UNIQUE
