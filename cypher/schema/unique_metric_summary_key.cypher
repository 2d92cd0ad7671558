CREATE CONSTRAINT unique_metric_summary_key IF NOT EXISTS FOR (n:MetricSummary) REQUIRE n.key IS UNIQUE
