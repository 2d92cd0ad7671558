CREATE CONSTRAINT unique_follower_key IF NOT EXISTS FOR (n:Follower) REQUIRE n.key IS UNIQUE
