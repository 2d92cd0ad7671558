"""Lineage as tables: CSV for spreadsheets, JSON for programs, both with every node and every edge of the answer."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from graph.associations import Association
from graph.detours import Detour
from graph.levels import Node
from graph.lineage import Lineage
from graph.selection.differences import Compared
from graph.selection.evaluation import Selected
from graph.times import FOREVER, Moment, from_ms, from_us

FORMULA = ("=", "+", "-", "@", "\t", "\r")
NODE_COLUMNS = ("arn", "kind", "type", "name", "depth", "createdAt")
EDGE_COLUMNS = ("source", "association", "destination", "validFrom", "validTo", "via")


def lineage_document(lineage: Lineage) -> dict[str, Any]:
    """The answer as plain values, in the names of the GraphQL schema.

    Times are ISO-8601 with zone; `validTo` is None while the association holds.
    """
    return {
        **_drawn(lineage.nodes, lineage.connections),
        "truncated": lineage.truncated,
        "frontier": lineage.frontier,
        "frontiers": [{"direction": way.value, "arns": arns} for way, arns in lineage.frontiers.items()],
        "viaTruncated": lineage.detours_truncated,
        **_looked_at(lineage.moment),
    }


def selection_document(selected: Selected) -> dict[str, Any]:
    """What a selection names, likewise."""
    return {
        **_drawn(selected.nodes, selected.edges),
        "total": selected.total,
        "truncated": selected.total > len(selected.nodes),
        **_looked_at(selected.moment),
    }


def difference_document(compared: Compared) -> dict[str, Any]:
    """What became of what a selection names, likewise: each node and edge has its `difference`."""
    drawn = _drawn(compared.nodes, compared.edges)
    for rows, differences in (("nodes", compared.node_differences), ("edges", compared.edge_differences)):
        for row, difference in zip(drawn[rows], differences, strict=True):
            row["difference"] = difference.value
    return {**drawn, "truncated": compared.truncated}


def _drawn(nodes: Sequence[Node], edges: Sequence[Association | Detour]) -> dict[str, Any]:
    return {
        "nodes": [
            {
                "arn": node.arn,
                "kind": node.kind.value,
                "type": node.type,
                "name": node.name,
                "depth": node.depth,
                "createdAt": from_ms(node.created_at).isoformat(),
            }
            for node in nodes
        ],
        "edges": drawn_edges(edges),
    }


def drawn_edges(edges: Sequence[Association | Detour]) -> list[dict[str, Any]]:
    """Associations and ways through hidden entities as plain values."""
    return [
        {
            "source": edge.source,
            "association": edge.association.value,
            "destination": edge.destination,
            "validFrom": from_ms(edge.valid_from).isoformat(),
            "validTo": None if edge.valid_to == FOREVER else from_ms(edge.valid_to).isoformat(),
            "via": list(edge.via) if isinstance(edge, Detour) else [],
        }
        for edge in edges
    ]


def _looked_at(moment: Moment) -> dict[str, Any]:
    return {
        "asOf": from_ms(moment.at).isoformat(),
        "knownAt": from_us(moment.known).isoformat(),
        "knownAtSequence": moment.sequence,
    }


def nodes_csv(lineage: Lineage) -> str:
    """The nodes, a line each, with a header."""
    return as_csv(NODE_COLUMNS, lineage_document(lineage)["nodes"])


def edges_csv(lineage: Lineage) -> str:
    """The edges and the ways through hidden entities, a line each, with a header; the ARNs of `via` are parted by spaces."""
    return as_csv(EDGE_COLUMNS, lineage_document(lineage)["edges"])


def as_csv(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> str:
    """Rows as CSV with a header."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cell(row[column]) for column in columns])
    return text.getvalue()


def cell(value: Any) -> Any:
    """A value as it stands in a CSV file, never as a formula."""
    if isinstance(value, list):
        return " ".join(value)
    # Spreadsheets run a text that begins so as a formula; an apostrophe makes it text (OWASP, CSV injection).
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
