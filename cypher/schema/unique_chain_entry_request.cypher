CREATE CONSTRAINT unique_chain_entry_request IF NOT EXISTS FOR (n:ChainEntry) REQUIRE n.request IS UNIQUE
