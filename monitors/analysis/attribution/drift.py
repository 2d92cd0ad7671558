"""Attributions that no longer stand in the baseline's order, and `constraint_violations.json` that says so."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from monitors.analysis.attribution.aggregation import resampled
from monitors.analysis.attribution.explanation import Numbers
from monitors.analysis.attribution.report import CONFIDENCE, REPLICATES, AttributionReport, LabelAttribution
from monitors.analysis.errors import DocumentError
from monitors.analysis.jsonfile import Document, dump, load, parse_number
from monitors.analysis.replicates import Interval, interval_document, percentile_interval, read_interval

CHECK = "feature_attribution_drift_check"
METRIC = "shap"
THRESHOLD = 0.9
VERSION = "1.0"


@dataclass(frozen=True)
class FeatureChange:
    """A feature's global value and its rank (1 is the largest amount) in the baseline and now."""

    name: str
    baseline_value: float
    value: float
    baseline_rank: int
    rank: int

    def to_document(self) -> Document:
        """The change as it stands in our files."""
        return {
            "name": self.name,
            "baseline_value": self.baseline_value,
            "value": self.value,
            "baseline_rank": self.baseline_rank,
            "rank": self.rank,
        }


@dataclass(frozen=True)
class AttributionDrift:
    """How far the order of a label's attributions is still the baseline's.

    Attributes:
        label: The output.
        ndcg: 1 for the baseline's order, less for others.
        threshold: Below it there is drift.
        interval: Of `ndcg`, from a bootstrap over the current rows; None without their values.
        sample_size: Rows that were explained.
        baseline_sample_size: In the baseline; 0 if its file does not say.
        features: In the baseline's order.
    """

    label: str
    ndcg: float
    threshold: float
    interval: Interval | None
    sample_size: int
    baseline_sample_size: int
    features: tuple[FeatureChange, ...]

    @property
    def drifted(self) -> bool:
        """Whether this is a violation."""
        return self.ndcg < self.threshold

    def to_document(self) -> Document:
        """The drift as it stands in `analysis.json` and, with AWS's keys before it, among violations."""
        document: Document = {
            "expected": 1.0,
            "observed": self.ndcg,
            "threshold": self.threshold,
            "sample_size": self.sample_size,
            "baseline_sample_size": self.baseline_sample_size,
            "method": "ndcg",
            "features": [feature.to_document() for feature in self.features],
        }
        if self.interval is not None:
            document["interval"] = interval_document(self.interval)
        return document


@dataclass(frozen=True)
class AttributionViolation:
    """A label whose attributions have drifted."""

    drift: AttributionDrift

    @property
    def label(self) -> str:
        """The output."""
        return self.drift.label

    @property
    def description(self) -> str:
        """For people, in the wording of SageMaker Clarify."""
        return f"Feature attribution drift {self.drift.ndcg} exceeds threshold {self.drift.threshold}"

    def to_document(self) -> Document:
        """The violation as it stands in the file."""
        return {
            "label": self.label,
            "metric_name": METRIC,
            "constraint_check_type": CHECK,
            "description": self.description,
            **self.drift.to_document(),
        }


def ndcg(baseline: Numbers, current: Numbers) -> Numbers:
    """Normalised discounted cumulative gain of an order of features, the gain being the baseline's amount.

    DCG = Σ aᵢ / log₂(i + 1) over the features in the order of the current amounts, divided by that of the baseline's own
    order. Features with the same current amount share the mean of their gains (McSherry and Najork, ECIR 2008). Where the
    baseline has no gain at all it is 1 if the current amounts are all 0 as well, else 0. Source: "Feature attribution
    drift" in the SageMaker developer guide; Järvelin and Kekäläinen (2002).

    Args:
        baseline: Global values: (features,).
        current: Global values: (features,), or several of them: (…, features).

    Example:
        >>> float(ndcg(np.array([0.70, 0.50, 0.05]), np.array([0.10, 0.20, 0.70])).round(7))
        0.6876396
    """
    gains, amounts = np.abs(baseline), np.atleast_2d(np.abs(current))
    discounts = 1 / np.log2(np.arange(2, gains.shape[-1] + 2))
    ideal = float(np.sort(gains)[::-1] @ discounts)
    if ideal == 0:
        reached = np.where((amounts == 0).all(axis=-1), 1.0, 0.0)
    else:
        order = np.argsort(-amounts, axis=-1, kind="stable")
        ordered = np.take_along_axis(amounts, order, axis=-1)
        reached = np.array(
            [_shared(gains[places], held) @ discounts for places, held in zip(order, ordered, strict=True)]
        )
        reached = np.minimum(1.0, reached / ideal)
    return reached.reshape(np.shape(current)[:-1])


def find_attribution_drift(
    current: AttributionReport,
    baseline: AttributionReport,
    *,
    threshold: float = THRESHOLD,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> list[AttributionDrift]:
    """The drift of every label that the baseline has.

    Both reports should come from the same explainer, seed and baseline rows, so that what the estimate is off by is the
    same in both.

    Args:
        current: The report in question.
        baseline: What it is held against, computed here or read from `analysis.json`.
        threshold: Below this NDCG there is drift.
        replicates: Bootstrap samples for the interval; 0 for none.
        seed: Of the bootstrap.

    Raises:
        DocumentError: A label is not in the current report, or has other features.
    """
    if not 0 < threshold <= 1:
        raise DocumentError(f"The threshold of the NDCG is {threshold}; a number above 0, at most 1, is needed.")
    now = {label.label: (position, label) for position, label in enumerate(current.labels)}
    found = []
    for before in baseline.labels:
        if before.label not in now:
            raise DocumentError(
                f"The baseline has the label {before.label!r}, the model now {', '.join(map(repr, now))}: another model?"
            )
        position, label = now[before.label]
        if set(before.values) != set(label.values):
            different = sorted(set(before.values) ^ set(label.values))
            raise DocumentError(f"The baseline and the model now have different features: {', '.join(different)}.")
        gains = np.array([before.values[name] for name in label.values])
        whole = float(ndcg(gains, np.array(list(label.values.values()))))
        interval = None
        if current.local is not None and replicates:
            values = current.local.explanation.values[:, :, position]
            drawn = ndcg(gains, resampled(values, current.aggregation, replicates, seed))
            interval = percentile_interval(drawn, CONFIDENCE)
        found.append(
            AttributionDrift(
                *(before.label, whole, threshold, interval, current.explained, baseline.explained),
                _changes(before, label),
            )
        )
    return found


def attribution_violations(drifts: Sequence[AttributionDrift]) -> list[AttributionViolation]:
    """The drifts that are violations."""
    return [AttributionViolation(drift) for drift in drifts if drift.drifted]


def attribution_violations_to_json(violations: Sequence[AttributionViolation]) -> bytes:
    """The bytes of `constraint_violations.json`: strict JSON, the same for the same violations."""
    return dump({"version": VERSION, "violations": [violation.to_document() for violation in violations]})


def _shared(gains: Numbers, held: Numbers) -> Numbers:
    """Gains in order, with the mean of its run where neighbours hold the same amount."""
    same = held[1:] == held[:-1]
    if not same.any():
        return gains
    runs = np.concatenate([[0], np.cumsum(~same)])
    means = np.bincount(runs, gains) / np.bincount(runs)
    return np.asarray(means[runs])


def _changes(before: LabelAttribution, now: LabelAttribution) -> tuple[FeatureChange, ...]:
    old, new = _ranks(before), _ranks(now)
    return tuple(
        FeatureChange(name, before.values[name], now.values[name], old[name], new[name])
        for name in sorted(old, key=lambda name: old[name])
    )


def _ranks(label: LabelAttribution) -> dict[str, int]:
    names = sorted(label.values, key=lambda name: -abs(label.values[name]))
    return {name: rank for rank, name in enumerate(names, 1)}


def parse_attribution_drifts(data: bytes | str) -> list[AttributionDrift]:
    """The drifts that an `analysis.json` of ours holds; none of a baseline's.

    Raises:
        DocumentError: It is not JSON or not of the format.
    """
    found = load(data, "analysis.json").get("attribution_drift", {})
    if not isinstance(found, dict):
        raise DocumentError("analysis.json has an attribution_drift that is not an object.")
    try:
        return [_read_drift(label, item) for label, item in found.items()]
    except (KeyError, TypeError, AttributeError) as error:
        raise DocumentError(f"analysis.json: attribution_drift is not of the format ({error}).") from error


def _read_drift(label: str, item: Document) -> AttributionDrift:
    where = f"analysis.json: attribution_drift.{label}"
    interval = item.get("interval")
    return AttributionDrift(
        label,
        parse_number(item["observed"], where),
        parse_number(item["threshold"], where),
        None if interval is None else read_interval(interval, where),
        int(item.get("sample_size", 0)),
        int(item.get("baseline_sample_size", 0)),
        tuple(
            FeatureChange(
                str(feature["name"]),
                parse_number(feature["baseline_value"], where),
                parse_number(feature["value"], where),
                int(feature["baseline_rank"]),
                int(feature["rank"]),
            )
            for feature in item["features"]
        ),
    )
