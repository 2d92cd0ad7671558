"""Alerts of monitoring schedules: each schedule has one, raised by its last runs."""

from typing import Any

from api.sagemaker import monitoring
from api.sagemaker.calls import Call, Input, Output, operation, size
from api.sagemaker.listings import descending
from graph.access import Permission, require
from graph.errors import NotFoundError
from graph.monitoring import alerts, names, schedules
from graph.monitoring.alerts import AlertStatus
from graph.monitoring.schedules import Schedule
from graph.times import to_ms


@operation("UpdateMonitoringAlert", note=f"The one alert of a schedule is called `{names.ALERT}`.")
async def update_monitoring_alert(call: Call, given: Input) -> Output:
    """Say how many of how many runs have to find something."""
    require(call.caller, Permission.WRITE)
    schedule = await _schedule(call, given["MonitoringScheduleName"])
    _known(given["MonitoringAlertName"])
    await call.write(schedules.alert(call.place, schedule.name, given["DatapointsToAlert"], given["EvaluationPeriod"]))
    return {"MonitoringScheduleArn": schedule.entity.resource_arn, "MonitoringAlertName": names.ALERT}


@operation("ListMonitoringAlerts", note="There is one.")
async def list_monitoring_alerts(call: Call, given: Input) -> Output:
    """The alert of a schedule."""
    schedule = await _schedule(call, given["MonitoringScheduleName"])
    when, _ = await call.page(given)
    changed = await alerts.last(call.catalog.store, call.place, schedule, when)
    summary: dict[str, Any] = {
        "MonitoringAlertName": names.ALERT,
        "CreationTime": schedule.entity.created_at,
        "LastModifiedTime": max(schedule.entity.modified_at, 0 if changed is None else changed.at),
        "AlertStatus": (AlertStatus.OK if changed is None else changed.status).value,
        **schedule.alert,
        "Actions": {"ModelDashboardIndicator": {"Enabled": True}},
    }
    return {"MonitoringAlertSummaries": [summary]}


@operation("ListMonitoringAlertHistory", note="SortBy Status is by creation.")
async def list_monitoring_alert_history(call: Call, given: Input) -> Output:
    """A page of changes of alerts."""
    schedule = None
    if (name := given.get("MonitoringScheduleName")) is not None:
        schedule = await _schedule(call, name)
    if "MonitoringAlertName" in given:
        _known(given["MonitoringAlertName"])
    when, after = await call.page(given)

    def ms(field: str) -> int | None:
        return None if given.get(field) is None else to_ms(given[field])

    page = await alerts.changes(
        *(call.catalog.store, call.account, when),
        schedule=schedule,
        status=AlertStatus(given["StatusEquals"]) if "StatusEquals" in given else None,
        created_after=ms("CreationTimeAfter"),
        created_before=ms("CreationTimeBefore"),
        descending=descending(given),
        first=size(given),
        after=after,
    )
    shown = [
        {
            "MonitoringScheduleName": change.schedule,
            "MonitoringAlertName": names.ALERT,
            "CreationTime": change.at,
            "AlertStatus": change.status.value,
        }
        for _, change in page.items
    ]
    place = page.items[-1][0] if page.more else None
    return {"MonitoringAlertHistory": shown, **call.next_token(given, when, place)}


async def _schedule(call: Call, name: str) -> Schedule:
    monitoring.own_arn(call, names.SCHEDULE, name)
    return await schedules.find(call.catalog.store, call.place, name, await call.catalog.moment(call.account))


def _known(name: str) -> None:
    if name != names.ALERT:
        raise NotFoundError(f"There is no alert {name}; the alert of every schedule is called {names.ALERT}")
