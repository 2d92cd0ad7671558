"""What an explainer gives: attributions of every row, feature and output."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitors.analysis.errors import DocumentError

Numbers = NDArray[np.float64]

_SMALLEST = 1e-15


@dataclass(frozen=True)
class Explanation:
    """Attributions, which sum over the features to a prediction's distance from the expected value.

    Attributes:
        values: (rows, features, outputs).
        expected: What the model says where nothing is known: (outputs,).
        errors: Standard errors of the values, of the same shape; None where the explainer is exact or can't tell.
        evaluations: Rows that the model was asked about.
    """

    values: Numbers
    expected: Numbers
    errors: Numbers | None
    evaluations: int


def logit(predictions: Numbers) -> Numbers:
    """Log-odds of probabilities; 0 and 1 are taken for 1e-15 and 1 − 1e-15.

    Raises:
        DocumentError: A prediction is no probability.
    """
    if not ((predictions >= 0) & (predictions <= 1)).all():
        wrong = predictions[(predictions < 0) | (predictions > 1)][0]
        raise DocumentError(f"use_logit needs probabilities from 0 to 1, but the model answered {wrong!r}.")
    kept = np.clip(predictions, _SMALLEST, 1 - _SMALLEST)
    return np.log(kept) - np.log1p(-kept)
