"""What is asked of a model: predictions for rows, and of trees their own contributions."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monitors.analysis.errors import ModelError

Numbers = NDArray[np.float64]

Predict = Callable[[pl.DataFrame], Any]
"""A model as a function: from a frame of features to an array of shape (rows,) or (rows, outputs)."""


class TreeModel(Protocol):
    """A model made of trees, as the exact explainers need it.

    Attributes:
        binary: Whether it tells two classes apart: where there are values for both, only the second's count.
    """

    binary: bool

    def contributions(self, frame: pl.DataFrame) -> Numbers:
        """The library's own exact values by the frame's columns, the expected value last: (rows, columns + 1, outputs)."""
        ...

    @property
    def trees(self) -> Any:
        """The model as `shap.TreeExplainer` takes it."""
        ...

    def matrix(self, frame: pl.DataFrame) -> Any:
        """Rows as the trees see them: (rows, columns of theirs)."""
        ...

    def places(self, frame: pl.DataFrame) -> list[int]:
        """Where the trees' columns stand in a frame."""
        ...


def answers(predict: Predict, frame: pl.DataFrame, outputs: int | None = None) -> Numbers:
    """A model's answers as an array of shape (rows, outputs).

    Args:
        predict: The model.
        frame: The rows.
        outputs: How many numbers a row it has given before; None at first.

    Raises:
        ModelError: They are not numbers, not finite, or of another shape.
    """
    said = predict(frame)
    try:
        given = np.asarray(said, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError(f"The model's answers are not numbers: {first_line(error)}.") from error
    if given.ndim == 1:
        given = given[:, np.newaxis]
    if given.ndim != 2 or len(given) != frame.height or given.shape[1] == 0:
        raise ModelError(
            f"The model answered {frame.height:,} rows with an array of shape {given.shape}; "
            "one number a row, or one a row and output, is needed."
        )
    if outputs is not None and given.shape[1] != outputs:
        raise ModelError(f"The model gave {outputs} numbers a row before and {given.shape[1]} now.")
    if not np.isfinite(given).all():
        row = int(np.flatnonzero(~np.isfinite(given).all(axis=1))[0])
        raise ModelError(
            f"The model answered with {given[row].tolist()} to the row {frame.row(row, named=True)!r:.500}; "
            "attributions need finite numbers."
        )
    return given


def first_line(error: BaseException) -> str:
    """What an error of someone else's code says, in one line."""
    text = str(error).strip().splitlines()
    return (text[0] if text else type(error).__name__)[:300].rstrip(".")
