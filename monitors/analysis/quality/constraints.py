"""`constraints.json` of model quality, and where a model breaks it.

Format: "Create a Model Quality Baseline" in the SageMaker developer guide;
`docs/reference/schemas/constraints_quality.schema.json`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from monitors.analysis.errors import DocumentError
from monitors.analysis.jsonfile import Document, dump, load, number, parse_number
from monitors.analysis.quality.config import SECTIONS
from monitors.analysis.quality.resampling import Interval
from monitors.analysis.quality.statistics import VERSION, QualityStatistics
from monitors.analysis.violations import listed_violations, optional_number

Operator = Literal["LessThanThreshold", "GreaterThanThreshold"]

_FILE = "constraints.json"
_ERRORS = ("mae", "mse", "rmse", "false_positive_rate", "false_negative_rate")
_SCORES = (
    "r2",
    "recall",
    "precision",
    "accuracy",
    "true_positive_rate",
    "true_negative_rate",
    "auc",
    "f0_5",
    "f1",
    "f2",
)
SUGGESTED: Mapping[str, Operator] = {
    **dict.fromkeys(_ERRORS, "GreaterThanThreshold"),
    **dict.fromkeys(_SCORES, "LessThanThreshold"),
    **{f"weighted_{name}": "LessThanThreshold" for name in ("recall", "precision", "f0_5", "f1", "f2")},
}
"""The metrics that get a constraint, those of Model Monitor, and when they violate it."""


@dataclass(frozen=True)
class QualityConstraint:
    """A metric violates it by lying below (or above) the threshold."""

    threshold: float
    comparison_operator: Operator


@dataclass(frozen=True)
class QualityConstraints:
    """A constraints file: `document` is the whole of it, unknown keys included; the rest is its typed reading."""

    document: Document
    section: str
    metrics: Mapping[str, QualityConstraint]

    def to_json(self) -> bytes:
        """The file's bytes: strict JSON, the same for the same document."""
        return dump(self.document)


@dataclass(frozen=True)
class QualityViolation:
    """A metric on the wrong side of its threshold; `sample_size` are the rows that it rests on."""

    metric_name: str
    constraint_check_type: Operator
    description: str
    observed: float
    threshold: float
    sample_size: int
    interval: Interval | None = None

    def to_document(self) -> Document:
        """The violation as it stands in the file."""
        document: Document = {
            "constraint_check_type": self.constraint_check_type,
            "description": self.description,
            "metric_name": self.metric_name,
            "expected": number(self.threshold),
            "observed": number(self.observed),
            "threshold": number(self.threshold),
            "sample_size": self.sample_size,
        }
        if self.interval is not None:
            document["interval"] = {
                "confidence": self.interval.confidence,
                "lower": number(self.interval.lower),
                "upper": number(self.interval.upper),
                "method": self.interval.method,
            }
        return document


def suggest_quality_constraints(statistics: QualityStatistics) -> QualityConstraints:
    """Constraints that the model behind `statistics` just satisfies: its own values are the thresholds.

    Raises:
        DocumentError: No metric could be computed.
    """
    suggested = {
        name: {"threshold": statistics.metrics[name].value, "comparison_operator": operator}
        for name, operator in SUGGESTED.items()
        if name in statistics.metrics and math.isfinite(statistics.metrics[name].value)
    }
    if not suggested or statistics.measured <= 0:
        raise DocumentError(
            "Constraints can't be suggested: no row has both a label and a prediction. Give data with both."
        )
    return read_quality_constraints({"version": VERSION, f"{statistics.section}_constraints": suggested})


def parse_quality_constraints(data: bytes | str) -> QualityConstraints:
    """Read a `constraints.json` of model quality, ours, SageMaker's, or edited by hand.

    Raises:
        DocumentError: It is not JSON, not of the format, or of another monitor.
    """
    return read_quality_constraints(load(data, _FILE))


def read_quality_constraints(document: Document) -> QualityConstraints:
    """The typed reading of a constraints document, which is kept as it is.

    Raises:
        DocumentError: It is not of the format; the message names the place.
    """
    section = next((name for name in SECTIONS.values() if f"{name}_constraints" in document), None)
    if section is None:
        raise DocumentError(f"{_FILE} has none of {', '.join(f'{name}_constraints' for name in SECTIONS.values())}.")
    listed = document[f"{section}_constraints"]
    if not isinstance(listed, dict):
        raise DocumentError(f"{_FILE}: {section}_constraints is not an object.")
    metrics = {}
    for name, found in listed.items():
        where = f"{_FILE}: {name}"
        if not isinstance(found, dict):
            raise DocumentError(f"{where} is not an object with `threshold` and `comparison_operator`.")
        operator = found.get("comparison_operator")
        if operator not in ("LessThanThreshold", "GreaterThanThreshold"):
            raise DocumentError(
                f"{where}: comparison_operator is {operator!r}; LessThanThreshold or GreaterThanThreshold is needed."
            )
        threshold = parse_number(_unquoted(found.get("threshold")), f"{where}: threshold")
        metrics[name] = QualityConstraint(threshold, operator)
    return QualityConstraints(document, section, metrics)


def find_quality_violations(statistics: QualityStatistics, constraints: QualityConstraints) -> list[QualityViolation]:
    """The metrics on the wrong side of their thresholds, in the constraints' order.

    A metric that can't be computed, such as the AUC of one class, is passed over.

    Raises:
        DocumentError: The two are of different problems.
    """
    if statistics.section != constraints.section:
        raise DocumentError(f"These are constraints of {constraints.section}, but statistics of {statistics.section}.")
    found = []
    for name, constraint in constraints.metrics.items():
        metric = statistics.metrics.get(name)
        if metric is None or math.isnan(metric.value):
            continue
        below = constraint.comparison_operator == "LessThanThreshold"
        if metric.value < constraint.threshold if below else metric.value > constraint.threshold:
            value, threshold = number(metric.value), number(constraint.threshold)
            found.append(
                QualityViolation(
                    metric_name=name,
                    constraint_check_type=constraint.comparison_operator,
                    description=f"Metric {name} with {value} was {constraint.comparison_operator} {threshold}",
                    observed=metric.value,
                    threshold=constraint.threshold,
                    sample_size=statistics.measured,
                    interval=metric.interval,
                )
            )
    return found


def quality_violations_document(violations: Sequence[QualityViolation]) -> Document:
    """The whole of `constraint_violations.json`."""
    return {"violations": [violation.to_document() for violation in violations]}


def quality_violations_to_json(violations: Sequence[QualityViolation]) -> bytes:
    """The bytes of `constraint_violations.json`: strict JSON, the same for the same violations."""
    return dump(quality_violations_document(violations))


def _unquoted(value: object) -> object:
    """A number that SageMaker wrote as a text."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def parse_quality_violations(data: bytes | str) -> list[QualityViolation]:
    """Read a `constraint_violations.json` of model quality, ours or one that SageMaker wrote.

    Raises:
        DocumentError: It is not JSON or not of the format.
    """
    return [_read_violation(item) for item in listed_violations(load(data, "constraint_violations.json"))]


def _read_violation(item: Document) -> QualityViolation:
    if not isinstance(item.get("metric_name"), str):
        raise DocumentError("constraint_violations.json holds a violation without a `metric_name`.")
    observed, threshold, rows = (optional_number(item, key) for key in ("observed", "threshold", "sample_size"))
    found = item.get("interval")
    return QualityViolation(
        item["metric_name"],
        item.get("constraint_check_type", "LessThanThreshold"),
        str(item.get("description", "")),
        math.nan if observed is None else observed,
        math.nan if threshold is None else threshold,
        int(rows or 0),
        Interval(
            float(found.get("confidence", 0.95)),
            parse_number(found.get("lower"), "interval"),
            parse_number(found.get("upper"), "interval"),
            str(found.get("method", "")),
        )
        if isinstance(found, dict)
        else None,
    )
