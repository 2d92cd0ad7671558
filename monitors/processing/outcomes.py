"""The files that an analysis makes, and what came of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from graph.monitoring.measured import Measurement
from monitors.processing.plans import Found, Outcome, Plan

STATISTICS, CONSTRAINTS, VIOLATIONS = "statistics.json", "constraints.json", "constraint_violations.json"
ANALYSIS, LOCAL = "analysis.json", "explanations_shap/out.csv"
SCRIPT_LOG = "scripts.log"


def written(
    plan: Plan,
    data: Any,
    columns: Sequence[str],
    files: dict[str, bytes],
    found: Sequence[Found],
    *,
    held: bool,
    facts: dict[str, Any] | None = None,
    merged: Sequence[str] = (),
    measured: Sequence[Measurement] = (),
    emits: bool = True,
) -> Outcome:
    """Write the files, and say what was read and found.

    Args:
        plan: What was to be computed.
        data: What was read: `Measured`, or what has the same fields.
        columns: Of the data.
        files: By their names.
        found: The violations.
        held: Whether the data was held against a baseline.
        facts: Parameters of the trial component.
        merged: Files with records joined with ground truth, below the plan's output.
        measured: Numbers of which series are made.
        emits: Whether the baseline lets metrics be published.
    """
    folder = Path(plan.output)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
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
        tuple(merged),
        facts or {},
        tuple(measured),
        emits,
    )
