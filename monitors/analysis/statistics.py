"""`statistics.json`: what a data set looks like, in the format of SageMaker Model Monitor.

Format: "Schema for Statistics" in the SageMaker developer guide; `docs/reference/schemas/statistics.schema.json`.
Beside its keys we write some of our own, which its readers pass over:

* `type_counts` of a feature: how many values are Integral, Fractional, String;
* `other_count` of a categorical distribution: how many values are none of the buckets' (at most 1,000 buckets);
* `count_error` there: by how much a bucket's count may be too small (0: exact), and `distinct_count_exact` beside
  `distinct_count`: whether it was counted rather than estimated;
* `sensitive` of a feature of which only counts may be told: it has no other statistics;
* `broken_lines` and `missing_patterns` of the data set, when there are any or when they were asked for.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from monitors.analysis.columns import InferredType
from monitors.analysis.errors import DocumentError
from monitors.analysis.jsonfile import Document, dump, load, parse_number
from monitors.analysis.sketch import DEFAULT_SHRINKING, DEFAULT_SIZE, QuantileSketch

VERSION = 0.0

TYPES: tuple[InferredType, ...] = ("Integral", "Fractional", "String", "Unknown")


@dataclass(frozen=True)
class NumericalStatistics:
    """The numbers of a feature; all NaN-able fields follow `Moments`."""

    mean: float
    sum: float
    std_dev: float
    min: float
    max: float
    sketch: QuantileSketch | None


@dataclass(frozen=True)
class Categories:
    """How often each text occurs, most frequent first, and how many values are none of them.

    `error` is by how much a count may be too small; the missing part is in `other`.
    """

    counts: Mapping[str, int]
    other: int = 0
    error: int = 0

    @property
    def total(self) -> int:
        """The number of values."""
        return sum(self.counts.values()) + self.other


@dataclass(frozen=True)
class FeatureStatistics:
    """One feature of a statistics file; `numerical` or `categories` is there, or neither.

    Attributes:
        type_counts: Values by type; all under `inferred_type` when the file does not say.
        distinct_count: Of a text feature.
    """

    name: str
    inferred_type: InferredType
    present: int
    missing: int
    type_counts: Mapping[str, int]
    numerical: NumericalStatistics | None = None
    distinct_count: float | None = None
    categories: Categories | None = None

    @property
    def completeness(self) -> float:
        """The share of rows that have a value; NaN without rows."""
        rows = self.present + self.missing
        return self.present / rows if rows else math.nan


@dataclass(frozen=True)
class Statistics:
    """A statistics file: `document` is the whole of it, unknown keys included; the rest is its typed reading."""

    document: Document
    item_count: int
    features: Mapping[str, FeatureStatistics]

    def to_json(self) -> bytes:
        """The file's bytes: strict JSON, the same for the same document."""
        return dump(self.document)


def parse_statistics(data: bytes | str) -> Statistics:
    """Read a `statistics.json`, ours or one that SageMaker wrote.

    Raises:
        DocumentError: It is not JSON or not of the format; the message names the place.
    """
    return read_statistics(load(data, "statistics.json"))


def read_statistics(document: Document, sketches: Mapping[str, QuantileSketch] | None = None) -> Statistics:
    """The typed reading of a statistics document; `document` is kept as it is.

    Args:
        document: What to read.
        sketches: Those of features whose sketch need not be read, because it is known.

    Raises:
        DocumentError: It is not of the format; the message names the place.
    """
    features = document.get("features")
    if not isinstance(features, list):
        raise DocumentError("statistics.json has no list `features`.")
    read: dict[str, FeatureStatistics] = {}
    for position, feature in enumerate(features):
        if not isinstance(feature, dict) or not isinstance(feature.get("name"), str):
            raise DocumentError(f"statistics.json: features[{position}] is not an object with a `name`.")
        if feature["name"] in read:
            raise DocumentError(f"statistics.json: the feature {feature['name']!r} stands twice.")
        read[feature["name"]] = _read_feature(feature, sketches or {})
    dataset = document.get("dataset", {})
    rows = dataset.get("item_count") if isinstance(dataset, dict) else None
    if rows is None:
        rows = max((feature.present + feature.missing for feature in read.values()), default=0)
    return Statistics(document, _count(rows, "dataset.item_count"), read)


def _read_feature(feature: Document, sketches: Mapping[str, QuantileSketch]) -> FeatureStatistics:
    name = feature["name"]
    where = f"statistics.json: {name!r}"
    inferred = feature.get("inferred_type")
    if inferred not in TYPES:
        raise DocumentError(f"{where} has the inferred_type {inferred!r}; one of {', '.join(TYPES)} is needed.")
    numerical, string = feature.get("numerical_statistics"), feature.get("string_statistics")
    statistics = numerical if isinstance(numerical, dict) else string if isinstance(string, dict) else {}
    common = _object(statistics, "common", where)
    present = _count(common.get("num_present", 0), f"{where} num_present")
    missing = _count(common.get("num_missing", 0), f"{where} num_missing")
    counts = feature.get("type_counts")
    return FeatureStatistics(
        name=name,
        inferred_type=cast("InferredType", inferred),
        present=present,
        missing=missing,
        type_counts=counts if isinstance(counts, dict) else {inferred: present},
        numerical=_read_numerical(numerical, where, sketches.get(name)) if isinstance(numerical, dict) else None,
        distinct_count=(
            parse_number(string.get("distinct_count", 0), f"{where} distinct_count")
            if isinstance(string, dict)
            else None
        ),
        categories=_read_categories(string, present, where) if isinstance(string, dict) else None,
    )


def _read_numerical(statistics: Document, where: str, sketch: QuantileSketch | None) -> NumericalStatistics:
    mean, total, std_dev, low, high = (
        parse_number(statistics.get(key, "NaN"), f"{where} {key}") for key in ("mean", "sum", "std_dev", "min", "max")
    )
    kll = _object(_object(statistics, "distribution", where), "kll", where)
    stored = _object(kll, "sketch", where)
    if sketch is None and "data" in stored:
        levels = stored["data"]
        if not isinstance(levels, list) or not all(isinstance(level, list) for level in levels):
            raise DocumentError(f"{where} distribution.kll.sketch.data is not a list of lists.")
        parameters = _object(stored, "parameters", where)
        items = [[parse_number(item, f"{where} sketch item") for item in level] for level in levels]
        sketch = QuantileSketch.from_levels(
            items,
            size=int(parse_number(parameters.get("k", DEFAULT_SIZE), f"{where} sketch k")),
            shrinking=parse_number(parameters.get("c", DEFAULT_SHRINKING), f"{where} sketch c"),
        )
    return NumericalStatistics(mean, total, std_dev, low, high, sketch)


def _read_categories(statistics: Document, present: int, where: str) -> Categories | None:
    categorical = _object(statistics, "distribution", where).get("categorical")
    if not isinstance(categorical, dict):
        return None
    counts: dict[str, int] = {}
    for bucket in categorical.get("buckets") or []:
        if not isinstance(bucket, dict) or not isinstance(bucket.get("value"), str):
            raise DocumentError(f"{where} has a categorical bucket without a text `value`.")
        counts[bucket["value"]] = _count(bucket.get("count"), f"{where} bucket {bucket['value']!r}")
    other = categorical.get("other_count")
    return Categories(
        counts,
        max(present - sum(counts.values()), 0) if other is None else _count(other, f"{where} other_count"),
        _count(categorical.get("count_error", 0), f"{where} count_error"),
    )


def _object(document: Document, key: str, where: str) -> Document:
    value = document.get(key, {})
    if not isinstance(value, dict):
        raise DocumentError(f"{where} has a `{key}` that is not an object.")
    return value


def _count(value: object, where: str) -> int:
    counted = parse_number(value, where)
    if counted < 0 or not counted.is_integer():
        raise DocumentError(f"{where} is {value!r}; a whole number from 0 on is needed.")
    return int(counted)
