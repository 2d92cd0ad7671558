"""Intervals from replicates: percentiles of a bootstrap, as our files have them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.analysis.jsonfile import Document, number, parse_number


@dataclass(frozen=True)
class Interval:
    """A percentile interval, and the number of replicates in which the metric was defined."""

    confidence: float
    lower: float
    upper: float
    replicates: int


def percentile_interval(values: NDArray[np.float64], confidence: float) -> Interval | None:
    """The percentile interval of a bootstrap's replicates (Efron, Tibshirani, "An Introduction to the Bootstrap", 1993).

    Replicates that are NaN, because something was undefined in them, are left out; None if all are.
    """
    ordered = np.sort(values[~np.isnan(values)])
    if not len(ordered):
        return None
    # By rank rather than by interpolation, which has no meaning between infinities.
    tail = (1 - confidence) / 2
    lower = float(ordered[max(0, math.ceil(tail * len(ordered)) - 1)])
    upper = float(ordered[min(len(ordered) - 1, math.ceil((1 - tail) * len(ordered)) - 1)])
    return Interval(confidence, lower, upper, len(ordered))


def interval_document(interval: Interval) -> Document:
    """An interval as our files have it."""
    return {
        "confidence": interval.confidence,
        "lower": number(interval.lower),
        "upper": number(interval.upper),
        "replicates": interval.replicates,
    }


def read_interval(found: Mapping[str, Any], where: str) -> Interval:
    """The interval that `interval_document` wrote.

    Raises:
        DocumentError: an end is no number; `where` names its place.
    """
    lower, upper = (parse_number(found.get(key), f"{where} interval") for key in ("lower", "upper"))
    return Interval(float(found.get("confidence", 0.95)), lower, upper, int(found.get("replicates", 0)))
