"""Cones walked level by level, one row a level (Cypher in cypher/walk/), on either database."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graph import history
from graph.cones import KINDS, pairs
from graph.entities import Kind
from graph.errors import NotFoundError
from graph.store.store import Store
from graph.times import Moment

CHUNK = 2_000
"""Entities that one statement expands."""


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


async def known_before(store: Store, account: str, starts: Sequence[str]) -> None:
    """Check that each of the ARNs is, or once was, an entity of the account.

    Raises:
        NotFoundError: one never was.
    """
    found = {row[0] for row in await store.read("entity/read", {"arns": list(starts), "account": account})}
    for arn in starts:
        if arn not in found:
            raise NotFoundError(f"{arn} does not exist in account {account}")


async def walked(
    store: Store,
    statements: Sequence[str],
    parameters: dict[str, Any],
    starts: Sequence[str],
    depth: int | None,
    limit: int,
    deadline: float,
) -> Cone:
    """The cone of some starts along or against the edges, or both ways.

    Args:
        store: Where to walk.
        statements: `upstream`, `downstream` or both.
        parameters: Whose graph, at which moment, along which types of edges.
        starts: ARNs.
        depth: How many edges far; None for any.
        limit: How many entities may be met.
        deadline: On the monotonic clock, in seconds.
    """
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
    nodes.update((node.arn, node) for node in await past(store, account, depths, when))
    return [nodes[arn] for arn in cone.depths if arn in nodes]


async def past(store: Store, account: str, depths: Mapping[str, int], when: Moment) -> list[Node]:
    """What entities were at a moment, by their histories; those that were not there are left out."""
    arns = list(depths)
    nodes = []
    for begin in range(0, len(arns), CHUNK):
        for arn, entity in (await history.entities(store, account, arns[begin : begin + CHUNK], when)).items():
            tags = tuple((entity.tags or {}).items())
            nodes.append(Node(arn, entity.kind, entity.type, entity.name, entity.created_at, depths[arn], tags))
    return nodes
