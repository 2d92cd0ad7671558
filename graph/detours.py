"""Ways between shown entities that lead through hidden ones only."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from graph.associations import Association, AssociationType

PAIRS = 10_000
STEPS = 200_000
"""Edges looked at and hidden entities named, together."""

_STRENGTH = {
    AssociationType.DERIVED_FROM: 0,
    AssociationType.PRODUCED: 1,
    AssociationType.CONTRIBUTED_TO: 2,
    AssociationType.SAME_AS: 3,
    AssociationType.ASSOCIATED_WITH: 4,
}


class Detour(NamedTuple):
    """A shortest way from one shown entity to another through hidden ones.

    Attributes:
        source, destination: ARNs.
        association: how the source bears on the destination by the whole way, see `along`.
        valid_from, valid_to: since when and until when the whole way holds (epoch milliseconds).
        via: the ARNs of the hidden entities between, in the order of the way.
    """

    source: str
    destination: str
    association: AssociationType
    valid_from: int
    valid_to: int
    via: tuple[str, ...]


def detours(
    shown: Iterable[str],
    hidden: Collection[str],
    edges: Iterable[Association],
    *,
    pairs: int = PAIRS,
    steps: int = STEPS,
) -> tuple[list[Detour], bool]:
    """The pairs of shown entities, source and destination, that are connected through hidden entities, from cause to effect.

    Args:
        shown: ARNs; the pairs come in the order of their sources.
        hidden: ARNs through which a way may lead.
        edges: The edges; those between two shown entities are no detour.
        pairs: How many pairs at most.
        steps: How many edges may be looked at and hidden entities be named at most.

    Returns:
        The detours, and whether one of the budgets ended the search.

    Example:
        With a job hidden between its input and its model, `detours(["data", "model"], {"job"}, edges)` is
        `([Detour("data", "model", CONTRIBUTED_TO, …, via=("job",))], False)`.
    """
    sources = list(dict.fromkeys(shown))
    after = _hidden_edges(set(sources), hidden, edges)
    found: list[Detour] = []
    for source in sources:
        before: dict[str, str] = {}
        level = [source]
        while level:
            front, level = level, []
            for near in front:
                for far, edge in after.get(near, {}).items():
                    if steps <= 0 or len(found) >= pairs:
                        return found, True
                    steps -= 1
                    if far in before or far == source:
                        continue
                    before[far] = near
                    if far in hidden:
                        level.append(far)
                    else:
                        found.append(_traced(source, edge, before, after))
                        steps -= len(found[-1].via)
    return found, False


def along(associations: Iterable[AssociationType]) -> AssociationType:
    """What a way of several edges says: no more than each of them does.

    Another name of a thing (`SAME_AS`) changes nothing; edges of one type say together what each says; with an
    `ASSOCIATED_WITH` the ends are no more than connected; else the source had a part in the destination.
    """
    kinds = set(associations)
    kinds = kinds - {AssociationType.SAME_AS} or kinds
    if len(kinds) == 1:
        return kinds.pop()
    if AssociationType.ASSOCIATED_WITH in kinds:
        return AssociationType.ASSOCIATED_WITH
    return AssociationType.CONTRIBUTED_TO


Edges = Mapping[str, Mapping[str, Association]]


def _hidden_edges(shown: Collection[str], hidden: Collection[str], edges: Iterable[Association]) -> Edges:
    """The edges with a hidden end by source and destination, in the order of ARNs; of several, the one that says most."""
    passable = [
        edge
        for edge in edges
        if (edge.source in hidden and (edge.destination in hidden or edge.destination in shown))
        or (edge.source in shown and edge.destination in hidden)
    ]
    after: defaultdict[str, dict[str, Association]] = defaultdict(dict)
    for edge in sorted(passable, key=lambda edge: (edge.source, edge.destination, _STRENGTH[edge.association])):
        after[edge.source].setdefault(edge.destination, edge)
    return after


def _traced(source: str, last: Association, before: Mapping[str, str], after: Edges) -> Detour:
    """The way that ends with an edge."""
    way = [last]
    while way[-1].source != source:
        near = way[-1].source
        way.append(after[before[near]][near])
    way.reverse()
    return Detour(
        source,
        last.destination,
        along(edge.association for edge in way),
        max(edge.valid_from for edge in way),
        min(edge.valid_to for edge in way),
        tuple(edge.destination for edge in way[:-1]),
    )
