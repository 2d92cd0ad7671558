"""Distances between distributions beside the largest difference: PSI, Jensen–Shannon, Wasserstein, and tests."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitors.analysis.drift import chi_squared
from monitors.analysis.sketch import Floats, QuantileSketch
from monitors.analysis.statistics import Categories

BINS = 10
"""Bins of equal share in the baseline, by which numbers are compared."""


@dataclass(frozen=True)
class Distances:
    """How far two samples lie apart; NaN where a distance is not defined.

    Attributes:
        psi: The population stability index Σ (p − q) ln(p / q); by custom under 0.1 little and over 0.25 much has
            changed. An empty bin counts as half a value.
        jensen_shannon: The square root of the Jensen–Shannon divergence to base 2: 0 for the same, 1 for disjoint ones.
        wasserstein: How far values must be moved on average to turn one into the other, in the column's unit; only of
            numbers.
        p_value: Of the two-sample Kolmogorov–Smirnov test for numbers, of Pearson's χ² for categories.
    """

    psi: float
    jensen_shannon: float
    wasserstein: float
    p_value: float


def numeric_distances(current: QuantileSketch, baseline: QuantileSketch) -> Distances:
    """Of two columns of numbers, both with values. PSI and Jensen–Shannon take the baseline's deciles as bins.

    Infinite values are far but finite for the first two, and make the third infinite or NaN.
    """
    items, weights = baseline.weighted_items()
    cumulative = np.cumsum(weights)
    places = np.searchsorted(cumulative, cumulative[-1] * np.arange(1, BINS) / BINS)
    edges = np.unique(items[places])
    p, q = _shares(current, edges), _shares(baseline, edges)
    return Distances(
        psi=_psi(p, q, current.total_weight, baseline.total_weight),
        jensen_shannon=_jensen_shannon(p, q),
        wasserstein=_wasserstein(current, baseline),
        p_value=_smirnov(current, baseline),
    )


def categorical_distances(current: Categories, baseline: Categories) -> Distances:
    """Of two columns of texts, both with values. Texts that are not listed are one category."""
    names = sorted(current.counts.keys() | baseline.counts.keys())
    p, q = (
        np.array([*(side.counts.get(name, 0) for name in names), side.other], dtype=np.float64) / side.total
        for side in (current, baseline)
    )
    return Distances(
        psi=_psi(p, q, current.total, baseline.total),
        jensen_shannon=_jensen_shannon(p, q),
        wasserstein=math.nan,
        p_value=chi_squared(current, baseline).p_value,
    )


def _shares(sketch: QuantileSketch, edges: Floats) -> Floats:
    ranks = sketch.ranks(edges)
    counts: NDArray[np.int64] = np.diff(np.concatenate(([0], ranks, [sketch.total_weight])))
    return counts / sketch.total_weight


def _psi(p: Floats, q: Floats, n: int, m: int) -> float:
    held = (p > 0) | (q > 0)
    p, q = np.maximum(p[held], 0.5 / n), np.maximum(q[held], 0.5 / m)
    return float(((p - q) * np.log(p / q)).sum())


def _jensen_shannon(p: Floats, q: Floats) -> float:
    middle = (p + q) / 2
    divergence = 0.0
    for side in (p, q):
        held = side > 0
        divergence += float((side[held] * np.log2(side[held] / middle[held])).sum()) / 2
    return math.sqrt(min(max(divergence, 0.0), 1.0))


def _wasserstein(current: QuantileSketch, baseline: QuantileSketch) -> float:
    points = np.unique(np.concatenate([*current.levels(), *baseline.levels()]))
    gaps = np.abs(current.ranks(points) / current.total_weight - baseline.ranks(points) / baseline.total_weight)
    with np.errstate(invalid="ignore"):
        steps = np.diff(points)
        # Between two infinities of one side nothing has to be moved when the shares are the same.
        return float(np.where(gaps[:-1] == 0, 0.0, gaps[:-1] * steps).sum())


def _smirnov(current: QuantileSketch, baseline: QuantileSketch) -> float:
    """The asymptotic p-value (Smirnov 1948), with Stephens's correction for small samples (1970)."""
    n, m = current.total_weight, baseline.total_weight
    points = np.unique(np.concatenate([*current.levels(), *baseline.levels()]))
    distance = float(np.abs(current.ranks(points) / n - baseline.ranks(points) / m).max())
    size = math.sqrt(n * m / (n + m))
    x = (size + 0.12 + 0.11 / size) * distance
    if x < 0.2:
        return 1.0  # the series below converges slowly there, to 1 up to 10⁻¹²
    return float(min(1.0, max(0.0, 2 * sum((-1) ** (j - 1) * math.exp(-2 * (j * x) ** 2) for j in range(1, 101)))))
