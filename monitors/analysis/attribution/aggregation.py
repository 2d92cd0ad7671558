"""From the values of rows to the values of a model."""

import numpy as np

from monitors.analysis.attribution.config import Aggregation
from monitors.analysis.attribution.explanation import Numbers

_ROWS_AT_ONCE = 2_000_000


def aggregated(values: Numbers, aggregation: Aggregation) -> Numbers:
    """Global values from local ones of shape (rows, features): the mean of amounts, the median, the mean of squares."""
    if aggregation == "median":
        return np.asarray(np.median(values, axis=0))
    return np.asarray(_amounts(values, aggregation).mean(axis=0))


def resampled(values: Numbers, aggregation: Aggregation, replicates: int, seed: int) -> Numbers:
    """The global values of bootstrap samples of the rows: (replicates, features).

    A sample is the number of times that each row was drawn. The median is that of the counted rows, the lower of two.
    """
    n, m = values.shape
    rng = np.random.default_rng([seed, 2])
    made = np.empty((replicates, m))
    amounts = _amounts(values, aggregation)
    order = np.argsort(values, axis=0)
    ordered = np.take_along_axis(values, order, axis=0)
    step = max(1, _ROWS_AT_ONCE // n)
    for begin in range(0, replicates, step):
        size = min(step, replicates - begin)
        counts = np.stack([np.bincount(rng.integers(n, size=n), minlength=n) for _ in range(size)]).astype(np.float64)
        if aggregation != "median":
            made[begin : begin + size] = counts @ amounts / n
            continue
        for feature in range(m):
            passed = np.cumsum(counts[:, order[:, feature]], axis=1)
            made[begin : begin + size, feature] = ordered[np.argmax(passed >= n / 2, axis=1), feature]
    return made


def _amounts(values: Numbers, aggregation: Aggregation) -> Numbers:
    return values**2 if aggregation == "mean_sq" else np.abs(values)
