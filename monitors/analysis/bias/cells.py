"""A facet's table of counts as the arrays that metrics take."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monitors.analysis.bias.counts import ROWS, STRATUM
from monitors.analysis.bias.metrics import Cells, Counts, Stage

MISSING = 2
"""The code of a label or prediction that is missing; 0 and 1 are negative and positive."""


@dataclass(frozen=True)
class GroupCells:
    """The rows of one group and its complement, by stratum, facet, label and prediction (each with `MISSING`).

    Attributes:
        counts: (stratum, facet, label, prediction) of shape (strata, 2, 3, 3).
        strata: Whether there is a group variable.
        predicted: Whether there are predictions.
    """

    counts: Counts
    strata: bool
    predicted: bool

    @property
    def cells(self) -> Cells:
        """What the metrics take."""
        return cells_from(self.counts, self.strata, self.predicted)

    def sizes(self, stage: Stage) -> tuple[int, int]:
        """The rows outside of the group and in it that have a label, or in the post-training stage a prediction."""
        whole = self.counts.sum(axis=0)
        known = (
            whole[:, :MISSING].sum(axis=(1, 2)) if stage == "pre_training" else whole[:, :, :MISSING].sum(axis=(1, 2))
        )
        return int(known[0]), int(known[1])


def cells_from(counts: Counts, strata: bool, predicted: bool) -> Cells:
    """Metrics' counts from (…, stratum, facet, label, prediction)."""
    by_label = counts[..., :MISSING, :].sum(axis=-1)
    by_prediction = counts[..., :MISSING].sum(axis=-2)
    return Cells(
        labels=by_label.sum(axis=-3),
        predictions=by_prediction.sum(axis=-3) if predicted else None,
        both=counts[..., :MISSING, :MISSING].sum(axis=-4) if predicted else None,
        strata_labels=by_label if strata else None,
        strata_predictions=by_prediction if strata and predicted else None,
    )


def cells_of(table: pl.DataFrame, in_group: pl.Series, label: pl.Series, prediction: pl.Series | None) -> GroupCells:
    """The counts of a facet's table, row by row divided by `in_group`, `label` and `prediction`.

    Rows whose facet is missing are left out.
    """
    strata = table[STRATUM]
    stratum = strata.rank("dense").fill_null(0).cast(pl.Int64).to_numpy()
    has_strata = strata.dtype != pl.Null
    known = in_group.is_not_null().to_numpy()
    index = (
        stratum,
        in_group.fill_null(False).to_numpy().astype(np.int64),
        _codes(label),
        np.full(len(known), MISSING) if prediction is None else _codes(prediction),
    )
    counts = np.zeros((int(stratum.max(initial=0)) + 1, 2, 3, 3))
    np.add.at(counts, tuple(axis[known] for axis in index), table[ROWS].to_numpy()[known].astype(np.float64))
    return GroupCells(counts, has_strata, prediction is not None)


def _codes(outcome: pl.Series) -> NDArray[np.int64]:
    return outcome.cast(pl.Int64).fill_null(MISSING).to_numpy()
