"""How sure a number is: confidence intervals of shares and of distances between distributions."""

import math

CONFIDENCE = 0.95

_Z = 1.959963984540054
"""The standard normal distribution's 97.5 % point."""

Interval = tuple[float, float]


def of_share(share: float, count: int) -> Interval:
    """Wilson's 95 % interval of a share of `count` values (JASA 1927), within 0 and 1; all of it without values."""
    if count == 0:
        return 0.0, 1.0
    z2 = _Z * _Z
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = _Z * math.sqrt(share * (1 - share) / count + z2 / (4 * count * count)) / (1 + z2 / count)
    # At the ends the formula gives 0 and 1 only up to rounding.
    low = 0.0 if share == 0 else max(0.0, middle - half)
    return low, 1.0 if share == 1 else min(1.0, middle + half)


def of_distance(distance: float, n: int, m: int, *, categories: bool = False) -> Interval:
    """A 95 % interval of the largest difference of two distributions, from samples of n and m values.

    By Dvoretzky, Kiefer, Wolfowitz and Massart (1990) a sample's cumulative distribution is nowhere further than
    √(ln(2/α) / 2n) from the true one with a probability of 1 − α; with α = 0.025 for each side both hold. A single
    category's share is the difference of two values of it, so it may be off by twice as much. The interval is wide
    rather than wrong: it holds for every distribution.
    """
    error = sum(math.sqrt(math.log(2 / ((1 - CONFIDENCE) / 2)) / (2 * count)) for count in (n, m))
    if categories:
        error *= 2
    return max(0.0, distance - error), min(1.0, distance + error)
