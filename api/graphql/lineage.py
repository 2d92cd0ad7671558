"""Walks: what something came from and what it touches."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

import strawberry

from api.graphql.associations import entity_of
from api.graphql.context import Context, Info
from api.graphql.entities import EntityType
from api.graphql.execution import Rows
from api.graphql.names import AssociationType, Direction, Kind
from api.graphql.scalars import BigInt
from graph import lineage
from graph.associations import Association
from graph.detours import Detour
from graph.levels import Node
from graph.times import FOREVER, Moment, from_ms, from_us

EVERYTHING = lineage.Shown()


@strawberry.type
class LineageNode:
    """An entity in an answer, cheap by the thousand; `entity` costs a look-up, made for many at once."""

    when: strawberry.Private[Moment]
    arn: strawberry.ID
    kind: Kind
    type: str | None
    name: str
    depth: int = strawberry.field(description="How many edges away from the nearest start.")
    created_at: datetime

    @strawberry.field
    async def entity(self, info: Info) -> EntityType | None:
        return await entity_of(info.context, self.arn, self.when)


@strawberry.type
class LineageEdge:
    """An association that was walked, between two shown nodes; or, with `via`, a shortest way through hidden ones.

    Of such a way, `association` says how its source bears on its destination by all of it, and the times when all of it holds.
    """

    source: strawberry.ID
    destination: strawberry.ID
    association: AssociationType
    valid_from: datetime
    valid_to: datetime | None
    via: list[strawberry.ID] = strawberry.field(
        description="The hidden entities between, from the source on; none of an association."
    )


@strawberry.type
class Frontier:
    """Where a cut walk stopped in one direction."""

    direction: Direction
    arns: list[strawberry.ID]


@strawberry.type
class Lineage:
    """The answer of a walk, and the moment at which it looked."""

    nodes: list[LineageNode]
    edges: list[LineageEdge]
    truncated: bool = strawberry.field(description="Whether a budget ended the walk.")
    frontier: list[strawberry.ID] = strawberry.field(
        description="The ARNs at which a cut walk stopped, in any direction; starting there continues it."
    )
    frontiers: list[Frontier] = strawberry.field(
        description="The same by direction; each is continued in its own, which BOTH needs."
    )
    via_truncated: bool = strawberry.field(
        description="Whether a budget ended the search for ways through hidden ones."
    )
    as_of: datetime
    known_at: datetime
    known_at_sequence: BigInt


def shown(found: lineage.Lineage) -> Lineage:
    """A walk's answer as GraphQL shows it."""
    when = found.moment

    def node(row: Node) -> LineageNode:
        return LineageNode(
            when=when,
            arn=strawberry.ID(row.arn),
            kind=row.kind,
            type=row.type,
            name=row.name,
            depth=row.depth,
            created_at=from_ms(row.created_at),
        )

    return Lineage(
        nodes=cast("list[LineageNode]", Rows(found.nodes, node)),
        edges=cast("list[LineageEdge]", Rows(found.connections, _edge)),
        truncated=found.truncated,
        frontier=[strawberry.ID(arn) for arn in found.frontier],
        frontiers=[
            Frontier(direction=direction, arns=[strawberry.ID(arn) for arn in arns])
            for direction, arns in found.frontiers.items()
        ],
        via_truncated=found.detours_truncated,
        as_of=from_ms(when.at),
        known_at=from_us(when.known),
        known_at_sequence=BigInt(when.sequence),
    )


def _edge(row: Association | Detour) -> LineageEdge:
    return LineageEdge(
        source=strawberry.ID(row.source),
        destination=strawberry.ID(row.destination),
        association=row.association,
        valid_from=from_ms(row.valid_from),
        valid_to=None if row.valid_to == FOREVER else from_ms(row.valid_to),
        via=[strawberry.ID(arn) for arn in row.via] if isinstance(row, Detour) else [],
    )


async def walk(
    context: Context,
    starts: Sequence[str],
    direction: Direction,
    when: Moment,
    *,
    depth: int | None,
    limit: int,
    seconds: float | None = None,
    associations: Sequence[AssociationType] | None = None,
    only: lineage.Shown = EVERYTHING,
    via: bool = False,
) -> Lineage:
    """Walk within the request's time."""
    found = await lineage.walk(
        context.catalog.store,
        context.account,
        starts,
        direction,
        when,
        depth=depth,
        associations=tuple(AssociationType) if associations is None else associations,
        shown=only,
        via=via,
        limit=limit,
        seconds=min(context.seconds, seconds if seconds is not None else context.seconds),
    )
    return shown(found)


async def entity_lineage(
    context: Context, arn: str, when: Moment, direction: Direction, depth: int | None, limit: int
) -> Lineage:
    """The lineage of one entity at its root's moment."""
    return await walk(context, [arn], direction, when, depth=depth, limit=limit)
