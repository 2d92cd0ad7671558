CREATE INDEX index_delivery_due IF NOT EXISTS FOR (n:Delivery) ON (n.due)
