"""What an analysis measured as numbers by what they are of: one value a metric, of which a schedule's runs make series.

Metrics are called as CloudWatch has them: "CloudWatch metrics" of Model Monitor in the SageMaker developer guide.
"""

import math
from collections.abc import Mapping, Sequence

from graph.monitoring.measured import Measurement, Subject
from monitors.analysis import Constraints, Statistics
from monitors.analysis.attribution import AttributionDrift, AttributionReport
from monitors.analysis.bias.report import BiasReport
from monitors.analysis.comparison import compare
from monitors.analysis.quality import QualityConstraints, QualityStatistics

DRIFT = "baseline_drift"
NDCG, EXPECTED = "ndcg", "expected_value"


def of_data(statistics: Statistics, before: Statistics | None, constraints: Constraints | None) -> list[Measurement]:
    """Of each feature: values there and missing, their types, extremes and moments, the distance from a baseline."""
    drifts = {} if before is None else {drift.name: drift for drift in compare(statistics, before)}
    made = []
    for name, feature in statistics.features.items():
        values: dict[str, float] = {
            "non_null": feature.present,
            "null": feature.missing,
            "completeness": feature.completeness,
            **{f"type_{kind.lower()}": count for kind, count in feature.type_counts.items()},
        }
        if (numerical := feature.numerical) is not None:
            values |= {"min": numerical.min, "max": numerical.max, "sum": numerical.sum}
            values |= {"mean": numerical.mean, "std_dev": numerical.std_dev}
        limits: dict[str, float] = {}
        held = None if constraints is None else constraints.features.get(name)
        if held is not None and held.completeness is not None:
            limits["completeness"] = held.completeness
        if (drift := drifts.get(name)) is not None:
            config = None if constraints is None else constraints.config if held is None else held.config
            # The distance that the threshold is of.
            robust = config is not None and config.comparison_method == "Robust"
            values[DRIFT] = drift.linf_robust if robust else drift.linf
            threshold = None
            if constraints is not None:
                threshold = constraints.drift_threshold(name, numeric=drift.kind == "numeric")
            limits |= {} if threshold is None else {DRIFT: threshold}
        made.append(Measurement(Subject.FEATURE, name, finite(values), finite(limits), {"Feature": name}))
    return made


def of_quality(statistics: QualityStatistics, constraints: QualityConstraints | None) -> list[Measurement]:
    """Of the model: every metric that is one number."""
    values = {
        name: metric.value for name, metric in statistics.metrics.items() if isinstance(metric.value, int | float)
    }
    limits = {} if constraints is None else {name: held.threshold for name, held in constraints.metrics.items()}
    known = {name: limit for name, limit in limits.items() if name in values and isinstance(limit, int | float)}
    return [Measurement(Subject.MODEL, "", finite(values), finite(known))]


def of_bias(report: BiasReport, before: BiasReport | None) -> list[Measurement]:
    """Of each group of a facet, before and after training: its metrics; what the baseline had is the limit."""
    held = {} if before is None else _bias(before)
    made = []
    for key, values in _bias(report).items():
        stage, facet, value = key
        dimensions = {"BiasStage": stage, "Facet": facet, "FacetValue": value, "Label": report.label}
        dimensions["LabelValue"] = report.label_text
        limits = {name: limit for name, limit in held.get(key, {}).items() if name in values}
        made.append(Measurement(Subject.BIAS, f"{stage} {facet}={value}", finite(values), finite(limits), dimensions))
    return made


def of_attribution(report: AttributionReport, drifts: Sequence[AttributionDrift]) -> list[Measurement]:
    """Of each output of a model: what it rests on, what it says where nothing is known, what of the order is left."""
    known = {drift.label: drift for drift in drifts}
    made = []
    for label in report.labels:
        values = {**{f"feature_{name}": value for name, value in label.values.items()}, EXPECTED: label.expected}
        limits = {}
        if (drift := known.get(label.label)) is not None:
            values[NDCG], limits[NDCG] = drift.ndcg, drift.threshold
        dimensions = {"Label": label.label, "ExplainabilityMethod": "KernelShap"}
        made.append(Measurement(Subject.ATTRIBUTION, label.label, finite(values), limits, dimensions))
    return made


def finite(values: Mapping[str, float]) -> dict[str, float]:
    """Those of which series can be made."""
    return {name: float(value) for name, value in values.items() if math.isfinite(value)}


def _bias(report: BiasReport) -> dict[tuple[str, str, str], dict[str, float]]:
    return {
        (stage, facet, group.text): {metric.name: metric.value for metric in group.metrics if metric.value is not None}
        for stage, facets in report.stages.items()
        for facet, groups in facets.items()
        for group in groups
    }
