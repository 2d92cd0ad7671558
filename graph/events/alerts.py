"""Events of monitors' alerts, from the actions that say that one was raised, or ended."""

from collections.abc import Iterator

from graph.entities import Status
from graph.events.event import Told, Written, shown
from graph.events.types import EventType
from graph.monitoring.alerts import SILENCED


def alerts(written: Written) -> Iterator[Told]:
    """The alert of a monitoring schedule was raised by a run, or ended with one; what happened in silence is not told."""
    action = written.after
    said = action.properties or {}
    if SILENCED in said:
        return
    raised = action.status is Status.IN_PROGRESS
    schedule = action.source_uri
    detail = {
        "MonitoringScheduleName": said.get("Schedule"),
        "MonitoringScheduleArn": schedule,
        "AlertStatus": "InAlert" if raised else "OK",
        "ProcessingJobName": said.get("Job"),
        "Time": shown(action.created_at if action.started_at is None else action.started_at),
        "ActionArn": action.arn,
    }
    yield Told(
        EventType.MONITOR_ALERT_RAISED if raised else EventType.MONITOR_ALERT_ENDED,
        [*([schedule] if schedule else []), action.arn],
        {name: value for name, value in detail.items() if value is not None},
    )
