"""Errors of predicted numbers: MAE, MSE, RMSE, R²."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from monitors.analysis.quality.columns import NumberArray
from monitors.analysis.quality.resampling import (
    FEWEST_ROWS,
    SAMPLES,
    SHARE,
    Interval,
    Values,
    deviation,
    normal,
)

GROUPS = 100
"""Random groups that rows are dealt into; samples of rows are made of whole groups."""

ROWS, WEIGHT, ABSOLUTE, SQUARED, MEAN, SPREAD = range(6)


@dataclass
class RegressionSums:
    """The mergeable state of a regression's quality: per random group of rows a few sums.

    Rows are dealt at random, evenly within a batch, into 100 groups. Sums of 80 groups are those of a sample of 80 % of
    the rows without replacement; leaving out one group at a time is a jackknife (Tukey 1958).

    Attributes:
        seed, part: Of the dealing; parts that are summed apart and merged need numbers of their own.
        sums: (100, 6): rows, Σw, Σw|e|, Σwe², weighted mean of the truth, Σw(y − mean)².
        seen: Rows taken in, of which the dealing depends.
    """

    seed: int = 0
    part: int = 0
    seen: int = 0
    sums: NumberArray = field(default_factory=lambda: np.zeros((GROUPS, 6)))

    def update(self, truth: NumberArray, predicted: NumberArray, weight: NumberArray | None) -> None:
        """Take in rows (1-D, no NaN)."""
        rng = np.random.default_rng([self.seed, self.part, self.seen])
        self.seen += len(truth)
        group = rng.permutation(np.arange(len(truth), dtype=np.uint32) % GROUPS + rng.integers(GROUPS)) % GROUPS
        weight = np.ones(len(truth)) if weight is None else weight
        new = np.zeros((GROUPS, 6))

        def total(values: NumberArray) -> NumberArray:
            return np.bincount(group, weights=values, minlength=GROUPS).astype(np.float64)

        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            error = predicted - truth
            new[:, ROWS] = np.bincount(group, minlength=GROUPS)
            new[:, WEIGHT] = total(weight)
            new[:, ABSOLUTE] = total(weight * np.abs(error))
            new[:, SQUARED] = total(weight * np.square(error))
            # Around one of the values, so that a constant truth has a spread of exactly 0.
            shifted = truth - truth[:1]
            mean = np.where(new[:, WEIGHT] > 0, total(weight * shifted) / new[:, WEIGHT], 0.0)
            new[:, SPREAD] = total(weight * np.square(shifted - mean[group]))
            new[:, MEAN] = mean + (truth[0] if len(truth) else 0.0)
        self.sums = _merged(np.stack([self.sums, new]))

    def merge(self, other: "RegressionSums") -> None:
        """Take in other rows' sums; `other` is unchanged."""
        self.seen += other.seen
        self.sums = _merged(np.stack([self.sums, other.sums]))

    @property
    def rows(self) -> int:
        """How many rows were taken in."""
        return int(self.sums[:, ROWS].sum())

    def metrics(self) -> dict[str, float]:
        """`mae`, `mse`, `rmse`, `r2`; NaN without rows. R² needs two rows; of a constant truth it is 1 or 0."""
        return {name: float(value) for name, value in _metrics(_merged(self.sums)[None]).items()}

    def deviations(self) -> dict[str, float]:
        """The standard deviation over five samples of 80 %; NaN under 200 rows."""
        if self.rows < FEWEST_ROWS:
            return dict.fromkeys(self.metrics(), np.nan)
        rng = np.random.default_rng([self.seed, 1])
        chosen = np.stack([rng.permutation(GROUPS)[: round(SHARE * GROUPS)] for _ in range(SAMPLES)])
        sampled = np.stack([_merged(self.sums[groups]) for groups in chosen])
        return {name: deviation(values) for name, values in _metrics(sampled).items()}

    def intervals(self, confidence: float) -> dict[str, Interval]:
        """Jackknife intervals: the metric ± z times √((g − 1)/g · Σ (m₋ᵢ − m̄)²) over the g groups that have rows."""
        held = np.flatnonzero(self.sums[:, ROWS])
        if len(held) < GROUPS:
            return {}
        left_out = _metrics(np.stack([_merged(np.delete(self.sums, group, axis=0)) for group in held]))
        made = {}
        for name, value in self.metrics().items():
            values = left_out[name]
            with np.errstate(invalid="ignore"):
                error = float(np.sqrt((len(held) - 1) / len(held) * np.square(values - values.mean()).sum()))
            low, high = (-np.inf, 1.0) if name == "r2" else (0.0, np.inf)
            interval = normal(value, error, confidence, "jackknife", low, high)
            if interval is not None:
                made[name] = interval
        return made


def _merged(sums: NumberArray) -> NumberArray:
    """Sums along the first axis; the means and spreads by Chan, Golub, LeVeque (1979)."""
    whole: NumberArray = sums.sum(axis=0)
    weight = sums[..., WEIGHT]
    total = whole[..., WEIGHT]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        # Around the first mean, so that a constant truth keeps a spread of exactly 0.
        anchor = np.take_along_axis(sums[..., MEAN], np.argmax(weight > 0, axis=0)[None], axis=0)
        shift = np.where(weight > 0, sums[..., MEAN] - anchor, 0.0)
        mean = np.where(total > 0, (weight * shift).sum(axis=0) / np.where(total > 0, total, 1.0), 0.0)
        whole[..., MEAN] = anchor[0] + mean
        whole[..., SPREAD] += (weight * np.square(shift - mean)).sum(axis=0)
    return whole


def _metrics(sums: NumberArray) -> dict[str, Values]:
    """The metrics of sums (…, 6)."""
    rows, weight, spread = (sums[..., key] for key in (ROWS, WEIGHT, SPREAD))
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        mse = sums[..., SQUARED] / weight
        ratio = 1 - sums[..., SQUARED] / spread
    constant = np.where(sums[..., SQUARED] == 0, 1.0, 0.0)
    r2 = np.where(spread == 0, constant, ratio)
    made: dict[str, NDArray[np.float64]] = {
        "mae": np.divide(sums[..., ABSOLUTE], weight, out=np.full_like(weight, np.nan), where=weight > 0),
        "mse": mse,
        "rmse": np.sqrt(mse),
        "r2": np.where((rows >= 2) & (weight > 0), r2, np.nan),
    }
    return {name: np.squeeze(values) for name, values in made.items()}
