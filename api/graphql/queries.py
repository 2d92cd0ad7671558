"""The roots that read. Each takes `asOf`, `knownAt` and `knownAtSequence`, and all below it reads at that moment."""

import asyncio
from datetime import datetime
from typing import Annotated

import strawberry

from api.graphql import (
    access_log,
    alerts,
    cards,
    collections,
    comparison,
    deployments,
    events,
    finding,
    monitoring,
    registry,
    runs,
    webhooks,
)
from api.graphql.access_log import AccessRecord
from api.graphql.alerts import MonitoringAlertChange, MonitoringViolation
from api.graphql.cards import ModelCard
from api.graphql.collections import Collection
from api.graphql.comparison import Comparison
from api.graphql.connections import Connection
from api.graphql.context import Info
from api.graphql.deployments import Deployment
from api.graphql.entities import Action, Artifact, EntityType, TrialComponent, shaped
from api.graphql.entities import Context as ContextType
from api.graphql.events import Event
from api.graphql.finding import Compared, Found, Selected
from api.graphql.inputs import TagInput
from api.graphql.lineage import Lineage, shown, walk
from api.graphql.lists import listed
from api.graphql.monitoring import MonitoringExecution, MonitoringSchedule
from api.graphql.names import AssociationType, Direction, Kind, Role
from api.graphql.registry import ModelGroup, ModelVersion
from api.graphql.reports import ReportQueries
from api.graphql.runs import MonitoringRun
from api.graphql.scalars import BigInt
from api.graphql.values import Actor, actor
from api.graphql.webhooks import Webhook
from graph import history, lineage, paths
from graph.errors import InvalidError, UnavailableError
from graph.times import FOREVER, from_ms, to_ms


@strawberry.type
class LedgerHead:
    """The last entry of the account's ledger, and the last head that was signed and kept outside of the database."""

    account: strawberry.ID
    sequence: BigInt
    hash: str
    signed_sequence: BigInt | None
    signed_at: datetime | None
    signature: str | None


@strawberry.type
class Viewer:
    """Who asks, and what it may do."""

    account: strawberry.ID
    actor: Actor
    role: Role


@strawberry.type
class Query(ReportQueries):
    """What can be read."""

    @strawberry.field
    async def entity(
        self,
        info: Info,
        arn: strawberry.ID,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        known_at_sequence: BigInt | None = None,
    ) -> EntityType | None:
        """One entity; NOT_FOUND when it is not there at that moment."""
        context = info.context
        when = await context.moment(as_of, known_at, known_at_sequence)
        return shaped(await context.entity(await context.lineage_arn(arn, when), when), when)

    @strawberry.field
    async def lineage(
        self,
        info: Info,
        start: list[strawberry.ID],
        direction: Direction = Direction.BOTH,
        depth: int | None = None,
        kinds: list[Kind] | None = None,
        types: list[str] | None = None,
        associations: list[AssociationType] | None = None,
        tags: list[TagInput] | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        via: bool = False,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        known_at_sequence: BigInt | None = None,
        limit: int = 5000,
        time_budget_ms: int | None = None,
    ) -> Lineage:
        """What the starts came from (ASCENDANTS) or touch (DESCENDANTS).

        `associations` limits which edges are walked; the other filters hide nodes and do not cut the walk. With `via`,
        the edges are followed by the shown pairs that are connected through hidden nodes.
        """
        context = info.context
        if time_budget_ms is not None and time_budget_ms <= 0:
            raise InvalidError("timeBudgetMs is 1 or more", path="timeBudgetMs", constraint="timeBudgetMs >= 1")
        if not 1 <= len(start) <= lineage.STARTS:
            # Before any of them is looked up.
            raise InvalidError(
                f"start has {len(start)} ARNs; it may have 1 to {lineage.STARTS}",
                path="start",
                constraint=f"1 <= size <= {lineage.STARTS}",
            )
        when = await context.moment(as_of, known_at, known_at_sequence)
        starts = await context.lineage_arns(start, when)
        only = lineage.Shown(
            kinds=frozenset(kinds or ()),
            types=frozenset(types or ()),
            tags=frozenset((tag.key, tag.value) for tag in tags or ()),
            created_after=0 if created_after is None else to_ms(created_after),
            created_before=FOREVER if created_before is None else to_ms(created_before),
        )
        seconds = None if time_budget_ms is None else time_budget_ms / 1000
        return await walk(
            context,
            starts,
            direction,
            when,
            depth=depth,
            limit=limit,
            seconds=seconds,
            associations=associations,
            only=only,
            via=via,
        )

    @strawberry.field
    async def path(
        self,
        info: Info,
        from_: Annotated[strawberry.ID, strawberry.argument(name="from")],
        to: strawberry.ID,
        direction: Direction = Direction.DESCENDANTS,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        known_at_sequence: BigInt | None = None,
    ) -> Lineage | None:
        """A shortest path, or null where none is; DESCENDANTS, ASCENDANTS or CONNECTED."""
        context = info.context
        when = await context.moment(as_of, known_at, known_at_sequence)
        start, end = await context.lineage_arns([from_, to], when)
        found = await paths.path(
            context.catalog.store, context.account, start, end, direction, when, seconds=context.seconds
        )
        return None if found is None else shown(found)

    search: Connection[Found] = strawberry.field(resolver=finding.search)
    select: Selected = strawberry.field(resolver=finding.select)
    diff: Compared = strawberry.field(resolver=finding.diff)

    artifacts: Connection[Artifact] = listed(Kind.ARTIFACT, Artifact)
    actions: Connection[Action] = listed(Kind.ACTION, Action)
    contexts: Connection[ContextType] = listed(Kind.CONTEXT, ContextType)
    trial_components: Connection[TrialComponent] = listed(Kind.TRIAL_COMPONENT, TrialComponent)

    @strawberry.field
    async def ledger(self, info: Info) -> LedgerHead:
        context = info.context
        head = await history.head(context.catalog.store, context.account)
        try:
            signed = await asyncio.to_thread(context.catalog.checkpoints.read, context.account)
        except (ValueError, KeyError, TypeError) as error:
            raise UnavailableError("the signed checkpoint of this account is damaged; run stemma verify") from error
        return LedgerHead(
            account=strawberry.ID(head.account),
            sequence=BigInt(head.sequence),
            hash=head.hash,
            signed_sequence=None if signed is None else BigInt(signed.head.sequence),
            signed_at=None if signed is None else from_ms(signed.signed_at),
            signature=None if signed is None else signed.signature,
        )

    exposure: Connection[Deployment] = strawberry.field(resolver=deployments.exposure)
    deployments: Connection[Deployment] = strawberry.field(resolver=deployments.deployments)

    model_group: ModelGroup | None = strawberry.field(resolver=registry.model_group)
    model_groups: Connection[ModelGroup] = strawberry.field(resolver=registry.model_groups)
    model_version: ModelVersion | None = strawberry.field(resolver=registry.model_version)
    compare_model_versions: Comparison = strawberry.field(resolver=comparison.compared)
    model_card: ModelCard | None = strawberry.field(resolver=cards.model_card)
    model_cards: Connection[ModelCard] = strawberry.field(resolver=cards.model_cards)
    collection: Collection | None = strawberry.field(resolver=collections.collection)
    collections: Connection[Collection] = strawberry.field(resolver=collections.collections)

    monitoring_schedule: MonitoringSchedule | None = strawberry.field(resolver=monitoring.schedule)
    monitoring_schedules: Connection[MonitoringSchedule] = strawberry.field(resolver=monitoring.all_schedules)
    monitoring_executions: Connection[MonitoringExecution] = strawberry.field(resolver=monitoring.all_executions)

    monitoring_violations: Connection[MonitoringViolation] = strawberry.field(resolver=alerts.violations)
    monitoring_alerts: Connection[MonitoringAlertChange] = strawberry.field(resolver=alerts.changes)
    monitoring_run: MonitoringRun = strawberry.field(resolver=runs.monitoring_run)

    events: Connection[Event] = strawberry.field(resolver=events.events)
    webhooks: list[Webhook] = strawberry.field(resolver=webhooks.listed)

    access_log: Connection[AccessRecord] = strawberry.field(resolver=access_log.page)

    @strawberry.field
    def viewer(self, info: Info) -> Viewer:
        caller = info.context.caller
        return Viewer(account=strawberry.ID(caller.account), actor=actor(caller.actor), role=caller.role)
