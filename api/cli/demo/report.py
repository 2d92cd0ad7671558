"""What the demonstration prints: violations, both answers, and how to look further."""

import shlex
from typing import TYPE_CHECKING, Any

import orjson
from rich.console import Console

from api.cli.call import Session, table
from api.cli.data_tables import expected, number
from api.cli.walks import nodes_table, short
from reports.lineage_tables import lineage_document

if TYPE_CHECKING:
    from api.cli.demo.monitoring import Baselines, Quarter
    from graph.levels import Node
    from graph.lineage import Lineage
    from monitors.bias import BiasResult
    from monitors.data_quality import DataResult
    from monitors.model_quality import QualityResult

QUERY = "{ lineage(start: [%s], direction: ASCENDANTS) { nodes { depth kind type name } } }"


def document(
    session: Session, learnt: "Baselines", quarters: "list[Quarter]", answers: dict[str, Any]
) -> dict[str, Any]:
    """The whole outcome as plain values."""
    return {
        "dataDir": str(session.settings.data_dir),
        "account": session.account,
        "baseline": learnt.data.arn,
        "qualityBaseline": learnt.quality.arn,
        "biasBaseline": learnt.bias.arn,
        "quarters": [
            {
                "name": quarter.name,
                "rows": quarter.data.statistics.item_count,
                "accuracy": quarter.accuracy,
                "run": quarter.data.arn,
                "violations": _violations(quarter.data),
                "qualityViolations": _violations(quarter.quality),
                "biasViolations": _violations(quarter.bias),
            }
            for quarter in quarters
        ],
        "violation": answers["violation"],
        "upstream": lineage_document(answers["upstream"]),
        "table": answers["table"],
        "downstream": lineage_document(answers["downstream"]),
        "version": answers["version"],
        "missing": list(answers["standing"].missing),
        "ledgerEntries": answers["verdict"].entries,
    }


def show(console: Console, session: Session, quarters: "list[Quarter]", answers: dict[str, Any]) -> None:
    """Print the outcome for people."""
    console.print()
    cells = [
        (
            quarter.name,
            f"{quarter.data.statistics.item_count:,}",
            *(len(found.violations) or "–" for found in (quarter.data, quarter.quality, quarter.bias)),
            f"{quarter.accuracy:.3f}",
        )
        for quarter in quarters
    ]
    headings = ("quarter", "rows", "#data", "#quality", "#bias", "#accuracy")
    console.print(table("Quarters: violations found, and how good the model was", headings, cells))
    console.print(
        table("Violations", ("quarter", "monitor", "what", "expected", "observed", "n"), violation_cells(quarters))
    )
    console.print(
        "RELP is how a person lives in the household. Residents of dormitories, nursing homes and prisons are one record\n"
        "in 14, but the last of 2017 and the first of 2018 hold them as one block, nearly a third of the records. The model\n"
        "knows them worse than others, so its accuracy fell where the monitor found drift, and what it says of women and\n"
        "of men lies further apart than before.\n"
    )
    console.print(nodes_table(answers["upstream"].nodes, "Where a violation came from (upstream)", arns=False))
    title = f"What the training table touches (downstream: {len(answers['downstream'].nodes)} entities)"
    console.print(table(title, ("depth", "kind", "type", "#entities", "names"), grouped(answers["downstream"])))
    missing = "; ".join(answers["standing"].missing)
    console.print(
        f"{answers['version']} was approved before it ran, and still is; its approval is stale by now: {missing}\n",
        markup=False,
    )
    verdict = answers["verdict"]
    console.print(
        f"The ledger is in order: {verdict.entries} entries, {verdict.revisions + verdict.edges:,} records.\n"
    )
    further(console, session, answers["violation"], answers["version"])


def violation_cells(quarters: "list[Quarter]") -> list[tuple[str, str, str, str, str, str]]:
    """A row for each violation."""
    cells = []
    for quarter in quarters:
        for data in quarter.data.violations:
            values = (data.feature_name, expected(data), number(data.observed), f"{data.sample_size:,}")
            cells.append((quarter.name, "data", *values))
        for quality in quarter.quality.violations:
            least = f"≥ {number(quality.threshold)}"
            values = (quality.metric_name, least, number(quality.observed), f"{quality.sample_size:,}")
            cells.append((quarter.name, "quality", *values))
        for bias in quarter.bias.violations:
            named = f"{bias.metric_name} ({bias.facet} {bias.facet_value})"
            values = (named, number(bias.expected), number(bias.observed), f"{bias.sample_size:,}")
            cells.append((quarter.name, "bias", *values))
    return cells


def _violations(found: "DataResult | QualityResult | BiasResult") -> list[dict[str, Any]]:
    documents = [violation.to_document() for violation in found.violations]
    return [{"arn": arn, **document} for arn, document in zip(found.violation_arns, documents, strict=True)]


def grouped(found: "Lineage") -> list[tuple[str, str, str, int, str]]:
    """The nodes of an answer by type, nearest type first, with the names of some."""
    groups: dict[tuple[str, str], list[Node]] = {}
    for node in sorted(found.nodes, key=lambda node: (node.depth, node.name)):
        groups.setdefault((node.kind.value.lower(), node.type or ""), []).append(node)
    cells = []
    for (kind, type_), nodes in groups.items():
        names = list(dict.fromkeys(node.name for node in nodes))
        depths = sorted({node.depth for node in nodes})
        depth = str(depths[0]) if len(depths) == 1 else f"{depths[0]}–{depths[-1]}"
        cells.append((depth, kind, type_, len(nodes), ", ".join(names[:3]) + (" …" if len(names) > 3 else "")))
    return cells


def further(console: Console, session: Session, arn: str, version: str) -> None:
    """Commands to go on with."""
    folder = shlex.quote(str(session.settings.data_dir))
    asked = orjson.dumps({"query": QUERY % orjson.dumps(arn).decode()}).decode()
    console.print("[bold]Look further[/bold]")
    for line in (
        f"stemma lineage {short(arn)} --direction ascendants --data-dir {folder}",
        f"stemma entity show {short(arn)} --data-dir {folder}",
        f"stemma registry gate {version} --data-dir {folder}",
        f"stemma report audit model-package/{version} --data-dir {folder}",
        f"stemma serve --data-dir {folder}",
        "curl -s http://127.0.0.1:8440/graphql -H 'Content-Type: application/json' \\",
        f"  -d {shlex.quote(asked)}",
    ):
        console.print(f"  {line}", markup=False, soft_wrap=True)
