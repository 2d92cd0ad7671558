CREATE INDEX index_delivery_delivered_at IF NOT EXISTS FOR (n:Delivery) ON (n.delivered_at)
