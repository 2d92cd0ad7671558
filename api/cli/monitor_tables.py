"""What `monitor baseline` and `monitor run` print, whatever is monitored."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from api.cli import data_tables, model_tables

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from monitors.attribution import AttributionResult
    from monitors.bias import BiasResult
    from monitors.data_quality import DataResult
    from monitors.merges import Merged
    from monitors.model_quality import QualityResult

    Result = DataResult | QualityResult | BiasResult | AttributionResult


def document(result: "Result") -> dict[str, Any]:
    """A baseline or a run as plain values."""
    recorded = result.recorded
    arns = recorded.violation_arns
    violations: Sequence[Any] = result.violations
    return {
        "arn": recorded.arn,
        "job": recorded.job,
        "data": recorded.data_arn,
        "created": recorded.created,
        "rows": result.data.rows,
        "columns": len(result.data.columns),
        "files": {
            name: {"arn": arn, "uri": stored.uri, "sha256": stored.digest, "bytes": stored.size}
            for name, (arn, stored) in recorded.files.items()
        },
        "violations": [
            {"arn": arns[index] if index < len(arns) else None, **found.to_document()}
            for index, found in enumerate(violations)
        ],
        **_measured(result),
    }


def show(console: "Console", result: "Result", what: str) -> None:
    """What a baseline has learnt, or the violations of a run; then the files."""
    from monitors.runs import exit_message

    if what == "baseline":
        console.print(_learnt(result))
    elif result.violations:
        console.print(_violations(result))
    if what == "run":
        console.print(exit_message(len(result.violations)))
    recorded = result.recorded
    state = "" if recorded.created else " (done before; nothing was changed)"
    console.print(f"{result.data.rows:,} rows, {len(result.data.columns)} columns{state}")
    for arn, stored in recorded.files.values():
        console.print(f"{stored.uri.removeprefix('file://')}  {arn.split(':', 5)[-1]}", soft_wrap=True, markup=False)
    console.print(f"{what} {recorded.arn}", soft_wrap=True)


def merged_document(made: "Merged") -> dict[str, Any]:
    """A merge with ground truth as plain values."""
    counts = made.counts
    return {
        "arn": made.arn,
        "job": made.job,
        "data": made.data_arn,
        "created": made.created,
        "folder": str(made.folder),
        "parts": [str(part) for part in made.parts],
        "captured": counts.captured,
        "merged": counts.merged,
        "unlabelled": counts.unlabelled,
        "unmatched_labels": counts.unmatched,
        "replaced_labels": counts.replaced,
        "broken_lines": counts.broken.count,
    }


def show_merged(console: "Console", made: "Merged") -> None:
    """How many records have a label now, and where they lie."""
    counts = made.counts
    console.print(f"{counts.merged:,} of {counts.captured:,} captured records have a label")
    for number, what in (
        (counts.unmatched, "labels belong to no captured record"),
        (counts.replaced, "labels were replaced by later ones"),
        (counts.broken.count, "lines can't be read"),
    ):
        if number:
            console.print(f"{number:,} {what}")
    console.print(f"{made.folder}", soft_wrap=True, markup=False)
    console.print(f"merge {made.arn}", soft_wrap=True)


def _measured(result: "Result") -> dict[str, Any]:
    from monitors.attribution import AttributionResult
    from monitors.bias import BiasResult
    from monitors.model_quality import QualityResult

    if isinstance(result, AttributionResult):
        return model_tables.attribution_document(result)
    if isinstance(result, QualityResult):
        return model_tables.quality_document(result)
    return model_tables.bias_document(result) if isinstance(result, BiasResult) else {}


def _learnt(result: "Result") -> "RenderableType":
    from monitors.attribution import AttributionResult
    from monitors.bias import BiasResult
    from monitors.model_quality import QualityResult

    if isinstance(result, AttributionResult):
        return model_tables.attribution_table(result)
    if isinstance(result, QualityResult):
        return model_tables.quality_table(result)
    return model_tables.bias_table(result) if isinstance(result, BiasResult) else data_tables.baseline_table(result)


def _violations(result: "Result") -> "RenderableType":
    from monitors.attribution import AttributionResult
    from monitors.bias import BiasResult
    from monitors.model_quality import QualityResult

    if isinstance(result, AttributionResult):
        return model_tables.attribution_violations(result)
    if isinstance(result, QualityResult):
        return model_tables.quality_violations(result)
    if isinstance(result, BiasResult):
        return model_tables.bias_violations(result)
    return data_tables.violations_table(result.violations)
