CREATE CONSTRAINT unique_delivery_key IF NOT EXISTS FOR (n:Delivery) REQUIRE n.key IS UNIQUE
