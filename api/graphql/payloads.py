"""What mutations answer: the entity or association as it then was, and the ledger entry that holds the change."""

from datetime import datetime
from typing import Any, Generic, TypeVar, cast

import strawberry

from api.graphql.associations import Association
from api.graphql.context import Context, Info
from api.graphql.entities import EntityType, shaped
from api.graphql.names import AssociationType
from api.graphql.scalars import BigInt
from graph import associations
from graph.associations import Triple
from graph.store import rows
from graph.store.writer import Outcome
from graph.times import FOREVER, Moment, from_us, now_ms

T = TypeVar("T", bound=EntityType)


@strawberry.interface
class Recorded:
    """The ledger entry of a change; null when nothing had to change."""

    sequence: BigInt | None
    recorded_at: datetime | None


@strawberry.type
class Payload(Recorded, Generic[T]):
    """An entity that was written; `created` tells whether it did not exist before."""

    arn: strawberry.ID
    created: bool
    outcome: strawberry.Private[Outcome]

    @strawberry.field
    async def entity(self, info: Info) -> T:
        """The entity right after this change."""
        when = await after(info.context, self.outcome)
        return cast(T, shaped(await info.context.entity(self.arn, when), when))


@strawberry.type
class AssociationPayload(Recorded):
    """An association that was written; `created` tells whether it did not hold before."""

    source: strawberry.ID
    destination: strawberry.ID
    association_type: AssociationType
    created: bool
    triple: strawberry.Private[Triple]
    outcome: strawberry.Private[Outcome]

    @strawberry.field
    async def association(self, info: Info) -> Association | None:
        """The association as it is known now; null when it never held."""
        context = info.context
        found = await context.catalog.store.read(
            "association/load", {"triples": [list(self.triple)], "forever": FOREVER}
        )
        edges = [edge for edge in map(rows.edge, found) if edge.account == context.account]
        if not edges:
            return None
        last = max(edges, key=lambda edge: edge.valid_from)
        source, association, destination = last.triple
        data = associations.Association(
            source, destination, AssociationType(association), last.valid_from, last.valid_to, last.key
        )
        return Association(data=data, when=await after(context, self.outcome))


@strawberry.type
class IngestedEntity:
    """One row of an ingest's `entities`."""

    arn: strawberry.ID
    created: bool


@strawberry.type
class IngestedAssociation:
    """One row of an ingest's `associations`."""

    source: strawberry.ID
    destination: strawberry.ID
    association: AssociationType
    created: bool


@strawberry.type
class IngestPayload(Recorded):
    """What an ingest wrote, in the order of its rows; `created` counts the new entities and associations."""

    created: int
    entities: list[IngestedEntity]
    associations: list[IngestedAssociation]


async def after(context: Context, outcome: Outcome) -> Moment:
    """The moment right after a change; now, when nothing had to change."""
    if outcome.sequence is None or outcome.recorded is None:
        return await context.catalog.moment(context.account)
    return Moment(max(now_ms(), outcome.recorded // 1000), outcome.recorded, outcome.sequence)


def recorded_at(outcome: Outcome) -> datetime | None:
    """When the change was recorded."""
    return None if outcome.recorded is None else from_us(outcome.recorded)


def sequence(outcome: Outcome) -> BigInt | None:
    """The ledger entry of the change."""
    return None if outcome.sequence is None else BigInt(outcome.sequence)


def written(arn: str, outcome: Outcome) -> Payload[Any]:
    """The payload of one entity that was written."""
    return Payload(
        arn=strawberry.ID(arn),
        created=outcome.applied[0].created,
        sequence=sequence(outcome),
        recorded_at=recorded_at(outcome),
        outcome=outcome,
    )
