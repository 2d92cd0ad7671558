"""The report on a model's quality: metrics against their thresholds, confusions, curves, groups and time."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from monitors.analysis.quality.config import QualityConfig
from monitors.analysis.quality.confusion import CONSTANT
from monitors.model_quality import QualityFound
from monitors.runs import Subject
from reports.charts.bars import Bar, bars
from reports.charts.grids import confusion
from reports.charts.lines import Point, curve, over_time
from reports.documents import Document, Figure, Figures, Notice, Paragraph, Part, Section, Table
from reports.monitoring.subjects import report, verdict
from reports.numbers import interval, number

MAIN = {"regression": "rmse", "binary_classification": "f1", "multiclass_classification": "weighted_f1"}
"""The metric that segments and times are compared by."""

MOST_SEGMENTS = 20


def quality_document(subject: Subject, found: QualityFound) -> Document:
    """The report of a run, or of a baseline, which has no violations to tell of."""
    statistics = found.statistics
    dataset = statistics.document.get("dataset", {})
    asked = f"{number(len(found.constraints.metrics))} metrics"
    sections: list[Section] = []
    if subject.baseline is None:
        parts: list[Part] = [Notice("note", "A baseline", f"{asked} have thresholds that later predictions must keep.")]
    else:
        parts = [verdict(len(found.violations), [item.metric_name for item in found.violations], asked)]
        sections.append(_violations(found))
    unlabelled, unpredicted = (int(dataset.get(key, 0)) for key in ("missing_labels", "missing_predictions"))
    if unlabelled + unpredicted:
        said = f"{number(unlabelled)} rows have no label, {number(unpredicted)} no prediction."
        parts.append(Notice("note", f"{number(unlabelled + unpredicted)} rows are left out", said))
    sections += measured(found)
    facts = [] if found.config is None else _facts(found.config, statistics.measured)
    return report(subject, parts, sections, facts=facts)


def measured(found: QualityFound) -> list[Section]:
    """What was measured: metrics, confusions and curves, segments, times."""
    return [_metrics(found), *_pictures(found), *_segments(found), *_times(found)]


def _facts(config: QualityConfig, measured: int) -> list[tuple[str, str]]:
    pairs = [
        ("Problem", config.problem),
        ("Label", config.label + (f"; positive: {config.positive}" if config.positive else "")),
    ]
    if config.prediction is not None:
        pairs.append(("Predictions", config.prediction))
    if config.probability is not None:
        above = "" if config.prediction is not None else f"; positive above {number(config.probability_threshold)}"
        pairs.append(("Probability", config.probability + above))
    if config.weight is not None:
        pairs.append(("Weights", config.weight))
    return [*pairs, ("Rows measured", number(measured))]


def _violations(found: QualityFound) -> Section:
    if not found.violations:
        return Section("Violations", (Paragraph("There are none."),))
    rows = tuple(
        (
            item.metric_name,
            "below" if item.constraint_check_type == "LessThanThreshold" else "above",
            number(item.threshold),
            number(item.observed),
            "–" if item.interval is None else interval(item.interval.lower, item.interval.upper),
            number(item.sample_size),
        )
        for item in found.violations
    )
    columns = ("Metric", "Lies", "Threshold", "Observed", "Interval", "Rows")
    caption = "Metrics on the wrong side of their threshold"
    table = Table(caption, columns, rows, frozenset({2, 3, 4, 5}), "All stand in constraint_violations.json.")
    return Section("Violations", (table,))


def _metrics(found: QualityFound) -> Section:
    bad = {item.metric_name for item in found.violations}
    held = found.constraints.metrics
    shown = {name: metric for name, metric in found.statistics.metrics.items() if not name.endswith(CONSTANT)}
    rows = tuple(
        (
            name,
            number(metric.value),
            number(metric.standard_deviation),
            "–" if metric.interval is None else interval(metric.interval.lower, metric.interval.upper),
            number(held[name].threshold) if name in held else "–",
            number(found.statistics.metrics[name + CONSTANT].value)
            if name + CONSTANT in found.statistics.metrics
            else "–",
        )
        for name, metric in shown.items()
    )
    columns = ("Metric", "Value", "Deviation", "Interval", "Threshold", "Best constant")
    parts: list[Part] = []
    if found.statistics.section != "regression":
        items = [
            Bar(
                *(name, metric.value, None, held[name].threshold if name in held else None),
                None if metric.interval is None else (metric.interval.lower, metric.interval.upper),
                bad=name in bad,
            )
            for name, metric in shown.items()
            if not math.isnan(metric.value) and 0 <= metric.value <= 1
        ]
        parts.append(bars("Metrics and their thresholds", items, measure="value", subject="Metric"))
    parts.append(Table("All metrics", columns, rows, frozenset(range(1, 6)), "All stand in statistics.json."))
    return Section("Metrics", parts)


def _pictures(found: QualityFound) -> list[Section]:
    """Confusions, and of a model with probabilities its curves."""
    section: Mapping[str, Any] = found.statistics.document[f"{found.statistics.section}_metrics"]
    figures: list[Figure] = []
    parts: list[Part] = []
    if matrix := section.get("confusion_matrix"):
        drawn = confusion("Confusion matrix", matrix)
        if isinstance(drawn, Figure):
            figures.append(drawn)
        else:
            parts.append(drawn)
    if roc := section.get("receiver_operating_characteristic_curve"):
        figures.append(
            curve(
                *("ROC curve", roc["false_positive_rates"], roc["true_positive_rates"]),
                axes=("false positive rate", "true positive rate"),
                area=found.statistics.metrics["auc"].value,
                chance=((0, 0), (1, 1)),
            )
        )
    if precision := section.get("precision_recall_curve"):
        figures.append(
            curve(
                *("Precision over recall", precision["recalls"], precision["precisions"]), axes=("recall", "precision")
            )
        )
    if bins := [item for item in section.get("reliability_bins", []) if item["count"]]:
        figures.append(
            curve(
                "Calibration",
                [item["mean_probability"] for item in bins],
                [item["positive_rate"] for item in bins],
                axes=("mean probability", "share of positives"),
                chance=((0, 0), (1, 1)),
            )
        )
    if figures:
        parts.append(Figures(tuple(figures)))
    return [Section("Confusions and curves", parts)] if parts else []


def _segments(found: QualityFound) -> list[Section]:
    segments = found.statistics.document.get("segments")
    if not segments:
        return []
    main = MAIN[found.statistics.section]
    parts: list[Part] = []
    for column, listed in segments.items():
        items = [
            Bar("(missing)" if item["value"] is None else str(item["value"]), _main(item, main)) for item in listed
        ]
        kept = items[:MOST_SEGMENTS]
        parts.append(bars(f"{main} by {column}", kept, measure=main, subject=column, threshold=_held(found, main)))
        if len(items) > len(kept):
            parts.append(Paragraph(f"{len(items) - len(kept)} more values of {column} stand in statistics.json."))
        parts.append(_rows(f"Rows by {column}", column, [bar.label for bar in items], listed))
    return [Section("Segments", parts)]


def _times(found: QualityFound) -> list[Section]:
    times = found.statistics.document.get("performance_over_time")
    if not times:
        return []
    main, listed = MAIN[found.statistics.section], times["buckets"]
    held = found.constraints.metrics.get(main)
    dated = [item for item in listed if item["start_time"] is not None]
    points = []
    for item in dated:
        value = _main(item, main)
        below = (
            held is not None
            and value is not None
            and held.comparison_operator == "LessThanThreshold"
            and value < held.threshold
        )
        above = (
            held is not None
            and value is not None
            and held.comparison_operator == "GreaterThanThreshold"
            and value > held.threshold
        )
        points.append(Point(_day(item["start_time"]), value, below or above))
    figure = over_time(f"{main} by {times['every']}", points, measure=main, threshold=_held(found, main))
    return [Section("Over time", (figure, _rows("Rows by time", "From", [point.when for point in points], dated)))]


def _rows(caption: str, column: str, names: Sequence[str], listed: Sequence[Mapping[str, Any]]) -> Table:
    rows = tuple(
        (name, number(item["item_count"]), number(item["missing_labels"]), number(item["missing_predictions"]))
        for name, item in zip(names, listed, strict=True)
    )
    columns = (column, "Rows", "Without label", "Without prediction")
    return Table(caption, columns, rows, frozenset({1, 2, 3}), "All stand in statistics.json.")


def _main(item: Mapping[str, Any], metric: str) -> float | None:
    value = item["metrics"].get(metric, {}).get("value")
    return float(value) if isinstance(value, int | float) else None


def _held(found: QualityFound, metric: str) -> float | None:
    constraint = found.constraints.metrics.get(metric)
    return None if constraint is None else constraint.threshold


def _day(time: str) -> str:
    """A time without its hour where that says nothing."""
    return time.removesuffix("Z").removesuffix("T00:00:00")
