"""What can be done with monitoring schedules."""

from datetime import datetime

import strawberry

from api.graphql.alerts import schedule_name
from api.graphql.context import Info
from api.graphql.monitoring import MonitoringExecution, MonitoringSchedule, shown
from graph.monitoring import executions, scheduler, steering
from graph.monitoring.runs import Run
from graph.monitoring.schedules import Schedule
from graph.times import to_ms


@strawberry.type
class MonitoringSchedulePayload:
    """A schedule as it is now."""

    schedule: MonitoringSchedule


@strawberry.type
class MonitoringExecutionPayload:
    """A run that waits for a worker."""

    execution: MonitoringExecution


@strawberry.type
class MonitoringBackfillPayload:
    """The runs of a past range, and how many of them are new."""

    jobs: list[str]
    created: int


@strawberry.type
class MonitoringScheduleDeletion:
    """A schedule that ended; what it ran stays."""

    arn: strawberry.ID


@strawberry.type
class MonitoringMutations:
    """What can be done with schedules."""

    @strawberry.mutation
    async def start_monitoring_schedule(self, info: Info, schedule: strawberry.ID) -> MonitoringSchedulePayload:
        """Lets a schedule run that was stopped; what it missed is left out."""
        found = await steering.start(info.context.catalog, info.context.caller, schedule_name(info, schedule))
        return await _now(info, found)

    @strawberry.mutation
    async def stop_monitoring_schedule(self, info: Info, schedule: strawberry.ID) -> MonitoringSchedulePayload:
        """Lets a schedule run no more until it is started."""
        found = await steering.stop(info.context.catalog, info.context.caller, schedule_name(info, schedule))
        return await _now(info, found)

    @strawberry.mutation
    async def run_monitoring_schedule(self, info: Info, schedule: strawberry.ID) -> MonitoringExecutionPayload:
        """Runs a schedule at once, over the window that ends now."""
        context = info.context
        made = await scheduler.run_now(context.catalog, context.caller, schedule_name(info, schedule))
        return await _execution(info, made)

    @strawberry.mutation
    async def repeat_monitoring_run(self, info: Info, schedule: strawberry.ID, job: str) -> MonitoringExecutionPayload:
        """Does a run again over the same window, as when labels came late; its results lie beside the earlier ones."""
        context = info.context
        made = await scheduler.run_again(context.catalog, context.caller, schedule_name(info, schedule), job)
        return await _execution(info, made)

    @strawberry.mutation
    async def backfill_monitoring_schedule(
        self, info: Info, schedule: strawberry.ID, start: datetime, end: datetime
    ) -> MonitoringBackfillPayload:
        """Runs a schedule for the times of a past range; those that it ran for already are left as they are."""
        context = info.context
        name = schedule_name(info, schedule)
        made, new = await scheduler.backfill(context.catalog, context.caller, name, to_ms(start), to_ms(end))
        return MonitoringBackfillPayload(jobs=[run.job for run in made], created=new)

    @strawberry.mutation
    async def delete_monitoring_schedule(self, info: Info, schedule: strawberry.ID) -> MonitoringScheduleDeletion:
        """Ends a schedule."""
        context = info.context
        found = await steering.find(context.catalog, context.account, schedule_name(info, schedule))
        await steering.delete(context.catalog, context.caller, schedule_name(info, schedule))
        return MonitoringScheduleDeletion(arn=strawberry.ID(found.entity.arn))


async def _execution(info: Info, run: Run) -> MonitoringExecutionPayload:
    context = info.context
    found = await executions.find(context.catalog.store, context.account, [run.job])
    return MonitoringExecutionPayload(execution=MonitoringExecution(data=found[run.job], when=await context.moment()))


async def _now(info: Info, found: Schedule) -> MonitoringSchedulePayload:
    return MonitoringSchedulePayload(schedule=shown(found, await info.context.moment()))
