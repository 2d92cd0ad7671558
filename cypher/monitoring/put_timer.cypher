// Have a schedule looked at now. What it missed while it was stopped, or not there, is not made up for.
MERGE (t:MonitoringTimer {key: $key})
ON CREATE SET t.account = $account, t.name = $name, t.due = 0, t.after = 0, t.tick = 0
SET t.tick = t.tick + 1, t.after = CASE WHEN t.due = 0 THEN $now ELSE t.after END
SET t.due = $now, t.put_at = $now
RETURN count(*) AS n
