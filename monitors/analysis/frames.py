"""Frames of pandas, polars or Arrow, profiled in the same chunks as files."""

from dataclasses import replace
from typing import Any

import polars as pl

from monitors.analysis.errors import ColumnsError
from monitors.analysis.flattening import flatten
from monitors.analysis.profile import Profile
from monitors.analysis.reading import chunk_rows
from monitors.analysis.tree import merged


def profile_frame(frame: Any, *, like: Profile | None = None) -> Profile:
    """Profile every column of a frame in memory; the result is that of the same rows in one Parquet file.

    Args:
        frame: A polars or pandas data frame, or anything that gives Arrow's C stream, such as a `pyarrow.Table` or a
            record batch. Columns of a pandas frame that hold objects are read as texts.
        like: What to measure beside the columns, as for `profile_dataset`.

    Raises:
        ColumnsError: It is no frame, two columns have one name, or a column can't be profiled.

    Example:
        >>> profile_frame(pl.DataFrame({"a": [1, 2, None]})).columns["a"].missing
        1
    """
    rows = to_polars(frame)
    like = replace(Profile() if like is None else like, counted=frozenset())
    size = chunk_rows(rows.width)
    profile = _profile(rows, like, size)
    if mixed := profile.mixed:
        names = mixed if like.grouping is None else mixed | {like.grouping.column}
        again = replace(like, counted=mixed, patterns=None)
        profile.replace_columns(mixed, _profile(flatten(rows).select(names), again, size))
    return profile


def _profile(rows: pl.DataFrame, like: Profile, size: int) -> Profile:
    def profile_of(start: int) -> Profile:
        profile = like.empty()
        profile.update(rows.slice(start, size))
        return profile

    whole = merged(profile_of(start) for start in range(0, max(rows.height, 1), size))
    assert whole is not None
    return whole


def to_polars(frame: Any) -> pl.DataFrame:
    """The frame as a polars one, without a copy where the memory has Arrow's layout.

    Raises:
        ColumnsError: It is no frame, or two columns have one name.
    """
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if isinstance(frame, pl.DataFrame):
        return frame
    if type(frame).__module__.partition(".")[0] == "pandas":
        return _from_pandas(frame)
    if hasattr(frame, "__arrow_c_stream__") or hasattr(frame, "__arrow_c_array__"):
        return pl.DataFrame(frame)
    raise ColumnsError(f"A {type(frame).__name__} is no frame: pandas, polars and Arrow tables can be profiled.")


def _from_pandas(frame: Any) -> pl.DataFrame:
    """Column by column over numpy, since pandas gives Arrow only where pyarrow is installed."""
    if not frame.columns.is_unique:
        raise ColumnsError("The frame has two columns of one name. Give each a name of its own.")
    return pl.DataFrame([_series(str(name), frame[name]) for name in frame.columns])


def _series(name: str, column: Any) -> pl.Series:
    missing = column.isna().to_numpy()
    kind = getattr(column.dtype, "numpy_dtype", column.dtype)
    code = getattr(kind, "kind", "O")
    if code in "biufmM" and not hasattr(column.dtype, "categories"):
        if code == "M" and getattr(column.dtype, "tz", None) is not None:
            column = column.dt.tz_convert("UTC").dt.tz_localize(None)
        if not missing.any():
            return pl.Series(name, column.to_numpy())
        if code in "mMf":
            return pl.Series(
                name, column.to_numpy(dtype=kind if code != "f" else "f8", na_value=None), nan_to_null=True
            )
        return pl.Series(name, [None if gone else value for value, gone in zip(column.tolist(), missing, strict=True)])
    values = [None if gone else value for value, gone in zip(column.tolist(), missing, strict=True)]
    if all(value is None or isinstance(value, str) for value in values):
        return pl.Series(name, values, dtype=pl.String)
    try:
        return pl.Series(name, values, strict=True)
    except (TypeError, pl.exceptions.PolarsError):
        return pl.Series(name, [value if value is None else str(value) for value in values], dtype=pl.String)
