"""How much metrics vary: the published standard deviation, and intervals.

Model Monitor computes each metric on five random samples of 80 % of the rows, drawn without replacement, and gives their
standard deviation; under 200 rows the text "NaN". Source: "Model Quality Metrics" in the SageMaker developer guide. Whether
it divides by 5 or by 4 is not documented: we divide by 5, as all standard deviations of its files do.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

SAMPLES = 5
SHARE = 0.8
FEWEST_ROWS = 200
REPLICATES = 1_000

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A confidence interval: how it was made, and its ends."""

    confidence: float
    lower: float
    upper: float
    method: str


def deviation(values: Values) -> float:
    """The standard deviation over samples, divided by their number; NaN if one of them is."""
    return float(np.std(values)) if np.isfinite(values).all() else math.nan


def subsamples(counts: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Five samples of 80 % of the rows behind `counts`, each counted again: (5, *counts.shape).

    Drawing rows without replacement and counting them is one multivariate hypergeometric draw of the counts.
    """
    flat = counts.ravel()
    size = math.floor(SHARE * int(flat.sum()))
    return rng.multivariate_hypergeometric(flat, size, size=SAMPLES, method="marginals").reshape(SAMPLES, *counts.shape)


def bootstrap(counts: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """As many rows drawn with replacement and counted, a thousand times: (1000, *counts.shape)."""
    flat = counts.ravel()
    total = int(flat.sum())
    return rng.multinomial(total, flat / total, size=REPLICATES).reshape(REPLICATES, *counts.shape)


def percentiles(metrics: Mapping[str, Values], confidence: float, method: str = "bootstrap") -> dict[str, Interval]:
    """Percentile intervals by metric; none for a metric that was undefined in a replicate."""
    tail = (1 - confidence) / 2
    made = {}
    for name, values in metrics.items():
        if np.isfinite(values).all():
            lower, upper = np.quantile(values, [tail, 1 - tail])
            made[name] = Interval(confidence, float(lower), float(upper), method)
    return made


def normal(
    value: float, error: float, confidence: float, method: str, low: float = -math.inf, high: float = math.inf
) -> Interval | None:
    """The interval of a value with a standard error, kept between `low` and `high`; None where either is NaN."""
    if not (math.isfinite(value) and math.isfinite(error)):
        return None
    half = NormalDist().inv_cdf((1 + confidence) / 2) * error
    return Interval(confidence, max(low, value - half), min(high, value + half), method)
