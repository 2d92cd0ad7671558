CREATE CONSTRAINT unique_chain_entry_key IF NOT EXISTS FOR (n:ChainEntry) REQUIRE n.key IS UNIQUE
