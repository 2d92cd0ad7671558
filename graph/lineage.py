"""Walks over the graph: every node once, level by level, one row a level (Cypher in cypher/walk/).

`associations` limits which edges are walked; every other filter hides nodes from the answer and does not cut the walk.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from graph import history
from graph.associations import Association, AssociationType
from graph.entities import Kind
from graph.errors import InvalidError, NotFoundError, TimeLimitError
from graph.store.store import Store
from graph.times import FOREVER, Moment

CHUNK = 2_000
"""Entities that one statement expands."""
LIMIT = 100_000
STARTS = 1_000
KINDS = {kind.value: kind for kind in Kind}
TYPES = {kind.value: kind for kind in AssociationType}


class Direction(StrEnum):
    """Which way a walk goes.

    `BOTH` is the union of the two cones; `CONNECTED` walks both ways from every entity it meets.
    """

    ASCENDANTS = "ASCENDANTS"
    DESCENDANTS = "DESCENDANTS"
    BOTH = "BOTH"
    CONNECTED = "CONNECTED"


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
    parameters = {"account": account, "at": when.at, "known": when.known, "associations": kinds}
    unique = list(dict.fromkeys(starts))
    # A whole cone in one statement, where the database can; its levels are then walked in memory.
    whole = {}
    if depth is None and len(unique) == 1 and store.provider.name == "neo4j":
        whole = await _whole(store, direction, {**parameters, "start": unique[0]}, limit, seconds / 4)
    if not whole:
        await known_before(store, account, unique)
    cones: dict[Direction, list[tuple[str, ...]]] = {
        Direction.ASCENDANTS: [("upstream",)],
        Direction.DESCENDANTS: [("downstream",)],
        Direction.BOTH: [("upstream",), ("downstream",)],
        Direction.CONNECTED: [("upstream", "downstream")],
    }
    merged = Cone({})
    for statements in cones[direction]:
        # What the first of two cones met counts for both.
        left = limit - len(merged.depths.keys() - set(unique))
        cone = await _cone(store, statements, parameters, unique, depth, left, deadline, whole)
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
    whole: Mapping[str, Mapping[str, list[Any]]],
) -> Cone:
    cone = Cone({})
    new = list(starts)
    level = 0
    while new:
        front = [] if time.monotonic() > deadline else new[: limit - len(cone.depths)]
        cone.frontier.update(new[len(front) :])
        cone.depths |= dict.fromkeys(front, level)
        found = await expand(store, statements, parameters, front, cone, whole)
        if depth is not None and level >= depth:
            break
        level += 1
        new = sorted(found - cone.depths.keys() - cone.frontier)
    if not new:
        return cone  # nothing was left out, so every edge has both its ends
    met = cone.depths.keys() | cone.frontier
    cone.edges = {triple: times for triple, times in cone.edges.items() if triple[0] in met and triple[2] in met}
    return cone


async def _whole(
    store: Store, direction: Direction, parameters: dict[str, Any], limit: int, seconds: float
) -> dict[str, dict[str, list[Any]]]:
    """The rows of the one start's cones by statement and ARN; nothing when a cone is larger than the limit."""
    both = ("upstream", "downstream")
    ways = {Direction.ASCENDANTS: both[:1], Direction.DESCENDANTS: both[1:], Direction.BOTH: both}
    whole: dict[str, dict[str, list[Any]]] = {}
    for statement in ways.get(direction, ()):
        try:
            rows = await store.read(f"neo4j/walk/{statement}", {**parameters, "limit": limit + 1}, seconds=seconds)
        except TimeLimitError:
            return {}  # by levels it can be cut in time
        if not 0 < len(rows) <= limit:
            return {}
        whole[statement] = {row[0]: row for row in rows}
    return whole


async def expand(
    store: Store,
    statements: Sequence[str],
    parameters: dict[str, Any],
    front: Sequence[str],
    cone: Cone,
    whole: Mapping[str, Mapping[str, list[Any]]] = MappingProxyType({}),
) -> set[str]:
    """Expand one level: note what its entities are and their edges; what they lead to."""
    found: set[str] = set()
    for statement in statements:
        along = statement == "downstream"
        for begin in range(0, len(front), CHUNK):
            chunk = front[begin : begin + CHUNK]
            known = whole.get(statement, {})
            rows = [known[arn] for arn in chunk if arn in known]
            if left := [arn for arn in chunk if arn not in known]:
                rows += await store.read(f"walk/{statement}", {**parameters, "frontier": left})
            for row in rows:
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
                tags = tuple([_pair(tag) for tag in row[7]]) if row[7] else ()
                nodes[arn] = Node(arn, KINDS[row[1]], row[2], row[3], row[4], distance, tags)
        else:
            unsure.append(arn)
    for begin in range(0, len(unsure), CHUNK):
        for arn, entity in (await history.entities(store, account, unsure[begin : begin + CHUNK], when)).items():
            tags = tuple((entity.tags or {}).items())
            nodes[arn] = Node(arn, entity.kind, entity.type, entity.name, entity.created_at, cone.depths[arn], tags)
    return [nodes[arn] for arn in cone.depths if arn in nodes]


def _pair(tag: str) -> tuple[str, str]:
    key, _, value = tag.partition("\t")
    return key, value
