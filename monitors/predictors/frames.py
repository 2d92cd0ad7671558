"""Frames of features as models take them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monitors.analysis.attribution.extras import needed
from monitors.analysis.attribution.models import first_line
from monitors.analysis.errors import AnalysisError, ModelError


def named(frame: pl.DataFrame, names: Sequence[str] | None) -> pl.DataFrame:
    """The columns that a model was trained with, in its order, where it knows their names.

    Raises:
        ModelError: One is not there.
    """
    if not names:
        return frame
    absent = [name for name in names if name not in frame.columns]
    if absent:
        raise ModelError(
            f"The model was trained with {', '.join(map(repr, names))}; the data has no {', '.join(map(repr, absent))}."
        )
    return frame.select(names)


def matrix(frame: pl.DataFrame) -> NDArray[np.float64]:
    """Numbers, missing ones as NaN: (rows, columns).

    Raises:
        ModelError: A column holds texts.
    """
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    if texts:
        raise ModelError(
            f"The model takes numbers, but {', '.join(map(repr, texts))} hold texts: encode them, or leave them out."
        )
    return frame.cast(pl.Float64).to_numpy()


def pandas_frame(frame: pl.DataFrame, extra: str, *, categories: bool = False) -> Any:
    """The frame as pandas has it, texts as objects or as categories.

    Raises:
        ModelError: pandas is not installed.
    """
    pandas = needed("pandas", extra, "A model that takes texts")
    columns = {}
    for name in frame.columns:
        values = frame[name]
        if values.dtype == pl.String:
            listed = pandas.Series(values.to_list(), dtype=object)
            columns[name] = listed.astype("category") if categories else listed
        elif values.null_count():
            columns[name] = values.cast(pl.Float64).to_numpy()
        else:
            columns[name] = values.to_numpy()
    return pandas.DataFrame(columns)


def one_of_two(answers: NDArray[np.float64], classes: int) -> NDArray[np.float64]:
    """Probabilities of classes; of two, that of the second."""
    return answers[:, 1] if classes == 2 and answers.ndim == 2 and answers.shape[1] == 2 else answers


@contextmanager
def speaking_for(what: str) -> Iterator[None]:
    """Tell what a library says of a model or of rows that it can't take, in one line.

    Raises:
        ModelError: the library raised something.
    """
    try:
        yield
    except AnalysisError:
        raise
    except Exception as error:
        raise ModelError(f"{what}: {first_line(error)}.") from error
