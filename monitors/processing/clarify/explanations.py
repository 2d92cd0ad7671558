"""What a model's predictions rest on, row by row of a table and as a whole, held against a baseline's."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from monitors.analysis.attribution import (
    AttributionReport,
    attribution_report,
    attribution_violations,
    find_attribution_drift,
    local_to_csv,
    parse_attribution,
    read_attribution_config,
    settled,
)
from monitors.analysis.attribution.drift import CHECK
from monitors.analysis.attribution.features import features_of
from monitors.analysis.sampling import RowSample
from monitors.attribution import AttributionFound
from monitors.datasets import translated
from monitors.measurements import measure
from monitors.processing.clarify import questions
from monitors.processing.clarify.table import PARTS, Table, model_of
from monitors.processing.plans import Found, Plan

ROW = "\x00row"


@dataclass(frozen=True, slots=True)
class Explanations:
    """What was measured, what of it is a violation, and the values of every row as CSV where they were asked for."""

    found: AttributionFound
    findings: tuple[Found, ...]
    local: bytes | None


def explanations(plan: Plan, document: questions.Document, table: Table) -> Explanations:
    """Ask the model.

    Raises:
        InvalidError: the configuration, the model and the table do not fit each other, or a baseline can't be read.
        UnavailableError: the model does not answer.
    """
    shap: dict[str, Any] = dict(document["methods"]["shap"] or {})
    if questions.BASELINE in plan.sides:
        shap["baseline"] = _rows(plan.sides[questions.BASELINE])
    columns = table.columns
    headers = (document.get("predictor") or {}).get("label_headers")
    asked = {
        "methods": {"shap": shap},
        "features": list(columns.features),
        # One header of a single score is the label that it stands for.
        "predictor": {"label_headers": [str(name) for name in headers]} if isinstance(headers, list) else {},
    }
    with translated():
        config = read_attribution_config(asked, columns.names)
    sample = RowSample(None, config.most_rows, config.seed)
    measure(table.folder, columns.features, lambda frame: sample.update(_numbered(frame, sample.seen)), PARTS)
    rows = sample.rows
    with translated():
        config = settled(config, rows.drop(ROW))
        report = attribution_report(
            model_of(plan, document).predict, rows.drop(ROW), config, positions=rows[ROW], rows=sample.seen
        )
    local = local_to_csv(report) if shap.get("save_local_shap_values") else None
    if plan.constraints is None:
        return Explanations(AttributionFound(config, report), (), local)
    with translated():
        before: AttributionReport = parse_attribution(Path(plan.constraints).read_bytes())
        drifts = tuple(find_attribution_drift(report, before, seed=config.seed))
    held = {feature.name: feature.columns for feature in features_of(config.columns, config.groups)}
    findings = tuple(
        Found(
            f"{item.label} shap",
            CHECK,
            tuple(
                column
                for change in item.drift.features
                if change.rank != change.baseline_rank
                for column in held[change.name]
            ),
            item.to_document(),
        )
        for item in attribution_violations(drifts)
    )
    return Explanations(AttributionFound(config, report, drifts, before), findings, local)


def _numbered(frame: pl.DataFrame, seen: int) -> pl.DataFrame:
    return frame.with_row_index(ROW, offset=seen)


def _rows(path: str) -> list[list[Any]]:
    """The rows of a baseline that lies in a file: CSV without a header, as Clarify has it."""
    return [list(row) for row in pl.read_csv(path, has_header=False, infer_schema_length=None).rows()]
