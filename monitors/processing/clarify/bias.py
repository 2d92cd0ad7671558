"""Bias of a table, held against a baseline's."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from graph.errors import InvalidError
from monitors.analysis.bias import bias_counts, bias_report, find_bias_violations, parse_analysis, read_config
from monitors.analysis.bias.drift import CHECK
from monitors.bias import BiasFound
from monitors.datasets import translated
from monitors.measurements import fold
from monitors.processing.clarify import questions
from monitors.processing.clarify.table import PARTS, Table
from monitors.processing.plans import Found, Plan


@dataclass(frozen=True, slots=True)
class Bias:
    """What was measured, and what of it is a violation."""

    found: BiasFound
    findings: tuple[Found, ...]


def bias(plan: Plan, document: questions.Document, table: Table) -> Bias:
    """Measure it.

    Raises:
        InvalidError: the configuration does not fit the table, or a baseline can't be read.
    """
    if questions.asks_after_training(document) and (document.get("methods") or plan.window is not None):
        _check_predictions(table)
    columns = [*table.columns.names]
    asked: dict[str, Any] = {**document, "label": table.columns.label, "predictor": None}
    asked |= {"predicted_label": table.predicted, "probability": table.probability}
    asked["excluded_columns"] = list(_no_features(table))
    if facets := table.beside.get(questions.FACETS):
        asked["facet"] = [_beside(facet, facets) for facet in document.get("facet") or ()]
    with translated():
        config = read_config({key: value for key, value in asked.items() if value is not None}, columns)
        _, counts = fold(table.folder, None, partial(bias_counts, config), PARTS)
        report = bias_report(counts)
    if plan.constraints is None:
        return Bias(BiasFound(config, report, mode="aws"), ())
    with translated():
        before = parse_analysis(Path(plan.constraints).read_bytes())
        violations = tuple(find_bias_violations(report, before, mode="aws"))
    findings = tuple(
        Found(f"{item.facet}={item.facet_value} {item.metric_name}", CHECK, (item.facet,), item.to_document())
        for item in violations
    )
    return Bias(BiasFound(config, report, violations, before, "aws"), findings)


def _check_predictions(table: Table) -> None:
    if table.predicted is None and table.probability is None:
        raise InvalidError(
            "metrics after training are asked for, and there are no predictions: name a predictor, predicted_label or "
            "predicted_label_dataset_uri",
            path="predictor",
        )


def _no_features(table: Table) -> tuple[str, ...]:
    """Columns that the flip test passes over, beside the label and the predictions."""
    columns = table.columns
    named = [
        columns.join,
        columns.predicted,
        *columns.excluded,
        *(name for held in table.beside.values() for name in held),
    ]
    return tuple(dict.fromkeys(name for name in named if name is not None))


def _beside(facet: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    at = facet.get("name_or_index")
    return {**facet, "name_or_index": names[at]} if isinstance(at, int) and 0 <= at < len(names) else dict(facet)
