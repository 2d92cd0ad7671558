"""Shortest paths between two entities, walked from both ends."""

import time

from graph.associations import Association, AssociationType, Triple
from graph.errors import InvalidError
from graph.levels import Cone, describe, expand, known_before
from graph.lineage import LIMIT, STATEMENTS, Direction, Lineage
from graph.store.store import Store
from graph.times import Moment


async def path(
    store: Store,
    account: str,
    start: str,
    end: str,
    direction: Direction,
    when: Moment,
    *,
    limit: int = LIMIT,
    seconds: float = 20.0,
) -> Lineage | None:
    """A shortest path from one entity to another, or None where none is.

    The walk goes from both ends in turn, always on the smaller side, and so meets few entities.

    Raises:
        InvalidError: the direction is `BOTH`, which is no way from one to another.
        NotFoundError: an end never existed.
    """
    if direction is Direction.BOTH:
        raise InvalidError("a path is DESCENDANTS, ASCENDANTS or CONNECTED", path="direction", constraint="not BOTH")
    await known_before(store, account, [start, end])
    forward = STATEMENTS[direction]
    back = tuple({"upstream": "downstream", "downstream": "upstream"}[way] for way in forward)
    kinds = [kind.value for kind in AssociationType]
    parameters = {"account": account, "at": when.at, "known": when.known, "associations": kinds}
    deadline = time.monotonic() + seconds
    sides = [Cone({start: 0}), Cone({end: 0})]
    fronts = [[start], [end]]
    ways = (forward, back)
    meeting = start if start == end else None
    while meeting is None and all(fronts):
        if time.monotonic() > deadline or sum(len(side.depths) for side in sides) > limit:
            return Lineage([], [], when, {direction: sorted(fronts[0])})
        near = 0 if len(fronts[0]) <= len(fronts[1]) else 1
        side, other = sides[near], sides[1 - near]
        found = await expand(store, ways[near], parameters, fronts[near], side)
        level = side.depths[fronts[near][0]] + 1
        fronts[near] = sorted(arn for arn in found if arn not in side.depths)
        side.depths |= dict.fromkeys(fronts[near], level)
        # Any meeting on this level lies on a shortest path; of several, the nearest to the other end.
        if met := [arn for arn in fronts[near] if arn in other.depths]:
            meeting = min(met, key=lambda arn: (other.depths[arn], arn))
    if meeting is None:
        return None
    hops = [*reversed(_trace(sides[0], forward, meeting)), *_trace(sides[1], back, meeting)]
    trail = Cone({start: 0})
    at = start
    for number, triple in enumerate(hops, start=1):
        at = triple[2] if triple[0] == at else triple[0]
        trail.depths.setdefault(at, number)
        trail.edges[triple] = sides[0].edges.get(triple) or sides[1].edges[triple]
    nodes = await describe(store, account, trail, when)
    edges = [Association(s, d, AssociationType(k), *times) for (s, k, d), times in trail.edges.items()]
    return Lineage(nodes, edges, when)


def _trace(side: Cone, ways: tuple[str, ...], meeting: str) -> list[Triple]:
    """The edges from a meeting point back to the side's own end, each in a direction in which the side walked."""
    nearer: dict[str, list[tuple[str, Triple]]] = {}
    for triple in side.edges:
        source, _, destination = triple
        if "downstream" in ways:
            nearer.setdefault(destination, []).append((source, triple))
        if "upstream" in ways:
            nearer.setdefault(source, []).append((destination, triple))
    hops: list[Triple] = []
    at = meeting
    while side.depths[at] > 0:
        level = side.depths[at] - 1
        at, triple = min((arn, triple) for arn, triple in nearer[at] if side.depths.get(arn) == level)
        hops.append(triple)
    return hops
