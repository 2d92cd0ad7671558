"""Tables of model quality, bias and attribution."""

from typing import TYPE_CHECKING, Any

from api.cli.call import table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from monitors.attribution import AttributionResult
    from monitors.bias import BiasResult
    from monitors.model_quality import QualityResult


def quality_document(result: "QualityResult") -> dict[str, Any]:
    """What a baseline or run of model quality measured, as plain values."""
    from monitors.analysis.jsonfile import number

    metrics = {name: number(metric.value) for name, metric in result.statistics.metrics.items()}
    return {"dataset": result.statistics.document["dataset"], "metrics": metrics}


def bias_document(result: "BiasResult") -> dict[str, Any]:
    """What a baseline or run of bias measured, as plain values."""
    from monitors.analysis.bias import analysis_document

    return {"analysis": analysis_document(result.report)}


def quality_table(result: "QualityResult") -> "RenderableType":
    """The metrics of a model's quality."""
    cells = [
        (name, number(metric.value), number(metric.standard_deviation), interval(metric.interval))
        for name, metric in result.statistics.metrics.items()
    ]
    return table(None, ("metric", "#value", "#deviation", "#interval"), cells)


def quality_violations(result: "QualityResult") -> "RenderableType":
    """The metrics on the wrong side of their thresholds."""
    cells = [
        (
            found.metric_name,
            found.constraint_check_type,
            number(found.observed),
            number(found.threshold),
            f"{found.sample_size:,}",
        )
        for found in result.violations
    ]
    return table(None, ("metric", "check", "observed", "threshold", "n"), cells)


def bias_table(result: "BiasResult") -> "RenderableType":
    """The metrics of every group."""
    cells = [
        (
            facet,
            f"{group.text}{' (small)' if group.small else ''}",
            metric.name,
            metric.error if metric.value is None else number(metric.value),
            interval(metric.interval),
            f"{group.rows:,}",
        )
        for facets in result.report.stages.values()
        for facet, groups in facets.items()
        for group in groups
        for metric in group.metrics
    ]
    return table(None, ("facet", "group", "metric", "value", "#interval", "n"), cells)


def bias_violations(result: "BiasResult") -> "RenderableType":
    """The metrics that have drifted away from fair."""
    cells = [
        (
            found.facet,
            found.facet_value,
            found.metric_name,
            number(found.expected),
            number(found.observed),
            f"{found.sample_size:,}",
        )
        for found in result.violations
    ]
    return table(None, ("facet", "group", "metric", "expected", "observed", "n"), cells)


def attribution_document(result: "AttributionResult") -> dict[str, Any]:
    """What a baseline or run of attribution measured, as plain values."""
    from monitors.analysis.attribution import attribution_document as whole

    return {"analysis": whole(result.report, result.drifts)}


def attribution_table(result: "AttributionResult") -> "RenderableType":
    """The features of every label, largest first."""
    cells = [
        (label.label, name, number(value), interval(label.intervals.get(name)))
        for label in result.report.labels
        for name, value in sorted(label.values.items(), key=lambda item: -abs(item[1]))
    ]
    return table(None, ("label", "feature", "#value", "#interval"), cells)


def attribution_violations(result: "AttributionResult") -> "RenderableType":
    """The features of the labels that have drifted, in the baseline's order."""
    cells = [
        (
            *(violation.label, number(violation.drift.ndcg), change.name),
            *(number(change.baseline_value), number(change.value), f"{change.baseline_rank} → {change.rank}"),
        )
        for violation in result.violations
        for change in violation.drift.features
    ]
    return table(None, ("label", "#NDCG", "feature", "expected", "observed", "#rank"), cells)


def number(value: float | None) -> str:
    """A number with the digits that matter; a dash for none and for NaN."""
    return "–" if value is None or value != value else f"{value:.4g}"


def interval(found: Any) -> str:
    """An interval's ends."""
    return "–" if found is None else f"{number(found.lower)} … {number(found.upper)}"
