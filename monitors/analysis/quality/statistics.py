"""Metrics of a model and `statistics.json` that holds them.

Format: "Model Quality Metrics" in the SageMaker developer guide; `docs/reference/schemas/statistics_quality.schema.json`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitors.analysis.errors import DocumentError
from monitors.analysis.jsonfile import Document, dump, load, number, parse_number
from monitors.analysis.quality import confusion
from monitors.analysis.quality.config import SECTIONS, QualityConfig
from monitors.analysis.quality.curves import bounded
from monitors.analysis.quality.resampling import Interval
from monitors.analysis.quality.scores import area_deviations, areas, auc_interval, precision_recall, rates
from monitors.analysis.quality.state import PartQuality, QualityState

VERSION = 0.0
_FILE = "statistics.json"


@dataclass(frozen=True)
class QualityMetric:
    """A metric's value, its published standard deviation (NaN where there is none) and its interval."""

    value: float
    standard_deviation: float = math.nan
    interval: Interval | None = None


@dataclass(frozen=True)
class QualityStatistics:
    """A model's quality: `document` is the whole of `statistics.json`, the rest its typed reading.

    Attributes:
        section: `regression`, `binary_classification` or `multiclass_classification`.
        item_count: Rows, those without truth or prediction included.
        metrics: The single numbers by name.
    """

    document: Document
    section: str
    item_count: int
    metrics: Mapping[str, QualityMetric]

    @property
    def measured(self) -> int:
        """Rows that the metrics rest on."""
        dataset = self.document.get("dataset", {})
        return self.item_count - int(dataset.get("missing_labels", 0)) - int(dataset.get("missing_predictions", 0))

    def to_json(self) -> bytes:
        """The file's bytes: strict JSON, the same for the same document."""
        return dump(self.document)


def quality_statistics(data: QualityState | Any, config: QualityConfig | None = None) -> QualityStatistics:
    """The metrics of a model.

    Rows without the truth say nothing about the model and are left out; so are rows without a prediction. Both are
    counted in `dataset`.

    Args:
        data: A state, or a frame (of polars, pandas, or Arrow's) with the columns that `config` names.
        config: What is measured; only with a frame.

    Raises:
        ColumnsError: A column is missing or holds what it must not.
        DocumentError: The configuration is missing.

    Example:
        >>> frame = pl.DataFrame({"y": [0, 0, 1, 1], "p": [0.1, 0.6, 0.4, 0.9]})
        >>> statistics = quality_statistics(frame, QualityConfig("BinaryClassification", "y", probability="p"))
        >>> statistics.metrics["auc"].value, statistics.metrics["recall"].value
        (0.75, 0.5)
    """
    if not isinstance(data, QualityState):
        if config is None:
            raise DocumentError("A frame needs a configuration that names its label and predictions.")
        state = QualityState(config)
        state.update(data)
        data = state
    config = data.config
    whole = data.whole
    dataset = {
        "item_count": whole.rows,
        "missing_labels": whole.missing_labels,
        "missing_predictions": whole.missing_predictions,
    }
    document: Document = {"version": VERSION, "dataset": dataset, f"{config.section}_metrics": _section(whole)}
    if config.segments:
        document["segments"] = {
            name: [_part(part, "value", value) for value, part in _ordered(parts)]
            for name, parts in data.segments.items()
        }
    if config.time is not None:
        document["performance_over_time"] = {
            "every": config.every,
            "buckets": [
                _part(part, "start_time", None if begin is None else f"{begin.isoformat()}Z")
                for begin, part in _ordered(data.buckets)
            ],
        }
    return read_statistics(document)


def parse_quality_statistics(data: bytes | str) -> QualityStatistics:
    """Read a `statistics.json` of model quality, ours or one that SageMaker wrote.

    Raises:
        DocumentError: It is not JSON, not of the format, or of another monitor.
    """
    return read_statistics(load(data, _FILE))


def read_statistics(document: Document) -> QualityStatistics:
    """The typed reading of a statistics document, which is kept as it is.

    Raises:
        DocumentError: It is not of the format.
    """
    section = next((name for name in SECTIONS.values() if f"{name}_metrics" in document), None)
    if section is None:
        raise DocumentError(f"{_FILE} has none of {', '.join(f'{name}_metrics' for name in SECTIONS.values())}.")
    listed = document[f"{section}_metrics"]
    if not isinstance(listed, dict):
        raise DocumentError(f"{_FILE}: {section}_metrics is not an object.")
    metrics = {
        name: _read_metric(value, f"{_FILE}: {name}")
        for name, value in listed.items()
        if isinstance(value, dict) and "value" in value
    }
    dataset = document.get("dataset")
    count = dataset.get("item_count", 0) if isinstance(dataset, dict) else 0
    return QualityStatistics(document, section, int(count), metrics)


def _section(part: PartQuality) -> Document:
    """All metrics of the whole, with deviations, intervals, curves and bins."""
    config = part.config
    if config.problem == "Regression":
        values = part.regression.metrics()
        return _metrics(values, part.regression.deviations(), part.regression.intervals(config.confidence))
    if config.problem == "BinaryClassification":
        return _binary(part)
    classes = part.confusion.classes
    rows, weights = part.confusion.matrices(classes)
    values = {name: float(value) for name, value in confusion.multiclass_metrics(weights, classes).items()}
    made: Document = {"confusion_matrix": confusion.document(weights, classes)}
    made |= _metrics(
        values,
        confusion.deviations(rows, weights, classes, config.seed),
        confusion.intervals(rows, weights, classes, config.confidence, config.seed),
    )
    if config.probabilities:
        made |= _metrics(part.class_scores.metrics(), {}, {})
    return made


def _binary(part: PartQuality) -> Document:
    config = part.config
    matrix, rows = part.count_weights, part.counts
    made: Document = {"confusion_matrix": confusion.document(matrix, ["0", "1"])}
    values = {name: float(value) for name, value in confusion.binary_metrics(matrix).items()}
    deviations = confusion.deviations(rows, matrix, None, config.seed)
    intervals = confusion.intervals(rows, matrix, None, config.confidence, config.seed)
    if config.probability is not None:
        table = part.scores
        tp, fp = rates(table)
        values |= areas(table.positive, table.negative) | part.calibration.metrics()
        deviations |= area_deviations(table, config.seed)
        interval = auc_interval(table, config.confidence)
        intervals |= {} if interval is None else {"auc": interval}
        if tp[-1] > 0 and fp[-1] > 0:
            x, y = bounded(fp / fp[-1], tp / tp[-1], config.curve_points)
            made["receiver_operating_characteristic_curve"] = {
                "false_positive_rates": x.tolist(),
                "true_positive_rates": y.tolist(),
            }
        if tp[-1] > 0:
            x, y = bounded(*precision_recall(tp, fp), config.curve_points)
            made["precision_recall_curve"] = {"precisions": y.tolist(), "recalls": x.tolist()}
        made["reliability_bins"] = part.calibration.reliability()
        if table.rounded:
            made["probabilities_rounded_to"] = 1 / (1 << 22)
    return made | _metrics(values, deviations, intervals)


def _part(part: PartQuality, key: str, value: str | None) -> Document:
    """A segment or time bucket: its rows and the values of its metrics."""
    config = part.config
    if config.problem == "Regression":
        values = part.regression.metrics()
    elif config.problem == "BinaryClassification":
        values = {name: float(found) for name, found in confusion.binary_metrics(part.count_weights).items()}
        if config.probability is not None:
            part.scores.settle()
            values |= areas(part.scores.positive, part.scores.negative) | part.calibration.metrics()
    else:
        classes = part.confusion.classes
        weights = part.confusion.matrices(classes)[1]
        values = {name: float(found) for name, found in confusion.multiclass_metrics(weights, classes).items()}
        if config.probabilities:
            values |= part.class_scores.metrics()
    return {
        key: value,
        "item_count": part.rows,
        "missing_labels": part.missing_labels,
        "missing_predictions": part.missing_predictions,
        "metrics": {
            name: {"value": number(found)} for name, found in values.items() if not name.endswith(confusion.CONSTANT)
        },
    }


def _metrics(
    values: Mapping[str, float], deviations: Mapping[str, float], intervals: Mapping[str, Interval]
) -> Document:
    made: Document = {}
    for name, value in values.items():
        made[name] = {"value": number(value), "standard_deviation": number(deviations.get(name, math.nan))}
        if (interval := intervals.get(name)) is not None:
            made[name]["interval"] = {
                "confidence": interval.confidence,
                "lower": number(interval.lower),
                "upper": number(interval.upper),
                "method": interval.method,
            }
    return made


def _read_metric(found: Document, where: str) -> QualityMetric:
    interval = None
    held = found.get("interval")
    if isinstance(held, dict):
        lower, upper = (parse_number(held.get(key), f"{where} interval.{key}") for key in ("lower", "upper"))
        interval = Interval(float(held.get("confidence", 0.95)), lower, upper, str(held.get("method", "")))
    deviation = parse_number(found.get("standard_deviation", "NaN"), f"{where} standard_deviation")
    return QualityMetric(parse_number(found["value"], f"{where} value"), deviation, interval)


def _ordered(parts: Mapping[Any, PartQuality]) -> list[tuple[Any, PartQuality]]:
    """By key, rows without one last."""
    return sorted(parts.items(), key=lambda item: (item[0] is None, item[0] if item[0] is not None else ""))
