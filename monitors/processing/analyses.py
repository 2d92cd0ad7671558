"""What a job's process computes: from the files of a plan to the files of its output. Nothing here reaches beyond this host."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from graph.errors import InvalidError, NotFoundError
from monitors.analysis import (
    Format,
    find_violations,
    parse_constraints,
    parse_statistics,
    suggest_constraints,
    violations_to_json,
)
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
from monitors.datasets import observe, translated
from monitors.measurements import measure
from monitors.processing import captured
from monitors.processing.plans import Analysis, Found, Outcome, Plan
from monitors.reading import Reading

STATISTICS, CONSTRAINTS, VIOLATIONS = "statistics.json", "constraints.json", "constraint_violations.json"
ANALYSIS = "analysis.json"
PROBLEMS = {"regression": "Regression", "binaryclassification": "BinaryClassification"}
PROBLEMS["multiclassclassification"] = "MulticlassClassification"


def compute(plan: Plan) -> Outcome:
    """Do what a plan says.

    Raises:
        NotFoundError: there is no data.
        InvalidError: the data, the baseline or the configuration can't be read, or do not fit each other.
    """
    if plan.analysis is Analysis.DATA_QUALITY:
        return _data_quality(plan)
    return _model_quality(plan) if plan.analysis is Analysis.MODEL_QUALITY else _bias(plan)


def _data_quality(plan: Plan) -> Outcome:
    read = _reading(plan)
    if plan.window is not None:
        names: list[str] = []
        if plan.statistics is not None:
            with translated():
                names = list(parse_statistics(Path(plan.statistics).read_bytes()).features)
        plan, read = _narrowed(plan), captured.reading(plan, names)
    with translated():
        observed = observe(plan.data, read)
    if not observed.rows:
        raise _empty(plan)
    statistics = observed.statistics
    with translated():
        files = {STATISTICS: statistics.to_json(), CONSTRAINTS: suggest_constraints(statistics).to_json()}
    held = plan.constraints is not None and plan.statistics is not None
    found: list[Found] = []
    if held:
        with translated():
            constraints = parse_constraints(Path(plan.constraints or "").read_bytes())
            before = parse_statistics(Path(plan.statistics or "").read_bytes())
            violations = find_violations(statistics, before, constraints)
        files[VIOLATIONS] = violations_to_json(violations)
        found = [
            Found(item.feature_name, item.constraint_check_type, (item.feature_name,), item.to_document())
            for item in violations
        ]
    return _outcome(plan, observed, observed.columns, files, found, held=held)


def _model_quality(plan: Plan) -> Outcome:
    merged: list[str] = []
    read, facts = _reading(plan), dict[str, Any]()
    if plan.window is not None:
        output = Path(plan.output)
        plan = _narrowed(plan)
        folder, counts, parts = captured.joined(Path(plan.data), Path(plan.truth or ""), output, plan.looked)
        merged = [str(part.relative_to(output)) for part in parts]
        facts = {"captured": counts.captured, "merged": counts.merged, "unlabelled": counts.unlabelled}
        facts |= {"unmatched_labels": counts.unmatched, "replaced_labels": counts.replaced}
        plan, read = replace(plan, data=str(folder)), captured.reading(plan)
        columns = [column for key, (column, _) in captured.COLUMNS.items() if plan.attributes.get(key)]
        plan = replace(
            plan, attributes={key: column for key, (column, _) in captured.COLUMNS.items() if column in columns}
        )
    else:
        columns = _columns(plan)
    config = _quality_config(plan, columns)
    state = QualityState(config)
    with translated():
        measured = measure(plan.data, config.columns, state.update, read)
        if not measured.rows:
            raise _empty(plan)
        statistics = quality_statistics(state)
        files = {STATISTICS: statistics.to_json(), CONSTRAINTS: suggest_quality_constraints(statistics).to_json()}
    found: list[Found] = []
    if plan.constraints is not None:
        with translated():
            constraints = parse_quality_constraints(Path(plan.constraints).read_bytes())
            violations = find_quality_violations(statistics, constraints)
        files[VIOLATIONS] = quality_violations_to_json(violations)
        said = config.prediction or config.probability
        spoken_of = tuple(dict.fromkeys(column for column in (config.label, said) if column is not None))
        found = [Found(v.metric_name, v.constraint_check_type, spoken_of, v.to_document()) for v in violations]
    facts["problem"] = config.problem
    outcome = _outcome(plan, measured, columns, files, found, held=plan.constraints is not None, facts=facts)
    return replace(outcome, merged=tuple(merged))


def _bias(plan: Plan) -> Outcome:
    document = plan.config or {}
    headers = [str(name) for name in document.get("headers") or ()]
    # A table whose first line is what the configuration lists has a line of names all the same.
    named = not headers or plan.format != "csv" or _first_line(plan) == headers
    plan = replace(plan, header=named)
    found_columns = _columns(plan)
    columns = found_columns if named else headers
    if len(columns) != len(found_columns):
        raise InvalidError(
            f"headers lists {len(columns)} columns: {_shown(columns)}; {plan.uri} has {len(found_columns)}",
            path="headers",
        )
    names = dict(zip(found_columns, columns, strict=True))
    with translated():
        config = read_config(document, columns)
        counts = bias_counts(config)
        measured = measure(plan.data, None, lambda frame: counts.update(frame.rename(names)), _reading(plan))
        if not measured.rows:
            raise _empty(plan)
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
    return _outcome(plan, measured, columns, files, found, held=plan.constraints is not None)


def _narrowed(plan: Plan) -> Plan:
    """The plan for what lies in the window.

    Raises:
        NotFoundError: nothing does.
    """
    assert plan.window is not None
    target = Path(plan.output).parent / "window"
    looked = captured.narrow(Path(plan.data), plan.window, target)
    if not looked.kept:
        raise NotFoundError(
            f"no captured data in {plan.looked}: {looked.files} files with {looked.records} records were looked at, "
            f"{looked.outside} of them outside of the window, {looked.unreadable} that can't be read. Check that the endpoint "
            "captures (DataCaptureConfig) and was asked at that time, or widen StartTimeOffset and EndTimeOffset"
        )
    return replace(plan, data=str(target))


def _reading(plan: Plan) -> Reading:
    return Reading(format=cast("Format | None", plan.format), header=plan.header, workers=1)


def _columns(plan: Plan) -> list[str]:
    with translated():
        return list(_reading(plan).open(plan.data).columns)


def _first_line(plan: Plan) -> list[str]:
    data = Path(plan.data)
    file = data if data.is_file() else min(each for each in data.rglob("*") if each.is_file())
    with file.open(encoding="utf-8", errors="replace", newline="") as lines:
        return next(csv.reader(lines), [])


def _quality_config(plan: Plan, columns: Sequence[str]) -> QualityConfig:
    problem = PROBLEMS.get((plan.problem or "").lower())
    if problem is None:
        raise InvalidError(
            f"problem_type is {plan.problem!r}; known are {', '.join(PROBLEMS.values())}", path="problem_type"
        )
    named = {name: _column(value, columns, name) for name, value in plan.attributes.items() if value not in ("", None)}
    if "ground_truth_attribute" not in named:
        raise InvalidError(
            f"ground_truth_attribute is not given; the data has the columns {_shown(columns)}",
            path="ground_truth_attribute",
        )
    with translated():
        return QualityConfig(
            cast("Problem", problem),
            named["ground_truth_attribute"],
            prediction=named.get("inference_attribute"),
            probability=named.get("probability_attribute"),
            probability_threshold=plan.threshold,
        )


def _column(value: str, columns: Sequence[str], what: str) -> str:
    """A column by its name, or its number from 0."""
    if value in columns:
        return value
    if value.isdecimal() and int(value) < len(columns):
        return columns[int(value)]
    raise InvalidError(
        f"{what} is {value[:80]!r}, which is neither a column nor its number; the data has {_shown(columns)}", path=what
    )


def _shown(columns: Sequence[str]) -> str:
    named = ", ".join(repr(name) for name in columns[:40])
    return named if len(columns) <= 40 else f"{named} and {len(columns) - 40} more"


def _empty(plan: Plan) -> NotFoundError:
    return NotFoundError(f"{plan.uri} has no rows")


def _outcome(
    plan: Plan,
    data: Any,
    columns: Sequence[str],
    files: dict[str, bytes],
    found: Sequence[Found],
    *,
    held: bool,
    facts: dict[str, Any] | None = None,
) -> Outcome:
    folder = Path(plan.output)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return Outcome(
        data.digest,
        data.size,
        data.files,
        data.format,
        data.rows,
        tuple(columns),
        tuple(files),
        held,
        tuple(found),
        facts=facts or {},
    )
