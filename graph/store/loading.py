"""Reading what a batch of requests has to see, as known now."""

from collections.abc import Mapping
from typing import Any

from graph.store import rows
from graph.store.numbering import highest
from graph.store.store import Transaction
from graph.times import FOREVER
from graph.working import Needs, Working


async def load(
    transaction: Transaction, needs: Needs, working: Working | None = None, *, hints: Mapping[str, int] | None = None
) -> Working:
    """What the requests of a batch have to see, in a few statements.

    Args:
        transaction: Where to look.
        needs: What they have to see.
        working: What was loaded before, to which the rest is added.
        hints: Numbers that were the highest not long ago.
    """
    working = Working() if working is None else working
    wanted = {arn: since for arn, since in needs.entities.items() if arn not in working.pieces}
    if wanted:
        parameters = {"wanted": [[arn, since] for arn, since in wanted.items()], "forever": FOREVER}
        for row in await transaction.run("entity/load", parameters):
            piece = rows.revision(row)
            working.pieces.setdefault(piece.arn, []).append(piece)
        for arn in wanted:
            working.pieces.get(arn, []).sort(key=lambda piece: piece.valid_from)
    if resources := sorted(needs.resources - working.holders.keys()):
        for resource_arn, arn, *_ in await transaction.run("entity/resolve", {"arns": resources}):
            working.holders[resource_arn] = arn
    if needs.numbered:
        working.numbers |= await highest(transaction.run, sorted(needs.numbered), hints)
    edges: list[Any] = []
    # An entity that does not exist yet has no edges to look for.
    if triples := [list(t) for t in sorted(needs.triples) if t[0] in working.pieces and t[2] in working.pieces]:
        edges += await transaction.run("association/load", {"triples": triples, "forever": FOREVER})
    if needs.incident:
        edges += await transaction.run("association/incident", {"arns": sorted(needs.incident), "forever": FOREVER})
    if contents := sorted(arn for arn in needs.contents - needs.incident if arn in working.pieces):
        edges += await transaction.run("association/contents", {"arns": contents, "forever": FOREVER})
    held = {edge.key for kept in working.edges.values() for edge in kept}
    for edge in {row[3]: rows.edge(row) for row in edges if row[3] not in held}.values():
        working.edges.setdefault(edge.triple, []).append(edge)
        for arn in (edge.triple[0], edge.triple[2]):
            working.touching.setdefault(arn, set()).add(edge.triple)
    return working
