"""Bias that grew beyond a baseline's, and `constraint_violations.json` that says so."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from monitors.analysis.bias.document import VERSION
from monitors.analysis.bias.metrics import METRICS, Stage
from monitors.analysis.bias.report import BiasReport, GroupBias, MetricValue
from monitors.analysis.errors import DocumentError
from monitors.analysis.jsonfile import Document, dump, load, number
from monitors.analysis.replicates import Interval, interval_document, read_interval
from monitors.analysis.violations import listed_violations, optional_number

DriftMode = Literal["distance", "aws"]

CHECK = "bias_drift_check"
TOLERANCE = 0.05
"""How much further from its fair value a metric may lie than in the baseline; natural logarithms for DI."""


@dataclass(frozen=True)
class BiasViolation:
    """A bias metric that is worse than its baseline.

    Attributes:
        facet, facet_value, metric_name: What was measured.
        stage: Before or after training.
        description: For people, in the wording of SageMaker Clarify.
        expected: The baseline's value.
        observed: The current value; None when it can't be computed though the baseline's could.
        threshold: What the distance of `observed` from the fair value was held against.
        sample_size: Rows that the metric rests on, those of the group and those compared with it.
        method: `distance` or `aws`, as `find_bias_violations` describes them.
        interval: Of `observed`, where one was computed.
    """

    facet: str
    facet_value: str
    metric_name: str
    stage: Stage
    description: str
    expected: float
    observed: float | None
    threshold: float
    sample_size: int
    method: DriftMode
    interval: Interval | None = None

    def to_document(self) -> Document:
        """The violation as it stands in the file."""
        document: Document = {
            "facet": self.facet,
            "facet_value": self.facet_value,
            "metric_name": self.metric_name,
            "constraint_check_type": CHECK,
            "description": self.description,
            "stage": self.stage,
            "expected": number(self.expected),
            "observed": None if self.observed is None else number(self.observed),
            "threshold": number(self.threshold),
            "sample_size": self.sample_size,
            "method": self.method,
        }
        if self.interval is not None:
            document["interval"] = interval_document(self.interval)
        return document


def find_bias_violations(
    current: BiasReport, baseline: BiasReport, *, mode: DriftMode = "distance", tolerance: float = TOLERANCE
) -> list[BiasViolation]:
    """Hold bias metrics against those of a baseline.

    Mode `distance`: a metric drifted when its distance from the fair value is greater than the baseline's by more than
    the tolerance. The distance is |m|, the fair value being 0, and |ln DI| for DI, whose fair value is 1. A metric that
    the baseline has and that can't be computed any more, because a group has vanished, is a violation too.

    Mode `aws`: |current| > |baseline|, literally, for DI as well: so a DI that falls from 0.95 to 0.40 is no drift, and
    its way back is. This is what SageMaker Clarify's monitor reports.

    Groups and metrics that the baseline has no value for are passed over.

    Args:
        current: The report in question, computed here or read from `analysis.json`.
        baseline: What it is held against.
        mode: What counts as drift.
        tolerance: Only for `distance`.

    Example:
        >>> distance("DI", 0.4) > distance("DI", 0.95), distance("DI", 2.0) == distance("DI", 0.5)
        (True, True)
    """
    found: list[BiasViolation] = []
    for stage, facets in baseline.stages.items():
        for facet, groups in facets.items():
            now = {group_key(group.text): group for group in current.stages.get(stage, {}).get(facet, ())}
            if not now and facet not in current.stages.get(stage, {}):
                continue
            for group in groups:
                found += _group_violations(stage, facet, group, now.get(group_key(group.text)), mode, tolerance)
    return found


def distance(name: str, value: float) -> float:
    """How far a metric lies from its fair value."""
    metric = METRICS.get(name)
    if metric is None or metric.fair == 0:
        return abs(value)
    if value <= 0 or math.isinf(value):
        return math.inf
    return abs(math.log(value / metric.fair))


def bias_violations_document(violations: Sequence[BiasViolation]) -> Document:
    """The whole of `constraint_violations.json`."""
    return {"version": VERSION, "violations": [violation.to_document() for violation in violations]}


def bias_violations_to_json(violations: Sequence[BiasViolation]) -> bytes:
    """The bytes of `constraint_violations.json`: strict JSON, the same for the same violations."""
    return dump(bias_violations_document(violations))


def parse_bias_violations(data: bytes | str) -> list[BiasViolation]:
    """Read a `constraint_violations.json` of bias, ours or Clarify's.

    Raises:
        DocumentError: It is not JSON or not of the format.
    """
    return [_read_violation(item) for item in listed_violations(load(data, "constraint_violations.json"))]


def _read_violation(item: Document) -> BiasViolation:
    if not all(isinstance(item.get(key), str) for key in ("facet", "metric_name")):
        raise DocumentError("constraint_violations.json holds a violation without a `facet` or a `metric_name`.")
    found = item.get("interval")
    expected, threshold, rows = (optional_number(item, key) for key in ("expected", "threshold", "sample_size"))
    return BiasViolation(
        item["facet"],
        str(item.get("facet_value", "")),
        item["metric_name"],
        item.get("stage", "post_training"),
        str(item.get("description", "")),
        math.nan if expected is None else expected,
        optional_number(item, "observed"),
        math.nan if threshold is None else threshold,
        int(rows or 0),
        item.get("method", "aws"),
        read_interval(found, "constraint_violations.json") if isinstance(found, dict) else None,
    )


def group_key(text: str) -> str:
    """A group across data sets: an interval's end is the largest value there was, and so no part of its name."""
    intervals = text.split("],(") if text.startswith("(") and text.endswith("]") else []
    if not intervals or ", " not in intervals[-1]:
        return text
    last = intervals[-1].rsplit(", ", 1)[0].lstrip("(")
    try:
        low = float(last)
    except ValueError:
        return text
    return "],(".join([*intervals[:-1], f"{low}, …"])


def _group_violations(
    stage: Stage, facet: str, before: GroupBias, now: GroupBias | None, mode: DriftMode, tolerance: float
) -> Iterator[BiasViolation]:
    metrics = {} if now is None else {metric.name: metric for metric in now.metrics}
    for metric in before.metrics:
        if metric.value is None:
            continue
        current = metrics.get(metric.name)
        if current is None and now is not None:
            continue  # this metric was not asked for
        value = None if current is None else current.value
        if mode == "aws":
            threshold = abs(metric.value)
            drifted = value is not None and abs(value) > threshold
        else:
            threshold = distance(metric.name, metric.value) + tolerance
            drifted = value is None or distance(metric.name, value) > threshold
        if drifted:
            yield BiasViolation(
                facet=facet,
                facet_value=before.text if now is None else now.text,
                metric_name=metric.name,
                stage=stage,
                description=_description(metric, current),
                expected=metric.value,
                observed=value,
                threshold=threshold,
                sample_size=0 if now is None else now.rows + now.others,
                method=mode,
                interval=None if current is None else current.interval,
            )


def _description(before: MetricValue, now: MetricValue | None) -> str:
    assert before.value is not None, "only metrics with a value are constraints"
    if now is None or now.value is None:
        why = "The group is not in the data." if now is None else now.error
        return f"Metric can't be computed: {why} The baseline constraint requirement is {number(before.value)}."
    return f"Metric value {number(now.value)} doesn't meet the baseline constraint requirement {number(before.value)}"
