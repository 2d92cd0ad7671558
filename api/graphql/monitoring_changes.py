"""What can be done with monitoring schedules."""

import strawberry

from api.graphql.alerts import schedule_name
from api.graphql.context import Info
from api.graphql.monitoring import MonitoringExecution, MonitoringSchedule, shown
from graph.monitoring import executions, scheduler, steering
from graph.monitoring.schedules import Schedule


@strawberry.type
class MonitoringSchedulePayload:
    """A schedule as it is now."""

    schedule: MonitoringSchedule


@strawberry.type
class MonitoringExecutionPayload:
    """A run that waits for a worker."""

    execution: MonitoringExecution


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
        found = await executions.find(context.catalog.store, context.account, [made.job])
        execution = MonitoringExecution(data=found[made.job], when=await context.moment())
        return MonitoringExecutionPayload(execution=execution)

    @strawberry.mutation
    async def delete_monitoring_schedule(self, info: Info, schedule: strawberry.ID) -> MonitoringScheduleDeletion:
        """Ends a schedule."""
        context = info.context
        found = await steering.find(context.catalog, context.account, schedule_name(info, schedule))
        await steering.delete(context.catalog, context.caller, schedule_name(info, schedule))
        return MonitoringScheduleDeletion(arn=strawberry.ID(found.entity.arn))


async def _now(info: Info, found: Schedule) -> MonitoringSchedulePayload:
    return MonitoringSchedulePayload(schedule=shown(found, await info.context.moment()))
