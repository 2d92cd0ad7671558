"""Walks over the graph: every node once, level by level, one row a level (Cypher in cypher/walk/).

`associations` limits which edges are walked; every other filter hides nodes from the answer and does not cut the walk.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from graph import history
from graph.associations import Association, AssociationType
from graph.cones import KINDS, TYPES, WholeCone, pairs, tuples, whole_cones
from graph.entities import Kind
from graph.errors import InvalidError, NotFoundError
from graph.store.store import Store
from graph.times import FOREVER, Moment

CHUNK = 2_000
"""Entities that one statement expands."""
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


BOTH = ["upstream", "downstream"]
WAYS = {Direction.ASCENDANTS: BOTH[:1], Direction.DESCENDANTS: BOTH[1:], Direction.BOTH: BOTH}
"""The cones that a direction is made of; `CONNECTED` is none."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Which entities an answer shows; empty means all. Times in epoch milliseconds, `created_before` exclusive."""

    kinds: frozenset[Kind] = frozenset()
    types: frozenset[str] = frozenset()
    tags: frozenset[tuple[str, str]] = frozenset()
    created_after: int = 0
    created_before: int = FOREVER

    def admits(self, node: "Node") -> bool:
        """Whether the node is shown; a node needs one of the kinds, one of the types and all of the tags."""
        return (
            (not self.kinds or node.kind in self.kinds)
            and (not self.types or node.type in self.types)
            and self.created_after <= node.created_at < self.created_before
            and self.tags.issubset(node.tags)
        )


class Node(NamedTuple):
    """An entity in an answer: what it is, and how many edges away from the nearest start."""

    arn: str
    kind: Kind
    type: str | None
    name: str
    created_at: int
    depth: int
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Lineage:
    """The answer of a walk.

    Attributes:
        nodes: in the order in which they were met.
        edges: those walked between shown nodes; in a cut walk also those from shown nodes to the frontier.
        truncated: whether a budget ended the walk.
        frontier: the ARNs that a cut walk came to but did not look at; starting there, leaving out those that an earlier
            answer already had, continues it, until all answers together hold the nodes and edges of an uncut walk. (Of
            `BOTH`, continue the two cones on their own.)
    """

    nodes: list[Node]
    edges: list[Association]
    truncated: bool
    frontier: list[str]
    moment: Moment


@dataclass(slots=True)
class Cone:
    """One cone: the entities met, by ARN, and the edges between them."""

    depths: dict[str, int]
    rows: dict[str, list[Any]] = field(default_factory=dict)
    edges: dict[tuple[str, str, str], tuple[int, int]] = field(default_factory=dict)
    frontier: set[str] = field(default_factory=set)

    def union(self, other: "Cone") -> "Cone":
        """Both cones in one; an entity of both is as near as in the nearer."""
        depths = dict(self.depths)
        for arn, distance in other.depths.items():
            depths[arn] = min(distance, depths.get(arn, distance))
        return Cone(depths, self.rows | other.rows, self.edges | other.edges, self.frontier | other.frontier)


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
        limit: How many entities the walk may meet before it is cut, 1 to 100,000.
        seconds: How long it may take before it is cut.

    Raises:
        InvalidError: an argument is out of its range.
        NotFoundError: a start never existed.
    """
    _check(starts, depth, limit)
    kinds = sorted({kind.value for kind in associations})
    deadline = time.monotonic() + seconds
    unique = list(dict.fromkeys(starts))
    # A whole cone at once, where the database can; what is cut, or starts at several, goes by levels.
    if depth is None and len(unique) == 1 and direction in WAYS and store.provider.name == "neo4j":
        whole = await whole_cones(store, account, unique[0], WAYS[direction], when, kinds, limit, seconds / 4)
        if whole:
            return await _shown(store, account, whole, when, shown)
    await known_before(store, account, unique)
    parameters = {"account": account, "at": when.at, "known": when.known, "associations": kinds}
    cones: list[tuple[str, ...]] = [(way,) for way in WAYS.get(direction, ())] or [("upstream", "downstream")]
    merged = Cone({})
    for statements in cones:
        # What the first of two cones met counts for both.
        left = limit - len(merged.depths.keys() - set(unique))
        cone = await _cone(store, statements, parameters, unique, depth, left, deadline)
        merged = merged.union(cone) if merged.depths else cone
    nodes = await describe(store, account, merged, when)
    visible = nodes if shown == Shown() else [node for node in nodes if shown.admits(node)]
    arns = merged.frontier.union(node.arn for node in visible)
    edges = [
        Association(source, destination, TYPES[kind], *times)
        for (source, kind, destination), times in merged.edges.items()
        if source in arns and destination in arns
    ]
    return Lineage(visible, edges, bool(merged.frontier), sorted(merged.frontier), when)


def _check(starts: Sequence[str], depth: int | None, limit: int) -> None:
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


async def known_before(store: Store, account: str, starts: Sequence[str]) -> None:
    """Check that each of the ARNs is, or once was, an entity of the account.

    Raises:
        NotFoundError: one never was.
    """
    found = {row[0] for row in await store.read("entity/read", {"arns": list(starts), "account": account})}
    for arn in starts:
        if arn not in found:
            raise NotFoundError(f"{arn} does not exist in account {account}")


async def _cone(
    store: Store,
    statements: Sequence[str],
    parameters: dict[str, Any],
    starts: Sequence[str],
    depth: int | None,
    limit: int,
    deadline: float,
) -> Cone:
    cone = Cone({})
    new = list(starts)
    level = 0
    while new:
        front = [] if time.monotonic() > deadline else new[: limit - len(cone.depths)]
        cone.frontier.update(new[len(front) :])
        cone.depths |= dict.fromkeys(front, level)
        found = await expand(store, statements, parameters, front, cone)
        if depth is not None and level >= depth:
            break
        level += 1
        new = sorted(found - cone.depths.keys() - cone.frontier)
    if not new:
        return cone  # nothing was left out, so every edge has both its ends
    met = cone.depths.keys() | cone.frontier
    cone.edges = {triple: times for triple, times in cone.edges.items() if triple[0] in met and triple[2] in met}
    return cone


async def _shown(store: Store, account: str, cones: Sequence[WholeCone], when: Moment, shown: Shown) -> Lineage:
    """The answer of a walk that was not cut."""
    nodes: list[Node] = []
    edges: list[Association] = []
    for cone in cones:
        found = tuples(Node, cone.entities)
        if cone.unsure:
            found += await _past(store, account, cone.unsure, when)
            found.sort(key=lambda node: (node.depth, node.arn))
        nodes += found
        edges += cone.edges
    if len(cones) > 1:
        nearest: dict[str, Node] = {}
        for node in nodes:
            if node.arn not in nearest or node.depth < nearest[node.arn].depth:
                nearest[node.arn] = node
        nodes = list(nearest.values())
        edges = list(dict.fromkeys(edges))
    if shown != Shown():
        nodes = [node for node in nodes if shown.admits(node)]
        arns = {node.arn for node in nodes}
        edges = [edge for edge in edges if edge.source in arns and edge.destination in arns]
    return Lineage(nodes, edges, False, [], when)


async def expand(
    store: Store, statements: Sequence[str], parameters: dict[str, Any], front: Sequence[str], cone: Cone
) -> set[str]:
    """Expand one level: note what its entities are and their edges; what they lead to."""
    found: set[str] = set()
    for statement in statements:
        along = statement == "downstream"
        for begin in range(0, len(front), CHUNK):
            chunk = front[begin : begin + CHUNK]
            for row in await store.read(f"walk/{statement}", {**parameters, "frontier": chunk}):
                arn = row[0]
                cone.rows[arn] = row
                for kind, other, valid_from, valid_to in row[-1]:
                    if kind is None:
                        continue
                    cone.edges[(arn, kind, other) if along else (other, kind, arn)] = (valid_from, valid_to)
                    found.add(other)
    return found


async def describe(store: Store, account: str, cone: Cone, when: Moment) -> list[Node]:
    """What the entities of a walk were at the moment."""
    nodes: dict[str, Node] = {}
    unsure: list[str] = []
    for arn, distance in cone.depths.items():
        row = cone.rows.get(arn)
        # The row is a copy of the revision in force now; see history.entities.
        if row is not None and row[5] <= when.at and row[6] <= when.known:
            if row[3] is not None:
                nodes[arn] = Node(arn, KINDS[row[1]], row[2], row[3], row[4], distance, pairs(row[7] or ()))
        else:
            unsure.append(arn)
    depths = {arn: cone.depths[arn] for arn in unsure}
    nodes.update((node.arn, node) for node in await _past(store, account, depths, when))
    return [nodes[arn] for arn in cone.depths if arn in nodes]


async def _past(store: Store, account: str, depths: Mapping[str, int], when: Moment) -> list[Node]:
    """What entities were at a moment, by their histories; those that were not there are left out."""
    arns = list(depths)
    nodes = []
    for begin in range(0, len(arns), CHUNK):
        for arn, entity in (await history.entities(store, account, arns[begin : begin + CHUNK], when)).items():
            tags = tuple((entity.tags or {}).items())
            nodes.append(Node(arn, entity.kind, entity.type, entity.name, entity.created_at, depths[arn], tags))
    return nodes
