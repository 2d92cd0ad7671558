"""Monitoring schedules and what they ran: read, started, stopped, run now and ended."""

from datetime import datetime

import strawberry

from api.graphql import cursors, series
from api.graphql.alerts import MonitoringSilence, schedule_name
from api.graphql.alerts import silence as shown_silence
from api.graphql.connections import Connection, connection
from api.graphql.context import Info
from api.graphql.documents import DocumentFigure
from api.graphql.entities import EntityType, TrialComponent, shaped
from api.graphql.names import MonitoringExecutionStatus, MonitoringSubject, MonitoringType
from api.graphql.scalars import BigInt
from api.graphql.series import MonitoringMeasurement, MonitoringPoint
from graph import jobs
from graph.errors import NotFoundError
from graph.jobs import JobKind
from graph.listing import Sort
from graph.monitoring import alerts, executions, names, schedules, timers
from graph.monitoring.alerts import AlertStatus
from graph.monitoring.executions import Execution, ExecutionFilter
from graph.monitoring.schedules import Schedule
from graph.registry import lists
from graph.registry.lists import RegistryFilter
from graph.times import FOREVER, Moment, from_ms, to_ms


@strawberry.type
class MonitoringExecution:
    """A run of a schedule: due, waiting, running, or ended."""

    data: strawberry.Private[Execution]
    when: strawberry.Private[Moment]

    @strawberry.field
    def job(self) -> str:
        """The name of its processing job."""
        return self.data.job

    @strawberry.field
    def schedule(self) -> str | None:
        """The name of its schedule."""
        return self.data.schedule

    @strawberry.field
    def monitoring_type(self) -> MonitoringType | None:
        return None if self.data.type is None else MonitoringType(self.data.type)

    @strawberry.field
    def status(self) -> MonitoringExecutionStatus:
        return self.data.status

    @strawberry.field
    def endpoint(self) -> str | None:
        """The name of the endpoint whose data it looks at."""
        return self.data.endpoint

    @strawberry.field
    def scheduled_at(self) -> datetime:
        """The time for which it was due."""
        return from_ms(self.data.scheduled_at)

    @strawberry.field
    def created_at(self) -> datetime:
        return from_ms(self.data.created_at)

    @strawberry.field
    def modified_at(self) -> datetime:
        return from_ms(self.data.modified_at)

    @strawberry.field
    def attempt(self) -> int:
        """How often a worker took it."""
        return self.data.attempt

    @strawberry.field
    def failure(self) -> str | None:
        """Why it failed, or what it found."""
        return self.data.failure

    @strawberry.field
    async def component(self, info: Info) -> TrialComponent | None:
        """Its trial component, from which lineage leads to data, statistics and violations."""
        arn = jobs.component_arn(info.context.place, JobKind.PROCESSING, self.data.job)
        found = await info.context.entities.load((arn, self.when))
        shown = None if found is None else shaped(found, self.when)
        return shown if isinstance(shown, TrialComponent) else None


@strawberry.type
class MonitoringSchedule(EntityType):
    """When which monitor looks at what."""

    schedule: strawberry.Private[Schedule]

    @strawberry.field
    def display_name(self) -> str:
        """The schedule's name, as it was given."""
        return self.schedule.name

    @strawberry.field
    def monitoring_type(self) -> MonitoringType:
        return self.schedule.monitor

    @strawberry.field
    def expression(self) -> str:
        """When it runs, such as `cron(0 * ? * * *)`."""
        return self.schedule.expression

    @strawberry.field
    def scheduled(self) -> bool:
        """Whether it runs; false when it was stopped."""
        return self.schedule.status == "Scheduled"

    @strawberry.field
    def endpoint(self) -> str | None:
        """The name of the endpoint whose data it looks at."""
        return self.schedule.endpoint

    @strawberry.field
    def definition(self) -> str | None:
        """The name of its job definition; null when it holds its job itself."""
        return self.schedule.definition

    @strawberry.field
    async def next_look_at(self, info: Info) -> datetime | None:
        """When the scheduler looks at it next: at the latest when its next run is due."""
        context = info.context
        found = await timers.find(context.catalog.store, context.account, [self.schedule.name])
        due = [timer.due for timer in found.values() if timer.due]
        return from_ms(due[0]) if due else None

    @strawberry.field
    async def executions(
        self,
        info: Info,
        status: MonitoringExecutionStatus | None = None,
        first: int = 50,
        after: str | None = None,
    ) -> Connection[MonitoringExecution]:
        """Its runs, the last due first."""
        return await _executions(info, ExecutionFilter(schedule=self.schedule.name, status=status), first, after)

    @strawberry.field
    async def in_alert(self, info: Info) -> bool:
        """Whether its alert is raised."""
        context = info.context
        last = await alerts.last(context.catalog.store, context.place, self.schedule, await context.moment())
        return last is not None and last.status is AlertStatus.IN_ALERT

    @strawberry.field
    async def silence(self, info: Info) -> MonitoringSilence | None:
        """Why its alert is not told now, if so."""
        return await shown_silence(info, self.schedule.name)

    @strawberry.field
    async def measured(self, info: Info) -> list[MonitoringMeasurement]:
        """What there are series of: what the last run measured."""
        return await series.measured(info, self.schedule)

    @strawberry.field
    async def series(
        self,
        info: Info,
        subject: MonitoringSubject,
        metric: str,
        name: str = "",
        start: datetime | None = None,
        end: datetime | None = None,
        first: int = 500,
    ) -> list[MonitoringPoint]:
        """What its runs measured of one thing, oldest first; `end` is not part of it."""
        return await series.series(info, self.schedule, subject, name, metric, (start, end), first)

    @strawberry.field
    async def series_picture(
        self,
        info: Info,
        subject: MonitoringSubject,
        metric: str,
        name: str = "",
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> DocumentFigure:
        """The same as a picture with its threshold, and as a table; the last 200 points."""
        return await series.picture(info, self.schedule, subject, name, metric, (start, end))


async def schedule(
    info: Info,
    schedule: strawberry.ID,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    known_at_sequence: BigInt | None = None,
) -> MonitoringSchedule | None:
    """A schedule by its name or ARN."""
    context = info.context
    when = await context.moment(as_of, known_at, known_at_sequence)
    try:
        found = await schedules.find(context.catalog.store, context.place, schedule_name(info, schedule), when)
    except NotFoundError:
        return None
    return shown(found, when)


async def all_schedules(
    info: Info,
    contains: str | None = None,
    first: int = 50,
    after: str | None = None,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    known_at_sequence: BigInt | None = None,
) -> Connection[MonitoringSchedule]:
    """Schedules by name; also those whose name contains a text, whatever the case of its letters."""
    context = info.context
    times = (as_of, known_at, known_at_sequence)
    list_ = cursors.identity(context.account, "monitoringSchedules", contains, times)
    when, key = cursors.decode(after, list_) if after is not None else (await context.moment(*times), None)
    page = await lists.page(
        *(context.catalog.store, context.account, names.SCHEDULE, when),
        filter=RegistryFilter(contains=contains),
        sort=Sort.NAME,
        descending=False,
        first=first,
        after=key,
    )
    items = [(at, shown(schedules.read(entity), when)) for at, entity in page.items]
    return connection(list_, when, items, more=page.more, after=after)


async def all_executions(
    info: Info,
    schedule: strawberry.ID | None = None,
    endpoint: str | None = None,
    monitoring_type: MonitoringType | None = None,
    status: MonitoringExecutionStatus | None = None,
    scheduled_after: datetime | None = None,
    scheduled_before: datetime | None = None,
    first: int = 50,
    after: str | None = None,
) -> Connection[MonitoringExecution]:
    """What schedules ran, are running and are about to run, the last due first; also of schedules that were deleted."""
    wanted = ExecutionFilter(
        schedule=None if schedule is None else schedule_name(info, schedule),
        endpoint=endpoint,
        type=monitoring_type,
        status=status,
        scheduled_after=0 if scheduled_after is None else to_ms(scheduled_after),
        scheduled_before=FOREVER if scheduled_before is None else to_ms(scheduled_before),
    )
    return await _executions(info, wanted, first, after)


async def _executions(
    info: Info, wanted: ExecutionFilter, first: int, after: str | None
) -> Connection[MonitoringExecution]:
    context = info.context
    list_ = cursors.identity(context.account, "monitoringExecutions", wanted)
    when, key = cursors.decode(after, list_) if after is not None else (await context.moment(), None)
    page = await executions.page(
        context.catalog.store, context.account, filter=wanted, by_scheduled=True, first=first, after=key
    )
    items = [(at, MonitoringExecution(data=one, when=when)) for at, one in page.items]
    return connection(list_, when, items, more=page.more, after=after)


def shown(found: Schedule, when: Moment) -> MonitoringSchedule:
    """A schedule as GraphQL shows it."""
    return MonitoringSchedule(data=found.entity, when=when, schedule=found)
