"""Data sets as they lie on disk: one file, a folder or a glob, read in batches of fixed size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path
from typing import Literal

import polars as pl

from monitors.analysis import csv_files, json_lines, parquet_files
from monitors.analysis.errors import ColumnsError, DatasetNotFoundError, EmptyFileError

Format = Literal["csv", "parquet", "jsonl"]

BATCH_ROWS = 131_072
"""Rows in every batch but a file's last; results depend on it in the last bits, so it is no option."""

SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".csv.gz": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
}


@dataclass(frozen=True)
class Batch:
    """Some consecutive rows of one file, and the bytes of the data set's files read when they were ready."""

    frame: pl.DataFrame
    bytes_read: int


@dataclass(frozen=True)
class Dataset:
    """Files of one format with the same columns, in the order in which they are read.

    Attributes:
        files: Paths, sorted by name.
        format: How all of them are read.
        header: Whether CSV files begin with a line of names.
        columns: Names in order. Empty for JSON Lines, whose names are known only when every line was seen.
        selected: The columns to read; None for all.
    """

    files: tuple[Path, ...]
    format: Format
    header: bool
    columns: tuple[str, ...]
    selected: tuple[str, ...] | None = None

    @property
    def read_columns(self) -> tuple[str, ...]:
        """The names of the columns that batches hold: those selected, else all."""
        return self.columns if self.selected is None else self.selected

    @property
    def total_bytes(self) -> int:
        """The size of all files on disk."""
        return sum(file.stat().st_size for file in self.files)

    @property
    def blanks_missing(self) -> bool:
        """Whether a blank field is missing: CSV has no other way to say it."""
        return self.format == "csv"

    def __iter__(self) -> Iterator[Batch]:
        for file in self.files:
            yield from self.batches(file)

    def batches(self, file: Path) -> Iterator[Batch]:
        """The rows of one of `files`, `BATCH_ROWS` at a time, in their order.

        Memory holds a few batches, whatever the file's size. A file without rows gives no batch.

        Raises:
            MalformedDataError: The file can't be read to its end.
            ColumnsError: Its columns are not those of the first file.
        """
        before = sum(other.stat().st_size for other in self.files[: self.files.index(file)])
        for frame, read in _rechunked(self._pieces(file)):
            yield Batch(frame if self.selected is None else _select(frame, self.selected), before + read)

    def _pieces(self, file: Path) -> Iterator[tuple[pl.DataFrame, int]]:
        if self.format == "jsonl":
            yield from json_lines.read(file)
            return
        names = _columns_of(file, self.format, self.header)
        if sorted(names) != sorted(self.columns):
            raise ColumnsError(
                f"{file} has other columns than {self.files[0]}, the first file of the data set.\n"
                f"  {self.files[0].name}: {', '.join(map(repr, self.columns))}\n"
                f"  {file.name}: {', '.join(map(repr, names))}"
            )
        pieces = csv_files.read(file, names, self.header) if self.format == "csv" else parquet_files.read(file)
        for frame, read in pieces:
            yield frame.select(self.columns), read


def open_dataset(
    path: str | Path,
    format: Format | None = None,  # noqa: A002 -- the word for it, also in the CLI and in SageMaker's DatasetFormat
    header: bool = True,
    columns: Sequence[str] | None = None,
) -> Dataset:
    """Find the files of a data set and learn their columns; rows are read later.

    A folder is searched to any depth; files and folders whose names begin with `.` or `_` are passed over, as Spark
    does. Files are read in the order of their paths. Links are followed: whether a path may be read is the caller's
    to decide.

    Args:
        path: A file, a folder, or a pattern with `*`, `?`, `[…]`, `**`.
        format: How to read the files; by their suffix if not given.
        header: Whether CSV files have a line of names; without one, columns are named `_c0`, `_c1` ….
        columns: Read only these, in this order.

    Raises:
        DatasetNotFoundError: Nothing is at `path`, or no file of a known (or of the one given) format.
        EmptyFileError: A file has no bytes.
        ColumnsError: Names repeat, or `columns` names one that is not there.
        MalformedDataError: The first file's beginning can't be read.

    Example:
        >>> dataset = open_dataset("captures/2026/**/*.parquet")  # doctest: +SKIP
        >>> dataset.columns  # doctest: +SKIP
        ('age', 'income')
    """
    files, found = _find(str(path), format)
    for file in files:
        if file.stat().st_size == 0:
            raise EmptyFileError(f"{file} is empty (0 bytes). Remove it from the data set or write it again.")
    names = () if found == "jsonl" else _columns_of(files[0], found, header)
    if columns is None:
        return Dataset(files, found, header, names)
    absent = [name for name in columns if name not in names]
    if absent and found != "jsonl":
        raise ColumnsError(
            f"{files[0]} has no column {', '.join(map(repr, absent))}; it has {', '.join(map(repr, names))}."
        )
    return Dataset(files, found, header, tuple(columns) if found == "jsonl" else names, tuple(columns))


def _find(path: str, asked: Format | None) -> tuple[tuple[Path, ...], Format]:
    root = Path(path)
    if root.is_file():
        found = asked or format_of(root)
        if found is None:
            raise DatasetNotFoundError(
                f"{path} has none of the suffixes {', '.join(SUFFIXES)}. Name its format: csv, parquet or jsonl."
            )
        return (root,), found
    if root.is_dir():
        candidates = [file for file in root.rglob("*") if file.is_file() and not _hidden(file.relative_to(root))]
    elif has_magic(path):
        matches = glob(path, recursive=True)  # noqa: PTH207 -- Path.glob takes no absolute pattern
        candidates = [Path(match) for match in matches if Path(match).is_file()]
    else:
        raise DatasetNotFoundError(f"There is no file or folder {path}.")
    if asked is not None:
        # In a folder the suffix still tells data from notes; a pattern says itself what is meant.
        files = [file for file in candidates if format_of(file) == asked] or (candidates if has_magic(path) else [])
        formats = {asked}
    else:
        files = [file for file in candidates if format_of(file) is not None]
        formats = {known for file in files if (known := format_of(file)) is not None}
    looked_for = ", ".join(suffix for suffix, known in SUFFIXES.items() if asked in (None, known))
    if not files:
        raise DatasetNotFoundError(
            f"{path} matches {len(candidates)} files, none of them of a format looked for ({looked_for})."
        )
    if len(formats) > 1:
        raise DatasetNotFoundError(
            f"{path} holds files of several formats ({', '.join(sorted(formats))}). Name the one to read, or use a "
            "pattern such as **/*.parquet."
        )
    return tuple(sorted(files, key=lambda file: file.as_posix())), formats.pop()


def format_of(file: Path) -> Format | None:
    """The format that `file`'s suffix stands for; None if it is none we know."""
    name = file.name.lower()
    return next((known for suffix, known in SUFFIXES.items() if name.endswith(suffix)), None)


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)


def _columns_of(file: Path, known: Format, header: bool) -> tuple[str, ...]:
    return csv_files.columns(file, header) if known == "csv" else parquet_files.columns(file)


def _select(frame: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    # A JSON Lines batch may lack a column that other lines have.
    return frame.select(name if name in frame.columns else pl.lit(None).alias(name) for name in names)


def _rechunked(pieces: Iterator[tuple[pl.DataFrame, int]]) -> Iterator[tuple[pl.DataFrame, int]]:
    """The same rows in frames of `BATCH_ROWS`, so that results do not depend on how a reader cuts its file."""
    held: list[pl.DataFrame] = []
    rows = read = 0
    for frame, read in pieces:
        held.append(frame)
        rows += frame.height
        if rows < BATCH_ROWS:
            continue
        whole = pl.concat(held, how="diagonal_relaxed") if len(held) > 1 else held[0]
        start = 0
        while rows - start >= BATCH_ROWS:
            yield whole.slice(start, BATCH_ROWS), read
            start += BATCH_ROWS
        held, rows = ([whole.slice(start)] if start < rows else []), rows - start
    if rows:
        yield (pl.concat(held, how="diagonal_relaxed") if len(held) > 1 else held[0]), read
