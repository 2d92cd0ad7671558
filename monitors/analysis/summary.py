"""From a profile to the document that describes it."""

from dataclasses import asdict
from typing import Any

import numpy as np

from monitors.analysis.columns import ColumnProfile
from monitors.analysis.errors import DocumentError
from monitors.analysis.jsonfile import Document, number
from monitors.analysis.missing import MOST_PATTERNS
from monitors.analysis.moments import Moments
from monitors.analysis.profile import Profile
from monitors.analysis.sketch import QuantileSketch
from monitors.analysis.statistics import VERSION, Statistics, read_statistics

BUCKETS = 10
MOST_CATEGORIES = 1000
"""Buckets in a categorical distribution (Deequ's `MaximumAllowedDetailBins`)."""


def statistics_of(profile: Profile) -> Statistics:
    """The statistics of a profiled data set.

    Example:
        >>> statistics = statistics_of(profile_dataset(open_dataset("train.csv")))  # doctest: +SKIP
        >>> statistics.features["age"].numerical.mean  # doctest: +SKIP
        38.6
    """
    dataset: Document = {"item_count": profile.rows}
    if profile.broken.count:
        dataset["broken_lines"] = {
            "count": profile.broken.count,
            "examples": [asdict(line) for line in profile.broken.examples],
        }
    if profile.patterns is not None:
        dataset["missing_patterns"] = {
            "patterns": [
                {"missing": list(names), "count": count} for names, count in profile.patterns.top(MOST_PATTERNS)
            ],
            "other_count": profile.rows - sum(count for _, count in profile.patterns.top(MOST_PATTERNS)),
        }
    sketches: dict[str, QuantileSketch] = {}
    features = [_feature(column, column.name in profile.sensitive, sketches) for column in profile.columns.values()]
    return read_statistics({"version": VERSION, "dataset": dataset, "features": features}, sketches)


def grouped_statistics(profile: Profile) -> dict[str, Statistics]:
    """The statistics of every group, by the group's name in their order; empty when nothing was grouped."""
    return {name: statistics_of(profile.groups[name]) for name in sorted(profile.groups)}


def grouped_document(profile: Profile) -> Document:
    """`statistics_by_group.json`: the statistics of all groups and by what they were made.

    Schema: `docs/reference/schemas/statistics_by_group.schema.json`.

    Raises:
        DocumentError: The profile was not grouped.
    """
    if profile.grouping is None:
        raise DocumentError("The profile has no groups; name a column to group by when it is made.")
    return {
        "version": VERSION,
        "group_by": profile.grouping.column,
        "every": profile.grouping.every,
        "groups": [
            {"group": name, "statistics": statistics.document}
            for name, statistics in grouped_statistics(profile).items()
        ],
    }


def _feature(column: ColumnProfile, sensitive: bool, sketches: dict[str, QuantileSketch]) -> Document:
    """A feature's object; the sketch in it, if there is one, is put into `sketches` as well."""
    common = {"num_present": column.present, "num_missing": column.missing}
    inferred = column.inferred_type
    feature: Document = {"name": column.name, "inferred_type": inferred}
    if sensitive or column.forgotten:
        feature["sensitive"] = True
        if inferred in ("Integral", "Fractional"):
            feature["numerical_statistics"] = {"common": common}
        else:
            feature["string_statistics"] = {"common": common, **_distinct(column)}
    elif inferred in ("Integral", "Fractional"):
        # As it is now: the column may go on.
        held = column.sketch
        sketch = sketches[column.name] = QuantileSketch.from_levels(held.levels(), held.size, held.shrinking)
        feature["numerical_statistics"] = _numerical(common, column.moments, sketch)
    else:
        feature["string_statistics"] = _string(common, column)
    feature["type_counts"] = {
        "Integral": column.integral,
        "Fractional": column.fractional,
        "String": column.string,
    }
    return feature


def _numerical(common: Document, moments: Moments, sketch: QuantileSketch) -> Document:
    return {
        "common": common,
        "mean": number(moments.mean),
        "sum": number(moments.sum),
        "std_dev": number(moments.std_dev),
        "min": number(moments.min),
        "max": number(moments.max),
        "distribution": {
            "kll": {
                "buckets": _buckets(moments, sketch),
                "sketch": {
                    "parameters": {"c": sketch.shrinking, "k": float(sketch.size)},
                    "data": [_numbers(level) for level in sketch.levels()],
                },
            }
        },
    }


def _numbers(items: np.ndarray[Any, np.dtype[np.float64]]) -> list[float | str]:
    values: list[float] = items.tolist()
    return [*values] if np.isfinite(items).all() else [number(value) for value in values]


def _buckets(moments: Moments, sketch: QuantileSketch) -> list[Document]:
    """Ten equal steps from the smallest to the largest finite value; counts are ranks in the sketch.

    Infinities are counted in the first and last bucket, whose outer bounds are then infinite. Without a finite value
    there are no buckets.
    """
    if moments.finite == 0:
        return []
    low, high = moments.finite_min, moments.finite_max
    steps = np.arange(BUCKETS + 1) / BUCKETS
    with np.errstate(over="ignore", invalid="ignore"):
        bounds = low + (high - low) * np.arange(BUCKETS + 1) / BUCKETS
    if not np.isfinite(bounds).all():
        # The range is wider than a double reaches: mix the ends instead of adding to one of them.
        bounds = low * (1.0 - steps) + high * steps
    bounds[0], bounds[-1] = moments.min, moments.max
    ranks = sketch.ranks(bounds, inclusive=False)
    ranks[0], ranks[-1] = 0, sketch.total_weight
    return [
        {
            "lower_bound": number(float(bounds[i])),
            "upper_bound": number(float(bounds[i + 1])),
            "count": float(ranks[i + 1] - ranks[i]),
        }
        for i in range(BUCKETS)
    ]


def _string(common: Document, column: ColumnProfile) -> Document:
    categories = column.categories
    top = categories.top(MOST_CATEGORIES) if column.present else []
    return {
        "common": common,
        **_distinct(column),
        "distribution": {
            "categorical": {
                "buckets": [{"value": value, "count": count} for value, count in top],
                "other_count": column.present - sum(count for _, count in top),
                "count_error": categories.error,
            }
        },
    }


def _distinct(column: ColumnProfile) -> Document:
    """How many different texts there are; NaN where a stored profile could not keep them."""
    categories = column.categories
    if column.forgotten:
        return {"distinct_count": "NaN", "distinct_count_exact": False}
    exact = categories.is_exact or column.distinct.is_exact
    distinct = categories.counts.height
    if not categories.is_exact:
        distinct = max(column.distinct.count, min(distinct, MOST_CATEGORIES))
    return {"distinct_count": float(distinct), "distinct_count_exact": exact}
