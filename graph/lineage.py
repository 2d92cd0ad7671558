"""Walks over the graph: every node once, level by level, one row a level (Cypher in cypher/walk/).

`associations` limits which edges are walked; every other filter hides nodes from the answer and does not cut the walk.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from graph.associations import Association, AssociationType
from graph.cones import TYPES, WholeCone, tuples, whole_cones
from graph.detours import Detour, detours
from graph.entities import Kind
from graph.errors import InvalidError
from graph.levels import Cone, Node, describe, known_before, past, walked
from graph.store.store import Store
from graph.times import FOREVER, Moment

LIMIT = 100_000
STARTS = 1_000


class Direction(StrEnum):
    """Which way a walk goes.

    `BOTH` is the union of the two cones; `CONNECTED` walks both ways from every entity it meets.
    """

    ASCENDANTS = "ASCENDANTS"
    DESCENDANTS = "DESCENDANTS"
    BOTH = "BOTH"
    CONNECTED = "CONNECTED"


STATEMENTS: Mapping[Direction, tuple[str, ...]] = {
    Direction.ASCENDANTS: ("upstream",),
    Direction.DESCENDANTS: ("downstream",),
    Direction.CONNECTED: ("upstream", "downstream"),
}
"""What expands each entity that a walk meets."""


def parts(direction: Direction) -> tuple[Direction, ...]:
    """The walks that a direction is made of: two for `BOTH`, else itself."""
    return (Direction.ASCENDANTS, Direction.DESCENDANTS) if direction is Direction.BOTH else (direction,)


@dataclass(frozen=True, slots=True)
class Shown:
    """Which entities an answer shows; empty means all. Times in epoch milliseconds, `created_before` exclusive."""

    kinds: frozenset[Kind] = frozenset()
    types: frozenset[str] = frozenset()
    tags: frozenset[tuple[str, str]] = frozenset()
    created_after: int = 0
    created_before: int = FOREVER

    def admits(self, node: Node) -> bool:
        """Whether the node is shown; a node needs one of the kinds, one of the types and all of the tags."""
        return (
            (not self.kinds or node.kind in self.kinds)
            and (not self.types or node.type in self.types)
            and self.created_after <= node.created_at < self.created_before
            and self.tags.issubset(node.tags)
        )


@dataclass(slots=True)
class Lineage:
    """The answer of a walk.

    Attributes:
        nodes: in the order in which they were met.
        edges: those walked between shown nodes; in a cut walk also those from shown nodes to the frontier.
        frontiers: where a cut walk stopped, by direction: the ARNs that it came to but did not look at. Starting there in
            that direction, leaving out those that an earlier answer in that direction already had, continues it, until all
            answers together hold the nodes and edges of an uncut walk. (`BOTH` may stop in each of its two directions.)
        detours: the ways between shown nodes through hidden ones, where they were asked for; they lead through what this
            answer met.
        detours_truncated: whether a budget ended the search for them.
    """

    nodes: list[Node]
    edges: list[Association]
    moment: Moment
    frontiers: dict[Direction, list[str]] = field(default_factory=dict)
    detours: list[Detour] = field(default_factory=list)
    detours_truncated: bool = False

    @property
    def truncated(self) -> bool:
        """Whether a budget ended the walk."""
        return bool(self.frontiers)

    @property
    def frontier(self) -> list[str]:
        """Where a cut walk stopped, in any direction."""
        return sorted({arn for arns in self.frontiers.values() for arn in arns})

    @property
    def connections(self) -> list[Association | Detour]:
        """The edges, then the detours."""
        return [*self.edges, *self.detours]


async def walk(
    store: Store,
    account: str,
    starts: Sequence[str],
    direction: Direction,
    when: Moment,
    *,
    depth: int | None = None,
    associations: Iterable[AssociationType] = tuple(AssociationType),
    shown: Shown = Shown(),  # immutable
    via: bool = False,
    limit: int = 5000,
    seconds: float = 20.0,
) -> Lineage:
    """What the starts came from, or what they touch, at a moment.

    Args:
        store: Where to walk.
        account: Whose graph.
        starts: ARNs, 1 to 1,000.
        direction: Which way.
        when: At which moment.
        depth: How many edges far; None for any.
        associations: The types of edges walked.
        shown: Which of the entities met are shown.
        via: Whether to look for ways between shown entities through hidden ones.
        limit: How many entities the walk may meet before it is cut, 1 to 100,000.
        seconds: How long it may take before it is cut.

    Raises:
        InvalidError: an argument is out of its range.
        NotFoundError: a start never existed.
    """
    check(starts, depth, limit)
    kinds = sorted({kind.value for kind in associations})
    deadline = time.monotonic() + seconds
    unique = list(dict.fromkeys(starts))
    # A whole cone at once, where the database can; what is cut, or starts at several, goes by levels.
    if depth is None and len(unique) == 1 and direction is not Direction.CONNECTED and store.provider.name == "neo4j":
        ways = [way for part in parts(direction) for way in STATEMENTS[part]]
        if whole := await whole_cones(store, account, unique[0], ways, when, kinds, limit, seconds / 4):
            return await _filtered(*await _united(store, account, whole, when), {}, when, shown, via)
    await known_before(store, account, unique)
    parameters = {"account": account, "at": when.at, "known": when.known, "associations": kinds}
    merged = Cone({})
    frontiers: dict[Direction, list[str]] = {}
    for part in parts(direction):
        # What the first of two cones met counts for both.
        left = limit - len(merged.depths.keys() - set(unique))
        cone = await walked(store, STATEMENTS[part], parameters, unique, depth, left, deadline)
        if cone.frontier:
            frontiers[part] = sorted(cone.frontier)
        merged = merged.union(cone) if merged.depths else cone
    nodes = await describe(store, account, merged, when)
    return await _filtered(nodes, _between(nodes, merged), frontiers, when, shown, via)


def check(starts: Sequence[str], depth: int | None, limit: int) -> None:
    """Check what a walk is asked for.

    Raises:
        InvalidError: an argument is out of its range.
    """
    if not 1 <= len(starts) <= STARTS:
        raise InvalidError(
            f"start has {len(starts)} ARNs; it may have 1 to {STARTS}",
            path="start",
            constraint=f"1 <= size <= {STARTS}",
        )
    if depth is not None and depth < 0:
        raise InvalidError(f"depth is {depth}; it may be 0 or more", path="depth", constraint="depth >= 0")
    if not 1 <= limit <= LIMIT:
        raise InvalidError(
            f"limit is {limit}; it may be 1 to {LIMIT}", path="limit", constraint=f"1 <= limit <= {LIMIT}"
        )


def _between(nodes: Sequence[Node], cone: Cone) -> list[Association]:
    """The edges of a cone between entities that are there at the moment, and to its frontier."""
    there = cone.frontier.union(node.arn for node in nodes)
    return [
        Association(source, destination, TYPES[kind], *times)
        for (source, kind, destination), times in cone.edges.items()
        if source in there and destination in there
    ]


async def _united(
    store: Store, account: str, cones: Sequence[WholeCone], when: Moment
) -> tuple[list[Node], list[Association]]:
    """The entities and edges of whole cones, each once."""
    nodes: list[Node] = []
    edges: list[Association] = []
    for cone in cones:
        found = tuples(Node, cone.entities)
        if cone.unsure:
            found += await past(store, account, cone.unsure, when)
            found.sort(key=lambda node: (node.depth, node.arn))
        nodes += found
        edges += cone.edges
    if len(cones) == 1:
        return nodes, edges
    nearest: dict[str, Node] = {}
    for node in nodes:
        if node.arn not in nearest or node.depth < nearest[node.arn].depth:
            nearest[node.arn] = node
    return list(nearest.values()), list(dict.fromkeys(edges))


async def _filtered(
    nodes: list[Node],
    edges: list[Association],
    frontiers: dict[Direction, list[str]],
    when: Moment,
    shown: Shown,
    via: bool,
) -> Lineage:
    """What is shown of all that a walk met."""
    if shown == Shown() and not frontiers:
        return Lineage(nodes, edges, when)
    visible = nodes if shown == Shown() else [node for node in nodes if shown.admits(node)]
    ends = {node.arn for node in visible}
    answer = Lineage(visible, edges, when, frontiers)
    if via and len(visible) < len(nodes):
        hidden = {node.arn for node in nodes} - ends
        # In a thread of its own: it may look at hundreds of thousands of edges.
        found = await asyncio.to_thread(detours, [node.arn for node in visible], hidden, edges)
        answer.detours, answer.detours_truncated = found
    ends.update(answer.frontier)
    answer.edges = [edge for edge in edges if edge.source in ends and edge.destination in ends]
    return answer
