// Say when schedules have to be looked at again, if nobody else has said so; 0 for never.
UNWIND $rows AS row
MATCH (t:MonitoringTimer {key: row.key})
SET t.tick = t.tick + 1
WITH t, row WHERE t.due = row.seen AND t.put_at = row.put_at
SET t.due = row.due, t.after = row.after
RETURN count(*) AS n
