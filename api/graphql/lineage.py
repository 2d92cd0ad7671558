"""Walks: what something came from and what it touches."""

from collections.abc import Sequence
from datetime import datetime

import strawberry

from api.graphql.context import Context
from api.graphql.names import AssociationType, Direction
from api.graphql.pictures import Picture, drawn_edges, drawn_nodes
from api.graphql.scalars import BigInt
from graph import lineage
from graph.times import Moment, from_ms, from_us

EVERYTHING = lineage.Shown()


@strawberry.type
class Frontier:
    """Where a cut walk stopped in one direction."""

    direction: Direction
    arns: list[strawberry.ID]


@strawberry.type
class Lineage(Picture):
    """The answer of a walk, and the moment at which it looked."""

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
    return Lineage(
        nodes=drawn_nodes(found.nodes, when),
        edges=drawn_edges(found.connections),
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
