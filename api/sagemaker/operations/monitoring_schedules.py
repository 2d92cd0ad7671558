"""Monitoring schedules, and what they ran."""

from typing import Any

from api.sagemaker import monitoring, shapes
from api.sagemaker.calls import Call, Input, Output, operation, size
from api.sagemaker.listings import descending
from graph.access import Permission, require
from graph.entities import Entity
from graph.monitoring import definitions, executions, names, records, schedules, timers
from graph.monitoring.executions import Execution, ExecutionFilter, ExecutionStatus
from graph.monitoring.schedules import Schedule
from graph.times import FOREVER, to_ms
from monitors.processing.sources import read_texts

RUNTIME_SECONDS = 3_600
EXPRESSIONS = "ScheduleExpression may also be finer than an hour, `rate(5 minutes)`, or name a time zone. "


@operation("CreateMonitoringSchedule", note=EXPRESSIONS + "Scheduled at once. One alert comes with it.")
async def create_monitoring_schedule(call: Call, given: Input) -> Output:
    """A new schedule, which runs from now on."""
    require(call.caller, Permission.WRITE)
    name = given["MonitoringScheduleName"]
    arn = monitoring.own_arn(call, names.SCHEDULE, name)
    told = await _told(call, given["MonitoringScheduleConfig"])
    tags = shapes.tags_given(given.get("Tags"))
    made = schedules.create(call.place, name, given["MonitoringScheduleConfig"], tags=tags, **told)
    # First the timer: one without a schedule is soon forgotten, a schedule without one would never run.
    await timers.put(call.catalog.store, call.account, name)
    await call.write(made)
    return {"MonitoringScheduleArn": arn}


@operation("DescribeMonitoringSchedule")
async def describe_monitoring_schedule(call: Call, given: Input) -> Output:
    """One schedule, with its last run."""
    schedule = await _find(call, given)
    config = dict(schedule.config)
    if "MonitoringJobDefinition" in config:
        inline = monitoring.with_defaults(config["MonitoringJobDefinition"], RUNTIME_SECONDS)
        if "BaselineConfig" in inline:
            inline["BaselineConfig"] = monitoring.with_baseline(
                schedule.monitor, inline["BaselineConfig"], schedule.baseline
            )
        config = {**config, "MonitoringJobDefinition": inline, "MonitoringType": schedule.monitor.value}
    last = await executions.page(
        call.catalog.store, call.account, filter=ExecutionFilter(schedule=schedule.name), by_scheduled=True, first=1
    )
    return {
        **_summary(schedule.entity),
        "MonitoringJobDefinitionName": None,
        "MonitoringScheduleConfig": config,
        "LastMonitoringExecutionSummary": _execution(call, last.items[0][1]) if last.items else None,
    }


@operation("UpdateMonitoringSchedule", note=EXPRESSIONS + "Without ScheduleConfig the old one stays.")
async def update_monitoring_schedule(call: Call, given: Input) -> Output:
    """Run something else, or at other times; a schedule that was stopped runs again."""
    require(call.caller, Permission.WRITE)
    name = given["MonitoringScheduleName"]
    arn = monitoring.own_arn(call, names.SCHEDULE, name)
    told = await _told(call, given["MonitoringScheduleConfig"])
    return await _changed(
        call, name, arn, schedules.update(call.place, name, given["MonitoringScheduleConfig"], **told)
    )


@operation("StartMonitoringSchedule", note="What it missed while it was stopped is not made up for.")
async def start_monitoring_schedule(call: Call, given: Input) -> Output:
    """Let a schedule run that was stopped."""
    require(call.caller, Permission.WRITE)
    name = given["MonitoringScheduleName"]
    arn = monitoring.own_arn(call, names.SCHEDULE, name)
    await _changed(call, name, arn, schedules.start(call.place, name))
    return {}


@operation("StopMonitoringSchedule", note="A run that has begun goes on.")
async def stop_monitoring_schedule(call: Call, given: Input) -> Output:
    """Let a schedule run no more until it is started again."""
    require(call.caller, Permission.WRITE)
    name = given["MonitoringScheduleName"]
    arn = monitoring.own_arn(call, names.SCHEDULE, name)
    await _changed(call, name, arn, schedules.stop(call.place, name))
    return {}


@operation("DeleteMonitoringSchedule", note="What it ran stays.")
async def delete_monitoring_schedule(call: Call, given: Input) -> Output:
    """End a schedule."""
    name = given["MonitoringScheduleName"]
    monitoring.own_arn(call, names.SCHEDULE, name)
    await call.write(records.Delete(call.place, names.SCHEDULE, name))
    return {}


@operation("ListMonitoringSchedules", note="NameContains ignores case. SortBy Status is by creation.")
async def list_monitoring_schedules(call: Call, given: Input) -> Output:
    """A page of schedules."""
    equal = {
        "EndpointName": given.get("EndpointName"),
        "MonitoringScheduleStatus": given.get("StatusEquals"),
        "MonitoringJobDefinitionName": given.get("MonitoringJobDefinitionName"),
        "MonitoringType": given.get("MonitoringTypeEquals"),
    }
    wanted = {name: value for name, value in equal.items() if value is not None}
    since = to_ms(given["LastModifiedTimeAfter"]) if "LastModifiedTimeAfter" in given else 0
    until = to_ms(given["LastModifiedTimeBefore"]) if "LastModifiedTimeBefore" in given else FOREVER

    def fits(item: dict[str, Any]) -> bool:
        changed = since <= item["LastModifiedTime"] < until
        return changed and all(item.get(name) == value for name, value in wanted.items())

    narrowed = bool(wanted) or since > 0 or until < FOREVER
    member = "MonitoringScheduleSummaries"
    return await monitoring.listed(call, given, names.SCHEDULE, member, _summary, fits, narrowed=narrowed)


@operation("ListMonitoringExecutions", note="SortBy Status is by the time for which they were due.")
async def list_monitoring_executions(call: Call, given: Input) -> Output:
    """A page of what schedules ran, are running and are about to run; also of schedules that were deleted."""
    when, after = await call.page(given)

    def ms(name: str, default: int) -> int:
        return default if given.get(name) is None else to_ms(given[name])

    status = given.get("StatusEquals")
    wanted = ExecutionFilter(
        schedule=given.get("MonitoringScheduleName"),
        endpoint=given.get("EndpointName"),
        definition=given.get("MonitoringJobDefinitionName"),
        type=given.get("MonitoringTypeEquals"),
        status=status,
        created_after=ms("CreationTimeAfter", 0),
        created_before=ms("CreationTimeBefore", FOREVER),
        scheduled_after=ms("ScheduledTimeAfter", 0),
        scheduled_before=ms("ScheduledTimeBefore", FOREVER),
        modified_after=ms("LastModifiedTimeAfter", 0),
        modified_before=ms("LastModifiedTimeBefore", FOREVER),
    )
    page = await executions.page(
        call.catalog.store,
        call.account,
        filter=wanted,
        by_scheduled=given.get("SortBy") in ("ScheduledTime", "Status"),
        descending=descending(given),
        first=size(given),
        after=after,
    )
    place = page.items[-1][0] if page.more else None
    shown = [_execution(call, execution) for _, execution in page.items]
    return {"MonitoringExecutionSummaries": shown, **call.next_token(given, when, place)}


async def _told(call: Call, config: dict[str, Any]) -> dict[str, Any]:
    """What a schedule keeps of the job that it runs: whose data it reads, its scripts, its baseline."""
    schedules.check(config)
    monitor = schedules.monitor_of(config)
    if (name := config.get("MonitoringJobDefinitionName")) is not None:
        monitoring.own_arn(call, monitor.family, name)
        when = await call.catalog.moment(call.account)
        found = await records.find(call.catalog.store, call.place, monitor.family, name, when)
        return {"endpoint": definitions.endpoint(monitor, records.specification(found)[definitions.REQUEST])}
    request = definitions.of_inline(monitor, config["MonitoringJobDefinition"])
    return {
        "endpoint": definitions.endpoint(monitor, request),
        "read": await read_texts(call.policy, call.account, definitions.uris(monitor, request)),
        "baseline": await monitoring.baseline(call, monitor, request.get(f"{monitor.value}BaselineConfig", {})),
    }


async def _changed(call: Call, name: str, arn: str, change: records.Change) -> Output:
    # Looked up first, so that no timer is put for what is not there.
    await records.find(call.catalog.store, call.place, names.SCHEDULE, name, await call.catalog.moment(call.account))
    await timers.put(call.catalog.store, call.account, name)
    await call.write(change)
    return {"MonitoringScheduleArn": arn}


async def _find(call: Call, given: Input) -> Schedule:
    name = given["MonitoringScheduleName"]
    monitoring.own_arn(call, names.SCHEDULE, name)
    return await schedules.find(call.catalog.store, call.place, name, await call.catalog.moment(call.account))


def _summary(entity: Entity) -> dict[str, Any]:
    schedule = schedules.read(entity)
    return {
        "MonitoringScheduleName": schedule.name,
        "MonitoringScheduleArn": entity.resource_arn,
        "CreationTime": entity.created_at,
        "LastModifiedTime": entity.modified_at,
        "MonitoringScheduleStatus": schedule.status,
        "EndpointName": schedule.endpoint,
        "MonitoringJobDefinitionName": schedule.definition,
        "MonitoringType": schedule.monitor.value,
    }


def _execution(call: Call, execution: Execution) -> dict[str, Any]:
    failed = execution.status is ExecutionStatus.FAILED
    return {
        "MonitoringScheduleName": execution.schedule,
        "ScheduledTime": execution.scheduled_at,
        "CreationTime": execution.created_at,
        "LastModifiedTime": execution.modified_at,
        "MonitoringExecutionStatus": execution.status.value,
        "ProcessingJobArn": call.place.arn(f"processing-job/{execution.job}"),
        "EndpointName": execution.endpoint,
        "FailureReason": execution.failure if failed else None,
        "MonitoringJobDefinitionName": execution.definition,
        "MonitoringType": execution.type,
    }
