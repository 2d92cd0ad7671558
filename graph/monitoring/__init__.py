"""What the monitoring service keeps: job definitions, schedules, executions, alerts."""
