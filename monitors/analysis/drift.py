"""How far two distributions lie apart: numbers by their sketches, texts by their counts."""

import math
from bisect import insort
from dataclasses import dataclass

import numpy as np

from monitors.analysis.sketch import QuantileSketch
from monitors.analysis.statistics import Categories

ROBUST_FACTOR = 1.8
"""c(α) of the two-sample Kolmogorov–Smirnov test at α = 0.003 (Knuth, TAOCP 2, 3.3.1)."""

_COCHRAN = 10.0
_YATES = 5.0
_YATES_SHARE = 0.2


@dataclass(frozen=True)
class ChiSquared:
    """A goodness-of-fit test; all NaN (and 0 degrees of freedom) when fewer than two bins can be filled."""

    statistic: float
    p_value: float
    degrees_of_freedom: int


def robust(distance: float, n: int, m: int) -> float:
    """`distance` less what two samples of sizes n and m of one distribution may lie apart by chance; at least 0."""
    return max(0.0, distance - ROBUST_FACTOR * math.sqrt((n + m) / (n * m)))


def numeric_distance(current: QuantileSketch, baseline: QuantileSketch) -> float:
    """`linf_simple`: the largest difference between the two cumulative distributions (Kolmogorov–Smirnov's D).

    Every item counts with its true weight 2^level. (Deequ's `Distance.numericalDistance` lets equal items overwrite
    each other's weight and so is wrong on discrete data.)

    Returns:
        A number from 0 to 1; NaN when either sketch is empty.
    """
    n, m = current.total_weight, baseline.total_weight
    if n == 0 or m == 0:
        return math.nan
    points = np.unique(np.concatenate([*current.levels(), *baseline.levels()]))
    return float(np.abs(current.ranks(points) / n - baseline.ranks(points) / m).max())


def categorical_distance(current: Categories, baseline: Categories) -> float:
    """The largest difference between the shares of one text, max |p − q|.

    A text that one side does not list may still be among that side's `other` values, but no more often than its
    rarest listed text. It is then given the share in that range which is nearest, so that a long tail is not taken
    for drift; between complete lists the distance is exact.

    Returns:
        A number from 0 to 1; NaN when either side has no value.
    """
    n, m = current.total, baseline.total
    if n == 0 or m == 0:
        return math.nan
    distance = 0.0
    for value in current.counts.keys() | baseline.counts.keys():
        low_p, high_p = _share(current, value, n)
        low_q, high_q = _share(baseline, value, m)
        distance = max(distance, low_p - high_q, low_q - high_p)
    return distance


def _share(categories: Categories, value: str, total: int) -> tuple[float, float]:
    listed = categories.counts.get(value)
    if listed is not None:
        return listed / total, min(listed + categories.error, listed + categories.other) / total
    rarest = min(categories.counts.values(), default=categories.other)
    return 0.0, min(categories.other, rarest + categories.error) / total


def chi_squared(current: Categories, baseline: Categories) -> ChiSquared:
    """Pearson's test of whether `current` could be a sample of `baseline`.

    Expected counts are the baseline's, scaled to the current total. The smallest bins are merged, each into the next
    smallest, until the test may be used: with two bins every expected count is at least 10 (Cochran 1952), with more
    at most a fifth of them is under 5 (Yates, Moore, McCabe 1999). Values that the baseline does not list form one
    bin with its own `other` values; what cannot be expected at all is merged into the rarest bin, so it still counts.
    """
    total, expected_total = current.total, baseline.total
    if total == 0 or expected_total == 0:
        return ChiSquared(math.nan, math.nan, 0)
    bins = [
        (count * total / expected_total, value, float(current.counts.get(value, 0)))
        for value, count in baseline.counts.items()
    ]
    unlisted = total - sum(observed for _, _, observed in bins)
    if unlisted or baseline.other:
        # No text sorts before the empty one, so ties are settled the same way every time.
        bins.append((baseline.other * total / expected_total, "", unlisted))
    bins.sort()
    while len(bins) >= 2 and (bins[0][0] == 0.0 or not _usable(bins)):
        smallest, next_smallest = bins[0], bins[1]
        del bins[:2]
        insort(bins, (smallest[0] + next_smallest[0], next_smallest[1], smallest[2] + next_smallest[2]))
    if len(bins) < 2:
        return ChiSquared(math.nan, math.nan, 0)
    statistic = sum((observed - expected) ** 2 / expected for expected, _, observed in bins)
    return ChiSquared(statistic, chi_squared_tail(statistic, len(bins) - 1), len(bins) - 1)


def _usable(bins: list[tuple[float, str, float]]) -> bool:
    if len(bins) == 2:
        return bins[0][0] >= _COCHRAN
    small = sum(expected < _YATES for expected, _, _ in bins)
    return small <= int(_YATES_SHARE * len(bins))


def chi_squared_tail(statistic: float, degrees_of_freedom: int) -> float:
    """The probability that a χ² variable with so many degrees of freedom exceeds `statistic`.

    This is the regularised incomplete gamma function Q(d/2, x/2), by its series below d/2 + 1 and by Lentz's
    continued fraction above (Press et al., "Numerical Recipes", 6.2); relative error under 10⁻¹¹.
    """
    a, x = degrees_of_freedom / 2, statistic / 2
    if x <= 0:
        return 1.0
    scale = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        term = series = 1 / a
        step = a
        while abs(term) > abs(series) * 1e-16:
            step += 1
            term *= x / step
            series += term
        return max(0.0, 1 - series * scale)
    tiny = 1e-300
    b = x + 1 - a
    c, d = 1 / tiny, 1 / b
    fraction = d
    for i in range(1, 100_000):
        an = -i * (i - a)
        b += 2
        d = 1 / (an * d + b or tiny)
        c = b + an / c or tiny
        fraction *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return min(1.0, scale * fraction)
