"""Reading what a batch of requests has to see, as known now."""

from typing import Any

from graph.store import rows
from graph.store.store import Transaction
from graph.times import FOREVER
from graph.working import Needs, Working


async def load(transaction: Transaction, needs: Needs) -> Working:
    """What the requests of a batch have to see, in at most three statements."""
    working = Working()
    if needs.entities:
        pieces = await transaction.run(
            "entity/load", {"wanted": [[arn, since] for arn, since in needs.entities.items()], "forever": FOREVER}
        )
        for row in pieces:
            piece = rows.revision(row)
            working.pieces.setdefault(piece.arn, []).append(piece)
        for found in working.pieces.values():
            found.sort(key=lambda piece: piece.valid_from)
    if needs.resources:
        for resource_arn, arn, *_ in await transaction.run("entity/resolve", {"arns": sorted(needs.resources)}):
            working.holders[resource_arn] = arn
    edges: list[Any] = []
    # An entity that does not exist yet has no edges to look for.
    if triples := [list(t) for t in sorted(needs.triples) if t[0] in working.pieces and t[2] in working.pieces]:
        edges += await transaction.run("association/load", {"triples": triples, "forever": FOREVER})
    if needs.incident:
        edges += await transaction.run("association/incident", {"arns": sorted(needs.incident), "forever": FOREVER})
    for edge in {row[3]: rows.edge(row) for row in edges}.values():
        working.edges.setdefault(edge.triple, []).append(edge)
        for arn in (edge.triple[0], edge.triple[2]):
            working.touching.setdefault(arn, set()).add(edge.triple)
    return working
