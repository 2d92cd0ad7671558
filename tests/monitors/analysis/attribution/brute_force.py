"""Shapley values by their definition, written down as plainly as can be: the oracle of the explainers."""

from collections.abc import Callable, Sequence
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def shapley(
    model: Callable[[Numbers], Numbers], row: Numbers, baseline: Numbers, weights: Sequence[float]
) -> list[float]:
    """φᵢ = Σ over coalitions S without i of |S|! (m − |S| − 1)! / m! · (v(S ∪ i) − v(S))."""
    m = len(row)

    def worth(known: tuple[int, ...]) -> float:
        mixed = baseline.copy()
        mixed[:, list(known)] = row[list(known)]
        return float(np.dot(weights, model(mixed)))

    values = []
    for feature in range(m):
        others = [other for other in range(m) if other != feature]
        total = 0.0
        for size in range(m):
            for known in combinations(others, size):
                share = factorial(size) * factorial(m - size - 1) / factorial(m)
                total += share * (worth((*known, feature)) - worth(known))
        values.append(total)
    return values
