"""Data quality: statistics of a data set, and what of it does not fit a baseline."""

from dataclasses import replace
from pathlib import Path

from monitors.analysis import (
    find_violations,
    parse_constraints,
    parse_statistics,
    suggest_constraints,
    violations_to_json,
)
from monitors.datasets import observe, translated
from monitors.processing import captured, scripts, tables
from monitors.processing.numbers import of_data
from monitors.processing.outcomes import CONSTRAINTS, STATISTICS, VIOLATIONS, written
from monitors.processing.plans import Found, Outcome, Plan


def data_quality(plan: Plan) -> Outcome:
    """Compute them."""
    read = tables.reading(plan)
    if plan.window is not None:
        names: list[str] = []
        if plan.statistics is not None:
            with translated():
                names = list(parse_statistics(Path(plan.statistics).read_bytes()).features)
        plan, read = tables.narrowed(plan), captured.reading(plan, names)
        if plan.preprocessor is not None:
            plan, read = _scripted(plan, Path(plan.data), names), scripts.ROWS
    elif plan.preprocessor is not None:
        names = [] if not plan.header else tables.columns(plan)
        records = scripts.as_records(plan, Path(plan.output).parent / "records")
        plan, read = _scripted(plan, records, names), scripts.ROWS
    with translated():
        observed = observe(plan.data, read)
    if not observed.rows:
        raise tables.empty(plan)
    statistics = observed.statistics
    with translated():
        files = {STATISTICS: statistics.to_json(), CONSTRAINTS: suggest_constraints(statistics).to_json()}
    held = plan.constraints is not None and plan.statistics is not None
    found: list[Found] = []
    constraints = before = None
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
    with translated():
        measured = of_data(statistics, before, constraints)
    emits = constraints is None or constraints.config.emit_metrics
    return written(plan, observed, observed.columns, files, found, held=held, measured=measured, emits=emits)


def _scripted(plan: Plan, records: Path, names: list[str]) -> Plan:
    return replace(plan, data=str(scripts.preprocess(plan, records, names)))
