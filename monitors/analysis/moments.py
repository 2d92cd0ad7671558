"""Mean, sum, deviation and extremes of a stream of numbers, mergeable and numerically sound."""

import math
import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


class _Scratch(threading.local):
    """One array a thread: a fresh one would cost more than the sums, since its pages must first be mapped."""

    def __init__(self) -> None:
        self._array = np.empty(0)

    def array(self, length: int) -> NDArray[np.float64]:
        if len(self._array) < length:
            self._array = np.empty(length)
        return self._array[:length]


_scratch = _Scratch()


@dataclass
class Moments:
    """What is known of the numbers seen so far.

    Finite values and infinities are kept apart, so that one infinity does not destroy what is known of the rest:
    `finite_min` and `finite_max` bound the finite values, while `mean`, `sum`, `std_dev`, `min` and `max` follow
    IEEE 754 over all of them (with both infinities present the sum is NaN; with any, the deviation is NaN).
    Two states merge by Chan, Golub, LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample
    Variances" (1979).

    Example:
        >>> moments = Moments()
        >>> moments.update(np.array([1.0, 2.0, 3.0, 4.0]))
        >>> moments.mean, moments.sum, moments.min, moments.max
        (2.5, 10.0, 1.0, 4.0)
    """

    finite: int = 0
    positive_infinities: int = 0
    negative_infinities: int = 0
    finite_mean: float = 0.0
    squares: float = 0.0
    """Sum of the squared distances from the mean."""
    finite_sum: float = 0.0
    finite_min: float = math.inf
    finite_max: float = -math.inf

    def update(self, values: NDArray[np.float64]) -> None:
        """Take in `values` (1-D, no NaN)."""
        self.merge(_moments_of(values))

    def merge(self, other: "Moments") -> None:
        """Take in another state; `other` is unchanged."""
        self.positive_infinities += other.positive_infinities
        self.negative_infinities += other.negative_infinities
        if other.finite == 0:
            return
        if self.finite == 0:
            # Spelt out, since the formula below would weigh an overflowing distance by zero.
            self.finite_mean, self.squares = other.finite_mean, other.squares
        total = self.finite + other.finite
        share = other.finite / total
        delta = other.finite_mean - self.finite_mean
        if math.isfinite(delta):
            mean = self.finite_mean + delta * share
        else:
            # The two means lie further apart than a double reaches; their weighted sum does not.
            mean = self.finite_mean * (1.0 - share) + other.finite_mean * share
        if self.finite:
            self.squares += other.squares + delta * delta * share * self.finite
            self.finite_mean = mean
        self.finite = total
        self.finite_sum += other.finite_sum
        self.finite_min = min(self.finite_min, other.finite_min)
        self.finite_max = max(self.finite_max, other.finite_max)
        if self.finite_min == self.finite_max:
            self.finite_mean, self.squares = self.finite_min, 0.0

    @property
    def count(self) -> int:
        """How many numbers were seen, infinities included."""
        return self.finite + self.positive_infinities + self.negative_infinities

    @property
    def mean(self) -> float:
        """The arithmetic mean; NaN without values."""
        if self.count == 0:
            return math.nan
        return self.finite_mean if self.finite == self.count else self.sum

    @property
    def sum(self) -> float:
        """The sum; 0 without values."""
        if self.positive_infinities and self.negative_infinities:
            return math.nan
        if self.positive_infinities or self.negative_infinities:
            return math.inf if self.positive_infinities else -math.inf
        # Partial sums may overflow, even both ways, where the whole does not.
        return self.finite_sum if math.isfinite(self.finite_sum) else self.finite_mean * self.finite

    @property
    def std_dev(self) -> float:
        """The population's standard deviation (divided by n); NaN without values or with infinities."""
        if self.finite == 0 or self.finite != self.count:
            return math.nan
        return math.sqrt(self.squares / self.finite)

    @property
    def min(self) -> float:
        """The smallest value; NaN without values."""
        if self.count == 0:
            return math.nan
        return -math.inf if self.negative_infinities else (self.finite_min if self.finite else math.inf)

    @property
    def max(self) -> float:
        """The largest value; NaN without values."""
        if self.count == 0:
            return math.nan
        return math.inf if self.positive_infinities else (self.finite_max if self.finite else -math.inf)


def _moments_of(values: NDArray[np.float64]) -> Moments:
    """Moments of one batch by two passes, with the rounding of the mean corrected in the second."""
    count = len(values)
    if count == 0:
        return Moments()
    low, high = float(values.min()), float(values.max())
    if math.isinf(low) or math.isinf(high):
        finite = _moments_of(values[np.isfinite(values)])
        finite.positive_infinities = int(np.count_nonzero(values == math.inf))
        finite.negative_infinities = int(np.count_nonzero(values == -math.inf))
        return finite
    distances = _scratch.array(count)
    with np.errstate(over="ignore", invalid="ignore"):
        total = float(values.sum())
        mean = total / count if math.isfinite(total) else float((values / count).sum())
        np.subtract(values, mean, out=distances)
        drift = float(distances.sum())
        squares = float(np.square(distances, out=distances).sum()) - drift * drift / count
    if low == high:
        mean, squares = low, 0.0
    elif math.isnan(squares):
        squares = math.inf
    return Moments(
        finite=count,
        finite_mean=mean,
        squares=max(squares, 0.0),
        finite_sum=total,
        finite_min=low,
        finite_max=high,
    )
