CREATE INDEX index_metric_summary_owner IF NOT EXISTS FOR (n:MetricSummary) ON (n.owner)
