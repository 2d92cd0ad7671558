"""Columns of predictions as the metrics take them: numbers, class names, weights."""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monitors.analysis.errors import ColumnsError

NumberArray = NDArray[np.float64]

_WHOLE = r"^([+-]?\d+)\.0*$"
_TRUTHS = {"true": "1", "false": "0"}


def check(frame: pl.DataFrame, names: tuple[str, ...]) -> None:
    """Raise a ColumnsError when a column is missing."""
    absent = [name for name in names if name not in frame.columns]
    if absent:
        raise ColumnsError(
            f"The data has no column {', '.join(map(repr, absent))}; it has {', '.join(map(repr, frame.columns))}."
        )


def as_numbers(values: pl.Series) -> pl.Series:
    """Numbers as floats; NaN and blank texts are missing.

    Raises:
        ColumnsError: A value is no number.
    """
    if values.dtype == pl.String:
        stripped = values.str.strip_chars()
        stripped = stripped.set(stripped == "", None)
        numbers = stripped.cast(pl.Float64, strict=False)
        if numbers.null_count() > stripped.null_count():
            wrong = stripped.filter(numbers.is_null() & stripped.is_not_null())[0]
            raise ColumnsError(f"Column {values.name!r} must hold numbers, but holds {wrong!r}.")
        return numbers.fill_nan(None)
    if values.dtype in (pl.Boolean, pl.Null) or values.dtype.is_numeric():
        return values.cast(pl.Float64).fill_nan(None)
    raise ColumnsError(f"Column {values.name!r} must hold numbers, but is of type {values.dtype}.")


def probabilities(values: pl.Series) -> pl.Series:
    """`as_numbers` that lie from 0 to 1.

    Raises:
        ColumnsError: One does not.
    """
    numbers = as_numbers(values)
    if not numbers.is_between(0, 1).all():  # nulls pass
        wrong = numbers.filter(~numbers.is_between(0, 1))[0]
        raise ColumnsError(f"Column {values.name!r} must hold probabilities from 0 to 1, but holds {wrong!r}.")
    return numbers


def weights(frame: pl.DataFrame, name: str | None) -> pl.Series | None:
    """The rows' weights; None where all are 1.

    Raises:
        ColumnsError: One is missing, negative or infinite.
    """
    if name is None:
        return None
    numbers = as_numbers(frame[name])
    if numbers.null_count() or not ((numbers >= 0) & numbers.is_finite()).all():
        raise ColumnsError(f"Column {name!r} holds weights: every row needs one that is finite and not negative.")
    return numbers


def class_names(values: pl.Series, labels: Mapping[str, str]) -> pl.Series:
    """What classes are called: texts, with 1.0 and 1 the same class, after the mapping `labels`; missing ones null.

    Only the different values are looked at, so that a column of millions costs little more than finding them.

    Raises:
        ColumnsError: The values are lists, structs or bytes.
    """
    kind = values.dtype
    if kind == pl.Boolean:
        texts = values.cast(pl.Int8).cast(pl.String)
    elif kind.is_integer():
        texts = values.cast(pl.String)
    elif kind.is_numeric():
        texts = values.cast(pl.Float64).fill_nan(None).cast(pl.String)
    elif kind in (pl.String, pl.Null) or isinstance(kind, pl.Categorical | pl.Enum):
        texts = values.cast(pl.String)
    else:
        raise ColumnsError(f"Column {values.name!r} must hold classes, but is of type {kind}.")
    names = texts.str.strip_chars().str.replace(_WHOLE, "$1")
    names = names.set(names == "", None)
    if labels:
        names = names.replace(dict(labels))
    return names


def positive(values: pl.Series, labels: Mapping[str, str], wanted: str | None) -> pl.Series:
    """Which classes are positive; null where they are missing. Class names are made of the different values alone.

    Raises:
        ColumnsError: Without `wanted` they are not 0 and 1, or false and true.
    """
    if values.dtype == pl.Boolean and not labels and wanted is None:
        return values
    if values.dtype.is_numeric() and not labels and wanted is None:
        held = values if values.dtype.is_integer() else values.fill_nan(None)
        low, high = held.min(), held.max()
        if values.dtype.is_integer() and low in (0, 1, None) and high in (0, 1, None):
            return held == 1
    different = values.unique()
    names = class_names(different, labels)
    truths = names.str.to_lowercase().replace(_TRUTHS)
    if wanted is None:
        known = truths.is_in(["0", "1"])
        if not known.all():  # nulls pass
            others = names.filter(~known.fill_null(True)).sort().head(5).to_list()
            raise ColumnsError(
                f"Column {values.name!r} must hold 0 and 1 (or false and true), but holds {', '.join(map(repr, others))}. "
                "Map the labels, or say which one is positive."
            )
        yes = truths == "1"
    else:
        yes = names == wanted
    made = values.is_in(different.filter(yes.fill_null(False)).implode())
    gone = different.filter(names.is_null())
    if len(gone) == 0:
        return made
    missing = values.is_null() | values.is_in(gone.drop_nulls().implode(), nulls_equal=True).fill_null(True)
    return made.set(missing, None)
