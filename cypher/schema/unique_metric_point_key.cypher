CREATE CONSTRAINT unique_metric_point_key IF NOT EXISTS FOR (n:MetricPoint) REQUIRE n.key IS UNIQUE
