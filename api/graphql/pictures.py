"""Entities and the edges between them, as they are drawn."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import cast

import strawberry

from api.graphql.associations import entity_of
from api.graphql.context import Info
from api.graphql.entities import EntityType
from api.graphql.execution import Rows
from api.graphql.names import AssociationType, Kind
from graph.associations import Association
from graph.detours import Detour
from graph.levels import Node
from graph.times import FOREVER, Moment, from_ms
from reports import layout as layouts

KEPT = 64
"""Layouts that are kept: of 5,000 nodes each takes some 200 ms to make and some 0.5 MB to keep."""
_kept: OrderedDict[bytes, layouts.Layout] = OrderedDict()


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
class Layout:
    """Where things stand in a picture, in pixels, causes left and effects right; the same graph has the same layout."""

    width: float
    height: float
    x: list[float] = strawberry.field(description="The middle of each node, in the order of `nodes`.")
    y: list[float]
    bends: list[list[float]] = strawberry.field(
        description="The points that each edge passes, in the order of `edges`: x, y, x, y …"
    )


@strawberry.type
class Picture:
    """Entities and the edges between them."""

    nodes: list[LineageNode]
    edges: list[LineageEdge]

    @strawberry.field
    async def layout(self) -> Layout:
        # The rows themselves, as drawn_nodes and drawn_edges put them here: nothing has to be made of each.
        nodes, drawn = cast("Rows[LineageNode]", self.nodes).items, cast("Rows[LineageEdge]", self.edges).items
        places = {node.arn: number for number, node in enumerate(nodes)}
        # An edge of a cut walk may lead to what is not shown.
        edges = [(places.get(edge.source, -1), places.get(edge.destination, -1)) for edge in drawn]
        made = await _laid_out(len(nodes), edges)
        return Layout(
            width=made.width,
            height=made.height,
            x=[x for x, _ in made.points],
            y=[y for _, y in made.points],
            bends=[[number for point in bends for number in point] for bends in made.bends],
        )


def drawn_nodes(nodes: Sequence[Node], when: Moment) -> list[LineageNode]:
    """Nodes as GraphQL shows them."""

    def drawn(row: Node) -> LineageNode:
        return LineageNode(
            when=when,
            arn=strawberry.ID(row.arn),
            kind=row.kind,
            type=row.type,
            name=row.name,
            depth=row.depth,
            created_at=from_ms(row.created_at),
        )

    return cast("list[LineageNode]", Rows(nodes, drawn))


def drawn_edges(edges: Sequence[Association | Detour]) -> list[LineageEdge]:
    """Edges as GraphQL shows them."""
    return cast("list[LineageEdge]", Rows(edges, _edge))


def _edge(row: Association | Detour) -> LineageEdge:
    return LineageEdge(
        source=strawberry.ID(row.source),
        destination=strawberry.ID(row.destination),
        association=row.association,
        valid_from=from_ms(row.valid_from),
        valid_to=None if row.valid_to == FOREVER else from_ms(row.valid_to),
        via=[strawberry.ID(arn) for arn in row.via] if isinstance(row, Detour) else [],
    )


async def _laid_out(count: int, edges: list[tuple[int, int]]) -> layouts.Layout:
    """The layout of a graph, made once and off the event loop."""
    key = hashlib.sha256(repr((count, edges)).encode()).digest()
    if (found := _kept.get(key)) is not None:
        _kept.move_to_end(key)
        return found
    drawn = [(number, edge) for number, edge in enumerate(edges) if min(edge) >= 0]
    made = await asyncio.to_thread(layouts.layout, count, [edge for _, edge in drawn])
    bends: list[list[layouts.Point]] = [[] for _ in edges]
    for (number, _), points in zip(drawn, made.bends, strict=True):
        bends[number] = points
    made = layouts.Layout(made.width, made.height, made.points, bends)
    _kept[key] = made
    while len(_kept) > KEPT:
        _kept.popitem(last=False)
    return made
