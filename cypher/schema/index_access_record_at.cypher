CREATE INDEX index_access_record_at IF NOT EXISTS FOR (n:AccessRecord) ON (n.at)
