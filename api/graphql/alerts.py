"""Alerts and violations of monitors: found, acknowledged, and kept quiet for a while."""

from collections.abc import Sequence
from datetime import datetime

import strawberry

from api.graphql import cursors
from api.graphql.connections import Connection, connection
from api.graphql.context import Info
from api.graphql.entities import Artifact, shaped
from graph import listing
from graph.entities import Entity, Kind
from graph.errors import NotFoundError, TooExpensiveError
from graph.listing import Filter, first_within
from graph.monitoring import alerts, executions, handling, names, steering
from graph.monitoring.executions import Execution
from graph.monitoring.handling import VIOLATION_TYPE
from graph.times import Moment, from_ms, to_ms

SLICE, ROUNDS = 500, 200
"""Violations that one look-up asks for, and look-ups that one page takes at most."""
JOB = "job:"


@strawberry.type
class MonitoringAcknowledgement:
    """That somebody has seen an alert or a violation, and what they say of it."""

    arn: strawberry.ID
    reason: str
    at: datetime
    by: str


@strawberry.type
class MonitoringSilence:
    """Why a schedule's alert is recorded and not told, and until when."""

    arn: strawberry.ID
    reason: str
    until: datetime
    by: str


@strawberry.type
class MonitoringAlertChange:
    """A change of a schedule's alert; its ARN is the id under which it is told."""

    when: strawberry.Private[Moment]
    arn: strawberry.ID
    schedule: str
    raised: bool
    at: datetime
    told: bool = strawberry.field(description="Whether it was an event; false where the schedule was silent.")

    @strawberry.field
    async def acknowledgements(self, info: Info) -> list[MonitoringAcknowledgement]:
        """Who has seen it, oldest first."""
        return await _acknowledged(info, self.arn, self.when)


@strawberry.type
class MonitoringViolation:
    """What a run found that does not fit the baseline."""

    data: strawberry.Private[Entity]
    run: strawberry.Private[Execution | None]
    when: strawberry.Private[Moment]

    @strawberry.field
    def arn(self) -> strawberry.ID:
        return strawberry.ID(self.data.arn)

    @strawberry.field
    def subject(self) -> str:
        """The feature, the metric or the facet."""
        return _said(self.data, "feature_name", "metric_name", "facet")

    @strawberry.field
    def check(self) -> str:
        """What was checked, such as `baseline_drift_check`."""
        return _said(self.data, "constraint_check_type")

    @strawberry.field
    def description(self) -> str:
        return _said(self.data, "description")

    @strawberry.field
    def found_at(self) -> datetime:
        return from_ms(self.data.created_at)

    @strawberry.field
    def job(self) -> str | None:
        """The processing job of the run."""
        return _job(self.data)

    @strawberry.field
    def schedule(self) -> str | None:
        """The schedule whose run found it."""
        return None if self.run is None else self.run.schedule

    @strawberry.field
    def endpoint(self) -> str | None:
        """The endpoint whose data it was found in."""
        return None if self.run is None else self.run.endpoint

    @strawberry.field
    def artifact(self) -> Artifact | None:
        """Its artifact, from which lineage leads to data, run, model and approvals."""
        shown = shaped(self.data, self.when)
        return shown if isinstance(shown, Artifact) else None

    @strawberry.field
    async def acknowledgements(self, info: Info) -> list[MonitoringAcknowledgement]:
        """Who has seen it, oldest first."""
        return await _acknowledged(info, self.data.arn, self.when)


async def violations(
    info: Info,
    subject: str | None = None,
    check: str | None = None,
    schedule: str | None = None,
    endpoint: str | None = None,
    found_after: datetime | None = None,
    found_before: datetime | None = None,
    first: int = 50,
    after: str | None = None,
) -> Connection[MonitoringViolation]:
    """What monitors found, newest first; `subject` is a feature, a metric or a facet."""
    first_within(first)
    context = info.context
    wanted = (subject, check, schedule, endpoint)
    list_ = cursors.identity(context.account, "monitoringViolations", wanted, found_after, found_before)
    when, key = cursors.decode(after, list_) if after is not None else (await context.moment(), None)
    asked = Filter(
        type=VIOLATION_TYPE,
        created_after=None if found_after is None else to_ms(found_after),
        created_before=None if found_before is None else to_ms(found_before),
    )
    found: list[tuple[str, MonitoringViolation]] = []
    more = True
    for _ in range(ROUNDS):
        page = await listing.entities(
            context.catalog.store, context.account, Kind.ARTIFACT, when, filter=asked, first=SLICE, after=key
        )
        found += _fitting(await _with_runs(info, page.items, when), wanted)
        key, more = (page.items[-1][0], page.more) if page.items else (key, False)
        if len(found) > first or not more:
            break
    else:
        raise TooExpensiveError(
            f"{SLICE * ROUNDS} violations were looked through; say foundAfter and foundBefore, so that there are fewer"
        )
    return connection(list_, when, found[:first], more=more or len(found) > first, after=after)


async def _with_runs(
    info: Info, items: Sequence[tuple[str, Entity]], when: Moment
) -> list[tuple[str, MonitoringViolation]]:
    jobs = [job for _, entity in items if (job := _job(entity)) is not None]
    context = info.context
    runs = await executions.find(context.catalog.store, context.account, list(dict.fromkeys(jobs))) if jobs else {}
    return [(at, MonitoringViolation(data=each, run=runs.get(_job(each) or ""), when=when)) for at, each in items]


def _fitting(
    found: Sequence[tuple[str, MonitoringViolation]], wanted: tuple[str | None, ...]
) -> list[tuple[str, MonitoringViolation]]:
    subject, check, schedule, endpoint = wanted
    kept = []
    for at, item in found:
        run = item.run
        said = (
            (subject, _said(item.data, "feature_name", "metric_name", "facet")),
            (check, _said(item.data, "constraint_check_type")),
            (schedule, None if run is None else run.schedule),
            (endpoint, None if run is None else run.endpoint),
        )
        if all(asked is None or asked == told for asked, told in said):
            kept.append((at, item))
    return kept


async def changes(
    info: Info, schedule: str | None = None, first: int = 50, after: str | None = None
) -> Connection[MonitoringAlertChange]:
    """How alerts changed, of one schedule or of all, newest first."""
    context = info.context
    list_ = cursors.identity(context.account, "monitoringAlerts", schedule)
    when, key = cursors.decode(after, list_) if after is not None else (await context.moment(), None)
    of = None if schedule is None else await steering.find(context.catalog, context.account, schedule)
    page = await alerts.changes(context.catalog.store, context.account, when, schedule=of, first=first, after=key)
    items = [
        (
            at,
            MonitoringAlertChange(
                when=when,
                arn=strawberry.ID(item.id),
                schedule=item.schedule,
                raised=item.status is alerts.AlertStatus.IN_ALERT,
                at=from_ms(item.at),
                told=item.told,
            ),
        )
        for at, item in page.items
    ]
    return connection(list_, when, items, more=page.more, after=after)


async def _acknowledged(info: Info, arn: str, when: Moment) -> list[MonitoringAcknowledgement]:
    context = info.context
    found = await handling.acknowledgements(context.catalog.store, context.account, arn, when)
    return [
        MonitoringAcknowledgement(arn=strawberry.ID(item.arn), reason=item.reason, at=from_ms(item.at), by=item.by)
        for item in found
    ]


def _said(entity: Entity, *keys: str) -> str:
    said = entity.properties or {}
    return next((said[key] for key in keys if said.get(key)), "")


def _job(entity: Entity) -> str | None:
    return next((value.removeprefix(JOB) for _, value in entity.source_types if value.startswith(JOB)), None)


@strawberry.type
class MonitoringAcknowledgementPayload:
    """The action that was recorded."""

    arn: strawberry.ID


@strawberry.type
class MonitoringSilencePayload:
    """The silence that was recorded, or how many were ended."""

    schedule: str
    silence: MonitoringSilence | None
    ended: int


@strawberry.type
class AlertMutations:
    """What can be said of alerts and violations."""

    @strawberry.mutation
    async def acknowledge(self, info: Info, arn: strawberry.ID, reason: str) -> MonitoringAcknowledgementPayload:
        """Says that a violation or an alert was seen, and what is done about it."""
        made = await handling.acknowledge(info.context.catalog, info.context.caller, arn, reason)
        return MonitoringAcknowledgementPayload(arn=strawberry.ID(made))

    @strawberry.mutation
    async def silence_monitoring_schedule(
        self, info: Info, schedule: strawberry.ID, reason: str, until: datetime
    ) -> MonitoringSilencePayload:
        """Lets a schedule's alert be recorded and not told until a time; one still raised is told by the first run after."""
        context = info.context
        found = await steering.find(context.catalog, context.account, schedule_name(info, schedule))
        await handling.silence(context.catalog, context.caller, found, reason, until)
        return MonitoringSilencePayload(schedule=found.name, silence=await silence(info, found.name), ended=0)

    @strawberry.mutation
    async def unsilence_monitoring_schedule(
        self, info: Info, schedule: strawberry.ID, reason: str
    ) -> MonitoringSilencePayload:
        """Ends a schedule's silences."""
        context = info.context
        found = await steering.find(context.catalog, context.account, schedule_name(info, schedule))
        ended = await handling.unsilence(context.catalog, context.caller, found, reason)
        return MonitoringSilencePayload(schedule=found.name, silence=None, ended=ended)


async def silence(info: Info, schedule: str) -> MonitoringSilence | None:
    """The silence of a schedule, now."""
    context = info.context
    when = await context.moment()
    found = await steering.find(context.catalog, context.account, schedule)
    held = await handling.silenced(context.catalog.store, context.place, found, when, when.at)
    if held is None:
        return None
    return MonitoringSilence(arn=strawberry.ID(held.arn), reason=held.reason, until=from_ms(held.until), by=held.by)


def schedule_name(info: Info, text: str) -> str:
    """The name of a schedule that is given by its name or ARN.

    Raises:
        NotFoundError: it is an ARN of something else, or of another account.
    """
    own = names.resource(info.context.place, names.SCHEDULE, "")
    if text.startswith("arn:") and not text.startswith(own):
        raise NotFoundError(f"Could not find Monitoring Schedule with name {text}")
    return text.removeprefix(own)
