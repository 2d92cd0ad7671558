"""What a selection names at two moments, and what became of it in between."""

from dataclasses import dataclass
from enum import StrEnum

from graph import history
from graph.associations import Association, Triple
from graph.finding import Finder
from graph.levels import Node
from graph.selection.evaluation import Selected, select
from graph.store.store import Store
from graph.times import Moment

CHUNK = 2_000


class Difference(StrEnum):
    """What became of something from the first moment to the second."""

    ADDED = "ADDED"
    REMOVED = "REMOVED"
    CHANGED = "CHANGED"
    SAME = "SAME"


@dataclass(frozen=True, slots=True)
class Compared:
    """What a selection names at either moment.

    Attributes:
        nodes: those of the second moment, then those that were there at the first alone; `node_differences` says of each what
            became of it.
        edges: likewise; an edge is added or removed, or the same.
        truncated: whether one of the two answers was cut, so that what seems to be added or removed may not be.
    """

    nodes: list[Node]
    node_differences: list[Difference]
    edges: list[Association]
    edge_differences: list[Difference]
    truncated: bool


async def compare(
    store: Store,
    finder: Finder,
    account: str,
    query: str,
    before: Moment,
    after: Moment,
    *,
    limit: int = 5_000,
    seconds: float = 20.0,
) -> Compared:
    """What a selection names at two moments.

    Args:
        store: Where to look.
        finder: As `select` takes it.
        account: Whose graph.
        query: A selection.
        before: The first moment.
        after: The second; of both, valid time or what is known may differ.
        limit: How many entities of each moment are looked at, 1 to 100,000.
        seconds: How long each may take.

    Raises:
        InvalidError: the selection can't be read, or `limit` is out of its range.
        TooExpensiveError: it names too much.
    """
    old = await select(store, finder, account, query, before, present=False, limit=limit, seconds=seconds)
    new = await select(store, finder, account, query, after, present=False, limit=limit, seconds=seconds)
    were = {node.arn for node in old.nodes}
    are = {node.arn for node in new.nodes}
    changed = await _changed(store, account, sorted(were & are), before, after)
    nodes = [*new.nodes, *(node for node in old.nodes if node.arn not in are)]
    held, holds = _triples(old), _triples(new)
    triples = [*holds, *(triple for triple in held if triple not in holds)]
    return Compared(
        nodes,
        [_difference(node.arn in were, node.arn in are, node.arn in changed) for node in nodes],
        [holds.get(triple) or held[triple] for triple in triples],
        [_difference(triple in held, triple in holds) for triple in triples],
        any(each.total > len(each.nodes) for each in (old, new)),
    )


def _difference(was: bool, is_: bool, changed: bool = False) -> Difference:
    if not was:
        return Difference.ADDED
    if not is_:
        return Difference.REMOVED
    return Difference.CHANGED if changed else Difference.SAME


def _triples(selected: Selected) -> dict[Triple, Association]:
    return {(edge.source, edge.association.value, edge.destination): edge for edge in selected.edges}


async def _changed(store: Store, account: str, arns: list[str], before: Moment, after: Moment) -> set[str]:
    """Those of the entities that are not what they were."""
    found = set()
    for begin in range(0, len(arns), CHUNK):
        chunk = arns[begin : begin + CHUNK]
        old = await history.entities(store, account, chunk, before)
        new = await history.entities(store, account, chunk, after)
        found |= {arn for arn in chunk if old.get(arn) != new.get(arn)}
    return found
