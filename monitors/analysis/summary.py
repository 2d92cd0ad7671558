"""From a profile to the document that describes it."""

from typing import Any

import numpy as np

from monitors.analysis.columns import ColumnProfile
from monitors.analysis.jsonfile import Document, number
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
    return read_statistics(
        {
            "version": VERSION,
            "dataset": {"item_count": profile.rows},
            "features": [_feature(column) for column in profile.columns.values()],
        }
    )


def _feature(column: ColumnProfile) -> Document:
    common = {"num_present": column.present, "num_missing": column.missing}
    inferred = column.inferred_type
    feature: Document = {"name": column.name, "inferred_type": inferred}
    if inferred in ("Integral", "Fractional"):
        feature["numerical_statistics"] = _numerical(common, column.moments, column.sketch)
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
    exact = categories.is_exact or column.distinct.is_exact
    distinct = categories.counts.height if categories.is_exact else max(column.distinct.count, len(top))
    return {
        "common": common,
        "distinct_count": float(distinct),
        "distinct_count_exact": exact,
        "distribution": {
            "categorical": {
                "buckets": [{"value": value, "count": count} for value, count in top],
                "other_count": column.present - sum(count for _, count in top),
                "count_error": categories.error,
            }
        },
    }
