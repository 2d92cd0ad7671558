"""Parquet files, a few row groups at a time."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from monitors.analysis.errors import ColumnsError, MalformedDataError

_ROWS = 131_072


def columns(file: Path) -> tuple[str, ...]:
    """The names in the file's footer.

    Raises:
        ColumnsError: A name stands twice.
        MalformedDataError: It is no Parquet file.
    """
    try:
        return tuple(_scan(file).collect_schema().names())
    except (PolarsError, OSError) as error:
        raise _malformed(file, error) from error


def read(file: Path) -> Iterator[tuple[pl.DataFrame, int]]:
    """Frames of rows in order, each with (about) the bytes of the file read so far.

    Raises:
        MalformedDataError: The file is damaged.
    """
    size = file.stat().st_size
    try:
        total = int(_scan(file).select(pl.len()).collect().item())
        done = 0
        for frame in _scan(file).collect_batches(chunk_size=_ROWS, maintain_order=True):
            done += frame.height
            yield frame, size * done // max(total, 1)
    except (PolarsError, OSError) as error:
        raise _malformed(file, error) from error


def _scan(file: Path) -> pl.LazyFrame:
    # The path is one file: neither its brackets nor its folders (`year=2026/`) mean anything.
    return pl.scan_parquet(file, glob=False, hive_partitioning=False)


def _malformed(file: Path, error: Exception) -> MalformedDataError | ColumnsError:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    if "duplicate" in reason.lower():
        return ColumnsError(f"{file} has two columns of one name: {reason}.")
    return MalformedDataError(f"{file} can't be read as Parquet: {reason}.")
