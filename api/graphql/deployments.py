"""What runs or ran: deployments at a time, where a model was exposed, and going back to what ran before."""

from datetime import datetime

import strawberry

from api.graphql import cursors, payloads
from api.graphql.connections import Connection, connection
from api.graphql.context import Info
from api.graphql.decisions import Decision, shown_decisions
from api.graphql.entities import Action
from api.graphql.entities import Context as ContextType
from api.graphql.payloads import Payload
from api.graphql.scalars import BigInt
from graph import history
from graph.associations import AssociationType
from graph.hosting import endpoints, names, production
from graph.hosting.names import Hosted
from graph.listing import Page
from graph.registry import names as registry
from graph.times import Moment, from_ms, to_ms

CAUSES = 100
"""What contributed to a deployment that is looked through for decisions."""


@strawberry.type
class Deployment:
    """A variant of an endpoint, or a batch, that runs or ran from `startedAt` until `endedAt`."""

    data: strawberry.Private[production.Deployment]
    when: strawberry.Private[Moment]

    @strawberry.field
    def action(self) -> Action:
        """The action of the type `ModelDeployment` that says so; what it came from holds the approval with its evidence."""
        return Action(data=self.data.action, when=self.when)

    @strawberry.field
    def endpoint(self) -> str | None:
        """The endpoint's own ARN; of an action that was made by hand, its source."""
        return self.data.endpoint

    @strawberry.field
    def variant(self) -> str | None:
        return self.data.told("Variant")

    @strawberry.field
    def model(self) -> str | None:
        """The model's name."""
        return self.data.told("Model")

    @strawberry.field
    def versions(self) -> list[strawberry.ID]:
        """Own ARNs of the model packages that it runs."""
        return [strawberry.ID(own) for own in self.data.versions]

    @strawberry.field
    def weight(self) -> float | None:
        """Its share of the requests, relative to the other variants' weights."""
        text = self.data.told("Weight")
        try:
            return None if text is None else float(text)
        except ValueError:  # of an action that was made by hand
            return None

    @strawberry.field
    def address(self) -> str | None:
        """Where a self-hosted model answers."""
        return self.data.told("Address")

    @strawberry.field
    def cause(self) -> str | None:
        """Why it began: `Create`, `Update`, `Weights` or `Rollback`."""
        return self.data.told("Cause")

    @strawberry.field
    async def approvals(self, info: Info) -> list[Decision]:
        """The decisions by which it was allowed when it began, with what the gates found."""
        context = info.context
        key = (self.data.action.arn, self.when, False, (AssociationType.CONTRIBUTED_TO,), CAUSES, None)
        page = await context.associations.load(key)
        arns = [edge.source for _, edge in page.items]
        found = await history.entities(context.catalog.store, context.account, arns, self.when)
        return shown_decisions(found.values(), self.when)

    @strawberry.field
    def started_at(self) -> datetime:
        return from_ms(self.data.started)

    @strawberry.field
    def ended_at(self) -> datetime | None:
        """Null where, at the moment that was asked about, no end was known."""
        return None if self.data.ended is None else from_ms(self.data.ended)


@strawberry.input
class RollbackInput:
    """Which endpoint, by name or ARN; `to` is a time whose variants are wanted, and by default the last other ones."""

    endpoint: strawberry.ID
    to: datetime | None = None
    reason: str | None = None
    client_request_id: str | None = None


@strawberry.type
class DeploymentMutations:
    """What can be done with deployments."""

    @strawberry.mutation
    async def rollback(self, info: Info, input: RollbackInput) -> Payload[ContextType]:
        """Lets an endpoint run again what it ran before its models changed last, or at a time.

        The deployments that this ends and begins stay in the history, and so does `reason`.
        """
        context = info.context
        name = names.named(context.place, Hosted.ENDPOINT, input.endpoint)
        at = None if input.to is None else to_ms(input.to)
        made = await endpoints.rollback(context.catalog.store, context.place, name, at=at, reason=input.reason)
        outcome = await context.catalog.write(
            context.caller, [made], operation="rollback", request_id=input.client_request_id
        )
        return payloads.written(made.arn, outcome)


async def deployments(
    info: Info,
    at: datetime | None = None,
    endpoint: strawberry.ID | None = None,
    group: strawberry.ID | None = None,
    first: int = 50,
    after: str | None = None,
    known_at: datetime | None = None,
    known_at_sequence: BigInt | None = None,
) -> Connection[Deployment]:
    """What was in production at a time, now by default; what began last comes first.

    `endpoint` and `group` are names or ARNs, also of what is no longer there.
    """
    context = info.context
    place = context.place
    own = None
    if endpoint is not None:
        own = names.resource(place, Hosted.ENDPOINT, names.named(place, Hosted.ENDPOINT, endpoint))
    of = None if group is None else registry.group_resource(place, registry.group_name(place, group))
    times = (at, known_at, known_at_sequence)
    list_ = cursors.identity(context.account, "deployments", own, of, times)
    when, key = cursors.decode(after, list_) if after is not None else (await context.moment(*times), None)
    found = await production.at(
        context.catalog.store, context.account, when, endpoint=own, group=of, first=first, after=key
    )
    return _shown(list_, when, found, after)


async def exposure(
    info: Info,
    arn: strawberry.ID,
    first: int = 50,
    after: str | None = None,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    known_at_sequence: BigInt | None = None,
) -> Connection[Deployment]:
    """Where, and from when until when, a model or a version of one ran; the first deployment comes first."""
    context = info.context
    times = (as_of, known_at, known_at_sequence)
    list_ = cursors.identity(context.account, "exposure", arn, times)
    when, key = cursors.decode(after, list_) if after is not None else (await context.moment(*times), None)
    entity = await context.entity(await context.lineage_arn(arn, when), when)
    found = await production.exposure(context.catalog.store, context.account, entity.arn, when, first=first, after=key)
    return _shown(list_, when, found, after)


def _shown(list_: str, when: Moment, found: Page[production.Deployment], after: str | None) -> Connection[Deployment]:
    items = [(key, Deployment(data=item, when=when)) for key, item in found.items]
    return connection(list_, when, items, more=found.more, after=after)
