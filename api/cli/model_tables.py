"""What `monitor baseline` and `monitor run` print of model quality and bias."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from api.cli.call import table

if TYPE_CHECKING:
    from rich.console import Console

    from monitors.analysis.bias import BiasViolation
    from monitors.analysis.quality import QualityViolation
    from monitors.bias import BiasResult
    from monitors.model_quality import QualityResult


def quality_document(result: "QualityResult") -> dict[str, Any]:
    """A baseline or run of model quality as plain values."""
    from monitors.analysis.jsonfile import number

    metrics = {name: number(metric.value) for name, metric in result.statistics.metrics.items()}
    return {**_common(result), "dataset": result.statistics.document["dataset"], "metrics": metrics}


def bias_document(result: "BiasResult") -> dict[str, Any]:
    """A baseline or run of bias as plain values."""
    from monitors.analysis.bias import analysis_document

    return {**_common(result), "analysis": analysis_document(result.report)}


def _common(result: "QualityResult | BiasResult") -> dict[str, Any]:
    recorded = result.recorded
    arns = recorded.violation_arns
    violations: Sequence[BiasViolation | QualityViolation] = result.violations
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
            {"arn": arns[index] if index < len(arns) else None, **found}
            for index, found in enumerate(violation.to_document() for violation in violations)
        ],
    }


def show_quality(console: "Console", result: "QualityResult", what: str) -> None:
    """The metrics of a baseline, the violations of a run."""
    if what == "baseline":
        cells = [
            (name, _number(metric.value), _number(metric.standard_deviation), _interval(metric.interval))
            for name, metric in result.statistics.metrics.items()
        ]
        console.print(table(None, ("metric", "#value", "#deviation", "#interval"), cells))
    elif result.violations:
        rows = [
            (
                found.metric_name,
                found.constraint_check_type,
                _number(found.observed),
                _number(found.threshold),
                f"{found.sample_size:,}",
            )
            for found in result.violations
        ]
        console.print(table(None, ("metric", "check", "observed", "threshold", "n"), rows))
    _show_end(console, result, what)


def show_bias(console: "Console", result: "BiasResult", what: str) -> None:
    """The metrics of every group of a baseline, the violations of a run."""
    if what == "baseline":
        cells = [
            (
                facet,
                f"{group.text}{' (small)' if group.small else ''}",
                metric.name,
                metric.error if metric.value is None else _number(metric.value),
                _interval(metric.interval),
                f"{group.rows:,}",
            )
            for facets in result.report.stages.values()
            for facet, groups in facets.items()
            for group in groups
            for metric in group.metrics
        ]
        console.print(table(None, ("facet", "group", "metric", "value", "#interval", "n"), cells))
    elif result.violations:
        rows = [
            (
                found.facet,
                found.facet_value,
                found.metric_name,
                _number(found.expected),
                _number(found.observed),
                f"{found.sample_size:,}",
            )
            for found in result.violations
        ]
        console.print(table(None, ("facet", "group", "metric", "expected", "observed", "n"), rows))
    _show_end(console, result, what)


def _show_end(console: "Console", result: "QualityResult | BiasResult", what: str) -> None:
    from monitors.runs import exit_message

    if what == "run":
        console.print(exit_message(len(result.violations)))
    recorded = result.recorded
    state = "" if recorded.created else " (done before; nothing was changed)"
    console.print(f"{result.data.rows:,} rows, {len(result.data.columns)} columns{state}")
    for arn, stored in recorded.files.values():
        console.print(f"{stored.uri.removeprefix('file://')}  {arn.split(':', 5)[-1]}", soft_wrap=True, markup=False)
    console.print(f"{what} {recorded.arn}", soft_wrap=True)


def _number(value: float | None) -> str:
    return "–" if value is None or value != value else f"{value:.4g}"


def _interval(interval: Any) -> str:
    return "–" if interval is None else f"{_number(interval.lower)} … {_number(interval.upper)}"
