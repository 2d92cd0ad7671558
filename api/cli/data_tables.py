"""Tables of data quality."""

from typing import TYPE_CHECKING

from api.cli.call import table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from monitors.analysis import Violation
    from monitors.data_quality import DataResult


def violations_table(violations: "tuple[Violation, ...]", title: str | None = None) -> "RenderableType":
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


def baseline_table(result: "DataResult") -> "RenderableType":
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
    return table(None, ("column", "type", "completeness", "range", "#mean", "#domain"), cells)
