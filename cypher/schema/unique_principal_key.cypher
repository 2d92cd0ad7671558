CREATE CONSTRAINT unique_principal_key IF NOT EXISTS FOR (n:Principal) REQUIRE n.key IS UNIQUE
