"""Model quality: predictions held against what really happened, and against a baseline's quality."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from graph.errors import InvalidError
from monitors.analysis.quality import (
    Problem,
    QualityConfig,
    QualityState,
    find_quality_violations,
    parse_quality_constraints,
    quality_statistics,
    quality_violations_to_json,
    suggest_quality_constraints,
)
from monitors.datasets import translated
from monitors.measurements import fold
from monitors.processing import captured, scripts, tables
from monitors.processing.numbers import of_quality
from monitors.processing.outcomes import CONSTRAINTS, STATISTICS, VIOLATIONS, written
from monitors.processing.plans import Found, Outcome, Plan
from monitors.reading import Reading

PROBLEMS = {"regression": "Regression", "binaryclassification": "BinaryClassification"}
PROBLEMS["multiclassclassification"] = "MulticlassClassification"


def model_quality(plan: Plan) -> Outcome:
    """Compute it."""
    facts: dict[str, Any] = {}
    merged: list[str] = []
    if plan.window is None:
        read, columns = tables.reading(plan), tables.columns(plan)
    else:
        plan = tables.narrowed(plan)
        folder, counts, parts = captured.joined(plan)
        merged = [str(part.relative_to(plan.output)) for part in parts]
        facts = counts.facts()
        plan, read, columns = _labelled(replace(plan, data=str(folder)))
    config = _quality_config(plan, columns)
    with translated():
        measured, state = fold(plan.data, config.columns, partial(QualityState, config), read)
        if not measured.rows:
            raise tables.empty(plan)
        statistics = quality_statistics(state)
        files = {STATISTICS: statistics.to_json(), CONSTRAINTS: suggest_quality_constraints(statistics).to_json()}
    found: list[Found] = []
    constraints = None
    if plan.constraints is not None:
        with translated():
            constraints = parse_quality_constraints(Path(plan.constraints).read_bytes())
            violations = find_quality_violations(statistics, constraints)
        files[VIOLATIONS] = quality_violations_to_json(violations)
        said = config.prediction or config.probability
        spoken_of = tuple(dict.fromkeys(column for column in (config.label, said) if column is not None))
        found = [Found(v.metric_name, v.constraint_check_type, spoken_of, v.to_document()) for v in violations]
    facts["problem"] = config.problem
    return written(
        *(plan, measured, columns, files, found),
        held=plan.constraints is not None,
        facts=facts,
        merged=merged,
        measured=of_quality(statistics, constraints),
    )


def _labelled(plan: Plan) -> tuple[Plan, Reading, list[str]]:
    """How records with ground truth are read: the plan, and the columns."""
    if plan.preprocessor is not None:
        rows = scripts.preprocess(plan, Path(plan.data), ())
        # What the attributes name is what the script made.
        plan = replace(plan, data=str(rows), attributes={**plan.attributes, "ground_truth_attribute": captured.TRUTH})
        return plan, scripts.ROWS, list(scripts.ROWS.open(rows).columns)
    columns = [column for key, (column, _) in captured.COLUMNS.items() if plan.attributes.get(key)]
    attributes = {key: column for key, (column, _) in captured.COLUMNS.items() if column in columns}
    return replace(plan, attributes=attributes), captured.reading(plan), columns


def _quality_config(plan: Plan, columns: Sequence[str]) -> QualityConfig:
    problem = PROBLEMS.get((plan.problem or "").lower())
    if problem is None:
        raise InvalidError(
            f"problem_type is {plan.problem!r}; known are {', '.join(PROBLEMS.values())}", path="problem_type"
        )
    named = {
        name: tables.column(value, columns, name) for name, value in plan.attributes.items() if value not in ("", None)
    }
    if "ground_truth_attribute" not in named:
        raise InvalidError(
            f"ground_truth_attribute is not given; the data has the columns {tables.shown(columns)}",
            path="ground_truth_attribute",
        )
    with translated():
        return QualityConfig(
            cast("Problem", problem),
            named["ground_truth_attribute"],
            prediction=named.get("inference_attribute"),
            probability=named.get("probability_attribute"),
            probability_threshold=0.5 if plan.threshold is None else plan.threshold,
        )
