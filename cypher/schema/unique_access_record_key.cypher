CREATE CONSTRAINT unique_access_record_key IF NOT EXISTS FOR (n:AccessRecord) REQUIRE n.key IS UNIQUE
