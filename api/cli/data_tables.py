"""What `monitor baseline` and `monitor run` print of data quality."""

from typing import TYPE_CHECKING, Any

from api.cli.call import table

if TYPE_CHECKING:
    from rich.console import Console

    from monitors.analysis import Violation
    from monitors.data_quality import Result


def document(result: "Result") -> dict[str, Any]:
    """A baseline or a run as plain values."""
    return {
        "arn": result.arn,
        "job": result.job,
        "data": result.data_arn,
        "created": result.created,
        "rows": result.statistics.item_count,
        "columns": len(result.statistics.features),
        "files": {
            name: {"arn": arn, "uri": stored.uri, "sha256": stored.digest, "bytes": stored.size}
            for name, (arn, stored) in result.files.items()
        },
        "violations": [
            {"arn": result.violation_arns[index] if index < len(result.violation_arns) else None, **found.to_document()}
            for index, found in enumerate(result.violations)
        ],
    }


def violations_table(violations: "tuple[Violation, ...]", title: str | None = None) -> object:
    """The violations: what was expected, what was observed, on how many values."""
    cells = [
        (
            found.feature_name,
            found.constraint_check_type.removesuffix("_check").replace("_", " "),
            expected(found),
            number(found.observed),
            number(found.threshold),
            f"{found.sample_size:,}",
        )
        for found in violations
    ]
    return table(title, ("column", "check", "expected", "observed", "threshold", "n"), cells)


def expected(found: "Violation") -> str:
    """What a violation's constraint asks for, in few words."""
    if found.constraint_check_type == "baseline_drift_check":
        return f"p ≥ {number(found.threshold)}" if found.method == "chi_squared" else f"≤ {number(found.threshold)}"
    if isinstance(found.expected, list | tuple):
        return f"{len(found.expected)} values"
    return number(found.expected)


def number(value: object) -> str:
    """A number with the digits that matter."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return "–" if value is None else str(value)


def show_baseline(console: "Console", result: "Result") -> None:
    """What a baseline has learnt of every column."""
    cells = []
    for name, feature in result.statistics.features.items():
        constraint = result.constraints.features.get(name)
        numeric = feature.numerical
        domain = None if constraint is None or constraint.domains is None else len(constraint.domains)
        cells.append(
            (
                name,
                feature.inferred_type,
                number(feature.completeness),
                None if numeric is None else f"{number(numeric.min)} … {number(numeric.max)}",
                None if numeric is None else number(numeric.mean),
                domain,
            )
        )
    console.print(table(None, ("column", "type", "completeness", "range", "#mean", "#domain"), cells))
    _show_files(console, result)
    console.print(f"baseline {result.arn}", soft_wrap=True)


def show_run(console: "Console", result: "Result") -> None:
    """The violations of a run."""
    from monitors.runs import exit_message

    if result.violations:
        console.print(violations_table(result.violations))
    console.print(exit_message(len(result.violations)))
    _show_files(console, result)
    console.print(f"run {result.arn}", soft_wrap=True)


def _show_files(console: "Console", result: "Result") -> None:
    state = "" if result.created else " (done before; nothing was changed)"
    console.print(f"{result.statistics.item_count:,} rows, {len(result.statistics.features)} columns{state}")
    for arn, stored in result.files.values():
        console.print(f"{stored.uri.removeprefix('file://')}  {arn.split(':', 5)[-1]}", soft_wrap=True, markup=False)
