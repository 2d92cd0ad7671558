"""Probabilities of many classes: the most probable one, log loss, calibration of the top class."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from monitors.analysis.quality.columns import NumberArray, class_names, probabilities
from monitors.analysis.quality.config import QualityConfig
from monitors.analysis.quality.scores import SMALLEST, Calibration


def chosen(frame: pl.DataFrame, columns: Mapping[str, str]) -> pl.Series:
    """The most probable class of each row, the first of equals; null where a probability is missing."""
    matrix, known = _matrix(frame, columns)
    names = pl.Series("predicted", list(columns), dtype=pl.String)
    best = names.gather(pl.Series(np.argmax(np.nan_to_num(matrix, nan=-1.0), axis=1), dtype=pl.UInt32))
    return best.set(pl.Series(~known), None)


@dataclass
class ClassScores:
    """The mergeable state of many classes' probabilities.

    Attributes:
        bins: As `Calibration`'s, of the most probable class: how often it is right against how probable it was.
        sums: (2,): Σw·log loss, Σw.
    """

    bins: NumberArray
    sums: NumberArray = field(default_factory=lambda: np.zeros(2))

    def update(self, frame: pl.DataFrame, weight: pl.Series | None, config: QualityConfig) -> None:
        """Take in rows; those without the truth or a probability are passed over.

        Raises:
            ColumnsError: A probability is no number from 0 to 1.
        """
        matrix, known = _matrix(frame, config.probabilities)
        names = list(config.probabilities)
        truth = class_names(frame[config.label], config.labels)
        known &= truth.is_not_null().to_numpy()
        place = truth.replace_strict(
            {name: index for index, name in enumerate(names)}, default=len(names), return_dtype=pl.Int64
        )
        # A class that has no column has no probability.
        padded = np.column_stack([matrix, np.zeros(len(matrix))])[known]
        columns = place.fill_null(len(names)).to_numpy()[known]
        load = np.ones(len(padded)) if weight is None else weight.to_numpy()[known]
        if not len(padded):
            return
        total = padded.sum(axis=1)
        right = np.divide(padded[np.arange(len(padded)), columns], total, out=np.zeros(len(padded)), where=total > 0)
        loss = -np.log(np.clip(right, SMALLEST, 1 - SMALLEST))
        self.sums += [float((load * loss).sum()), float(load.sum())]
        best = padded[:, :-1].argmax(axis=1)
        top = Calibration(self.bins)
        top.update(best == columns, padded[np.arange(len(padded)), best], None if weight is None else load)

    def merge(self, other: "ClassScores") -> None:
        """Take in other rows' sums; `other` is unchanged."""
        self.bins = self.bins + other.bins
        self.sums = self.sums + other.sums

    def metrics(self) -> dict[str, float]:
        """`log_loss`, `expected_calibration_error`; NaN without rows."""
        weight = float(self.sums[1])
        if weight == 0:
            return {"log_loss": math.nan, "expected_calibration_error": math.nan}
        gaps = float(np.abs(self.bins[:, 2] - self.bins[:, 3]).sum())
        return {"log_loss": float(self.sums[0]) / weight, "expected_calibration_error": gaps / weight}


def _matrix(frame: pl.DataFrame, columns: Mapping[str, str]) -> tuple[NumberArray, np.ndarray]:
    matrix = np.column_stack(
        [probabilities(frame[column]).fill_null(np.nan).to_numpy().astype(float) for column in columns.values()]
    )
    return matrix, ~np.isnan(matrix).any(axis=1)
