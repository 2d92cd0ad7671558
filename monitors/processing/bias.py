"""Bias of a data set, and of predictions, held against a baseline's."""

from dataclasses import replace
from pathlib import Path

from graph.errors import InvalidError
from monitors.analysis.bias import (
    analysis_to_json,
    bias_counts,
    bias_report,
    bias_violations_to_json,
    find_bias_violations,
    parse_analysis,
    read_config,
)
from monitors.analysis.bias.drift import CHECK
from monitors.datasets import translated
from monitors.measurements import measure
from monitors.processing import tables
from monitors.processing.outcomes import ANALYSIS, VIOLATIONS, written
from monitors.processing.plans import Found, Outcome, Plan


def bias(plan: Plan) -> Outcome:
    """Compute it."""
    document = plan.config or {}
    headers = [str(name) for name in document.get("headers") or ()]
    # A table whose first line is what the configuration lists has a line of names all the same.
    named = not headers or plan.format != "csv" or tables.first_line(plan) == headers
    plan = replace(plan, header=named)
    found_columns = tables.columns(plan)
    columns = found_columns if named else headers
    if len(columns) != len(found_columns):
        raise InvalidError(
            f"headers lists {len(columns)} columns: {tables.shown(columns)}; {plan.uri} has {len(found_columns)}",
            path="headers",
        )
    names = dict(zip(found_columns, columns, strict=True))
    with translated():
        config = read_config(document, columns)
        counts = bias_counts(config)
        measured = measure(plan.data, None, lambda frame: counts.update(frame.rename(names)), tables.reading(plan))
        if not measured.rows:
            raise tables.empty(plan)
        report = bias_report(counts)
        files = {ANALYSIS: analysis_to_json(report)}
    found: list[Found] = []
    if plan.constraints is not None:
        with translated():
            before = parse_analysis(Path(plan.constraints).read_bytes())
            violations = find_bias_violations(report, before, mode="aws")
        # Without violations Clarify writes no file of them.
        if violations:
            files[VIOLATIONS] = bias_violations_to_json(violations)
        found = [Found(f"{v.facet}/{v.metric_name}", CHECK, (v.facet,), v.to_document()) for v in violations]
    return written(plan, measured, columns, files, found, held=plan.constraints is not None)
