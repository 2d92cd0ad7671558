"""Parquet files, some rows at a time."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from monitors.analysis.errors import ColumnsError, MalformedDataError
from monitors.analysis.files import File
from monitors.analysis.flattening import flatten


def columns(file: File, path: Path) -> tuple[str, ...]:
    """The names in the footer of a file, which lies at `path`; nested fields are named by their path.

    Raises:
        ColumnsError: A name stands twice.
        MalformedDataError: It is no Parquet file.
    """
    try:
        return tuple(flatten(pl.DataFrame(schema=_scan(path).collect_schema())).columns)
    except (PolarsError, OSError) as error:
        raise _malformed(file, error) from error


def rows(file: File, path: Path) -> int:
    """The number of rows that the footer states.

    Raises:
        MalformedDataError: It is no Parquet file.
    """
    try:
        return int(_scan(path).select(pl.len()).collect().item())
    except (PolarsError, OSError) as error:
        raise _malformed(file, error) from error


def read(
    file: File, path: Path, names: Sequence[str] | None, size: int, start: int, stop: int
) -> Iterator[pl.DataFrame]:
    """The rows from `start` to `stop` in frames of `size`, of which the last may have fewer.

    Args:
        file: What is read, for errors.
        path: Where it lies.
        names: Read only what these need, paths of nested fields among them.
        size: Rows in a frame.
        start: The first row.
        stop: The row after the last.

    Raises:
        MalformedDataError: The file is damaged.
    """
    try:
        scan = _scan(path)
        if names is not None:
            wanted = set(names)
            roots = scan.collect_schema().names()
            scan = scan.select(
                root for root in roots if root in wanted or any(name.startswith(f"{root}.") for name in wanted)
            )
        if start or stop < rows(file, path):
            scan = scan.slice(start, stop - start)
        yield from scan.collect_batches(chunk_size=size, maintain_order=True)
    except (PolarsError, OSError) as error:
        raise _malformed(file, error) from error


def _scan(path: Path) -> pl.LazyFrame:
    # The path is one file: neither its brackets nor its folders (`year=2026/`) mean anything.
    return pl.scan_parquet(path, glob=False, hive_partitioning=False)


def _malformed(file: File, error: Exception) -> MalformedDataError | ColumnsError:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    if "duplicate" in reason.lower():
        return ColumnsError(f"{file} has two columns of one name: {reason}.")
    return MalformedDataError(f"{file} can't be read as Parquet: {reason}.")
