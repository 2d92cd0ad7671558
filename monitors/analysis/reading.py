"""Data sets: files of one format with the same columns, read in chunks that are always cut at the same places."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import polars as pl

from monitors.analysis import capture, csv_files, json_lines, parquet_files
from monitors.analysis.broken import BrokenLines
from monitors.analysis.capture import NO_LAYOUT, CaptureLayout
from monitors.analysis.csv_files import Dialect
from monitors.analysis.csv_numbers import Expected
from monitors.analysis.errors import ColumnsError
from monitors.analysis.files import File, Format, Source, find
from monitors.analysis.flattening import flatten
from monitors.analysis.lines import Piece

CHUNK_ROWS = 131_072
"""Rows in a chunk; a chunk is what one quantile sketch is made of, so results depend on it and it is no option."""

CHUNK_VALUES = 1 << 24
"""Values in a chunk: of wide tables it has fewer rows."""


def chunk_rows(width: int) -> int:
    """The most rows in a chunk of so many columns: a power of two, less than usual for more than 128 columns."""
    return max(1024, min(CHUNK_ROWS, 1 << (CHUNK_VALUES // max(width, 1)).bit_length() - 1))


class Rows(NamedTuple):
    """The rows of a chunk; `integers` of a column's floats are written as integers (only JSON can tell)."""

    frame: pl.DataFrame
    broken: BrokenLines
    integers: Mapping[str, int]


@dataclass(frozen=True)
class Chunk:
    """Consecutive rows of one file, maybe not yet parsed.

    Attributes:
        position: Its place in the file, from 0.
        bytes_read: About how many bytes of the file were read when it was there.
    """

    position: int
    bytes_read: int
    dataset: "Dataset"
    file: File
    content: Piece | pl.DataFrame
    expected: Mapping[str, pl.DataType] | Expected | None = None

    def rows(self) -> Rows:
        """The rows, parsed; this is where reading texts spends its time, and threads may do it at once.

        Raises:
            ColumnsError: A nested field and a column are called the same.
        """
        dataset = self.dataset
        integers: Mapping[str, int] = {}
        broken = BrokenLines()
        if isinstance(self.content, pl.DataFrame):
            frame = flatten(self.content)
            if dataset.selected is None and tuple(frame.columns) != dataset.columns:
                frame = frame.select(dataset.columns)
        elif dataset.format == "csv":
            names = dataset.order_in(self.file)
            assert not isinstance(self.expected, Mapping)
            frame, broken, integers = csv_files.parse(
                self.content, self.position == 0, names, self.file, dataset.dialect, self.expected
            )
            if names != dataset.columns:
                frame = frame.select(dataset.columns)
        elif dataset.format == "capture":
            frame, broken, integers = capture.parse(self.content, self.file, dataset.layout)
        else:
            assert not isinstance(self.expected, Expected)
            expected = None if self.expected is None else dict(self.expected)
            frame, broken, integers = json_lines.parse(self.content, self.file, expected)
        if dataset.selected is not None:
            frame = _select(frame, dataset.selected)
        return Rows(frame, broken, integers)


@dataclass(frozen=True)
class Dataset:
    """Files of one format with the same columns, in the order in which they are read.

    Attributes:
        files: In the order of their names.
        format: How all of them are read.
        dialect: How CSV files are written.
        columns: Names in order. Empty for JSON Lines and captures, whose names are known only when every line was seen.
        selected: The columns to read; None for all.
        layout: What the fields of captured records are called.
    """

    files: tuple[File, ...]
    format: Format
    dialect: Dialect
    columns: tuple[str, ...]
    selected: tuple[str, ...] | None = None
    layout: CaptureLayout = NO_LAYOUT
    _orders: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def read_columns(self) -> tuple[str, ...]:
        """The names of the columns that chunks hold: those selected, else all."""
        return self.columns if self.selected is None else self.selected

    @property
    def total_bytes(self) -> int:
        """The size of all files as they lie there."""
        return sum(file.size for file in self.files)

    @property
    def blanks_missing(self) -> bool:
        """Whether a blank field is missing: CSV has no other way to say it."""
        return self.format == "csv"

    @property
    def chunk_rows(self) -> int:
        """The most rows in a chunk."""
        return chunk_rows(len(self.columns))

    def order_in(self, file: File) -> tuple[str, ...]:
        """The columns in the order in which a CSV file has them.

        Raises:
            ColumnsError: They are not those of the first file.
        """
        if file.name not in self._orders:
            names = csv_files.columns(file, self.dialect)
            self._check(file, names)
            self._orders[file.name] = names
        return self._orders[file.name]

    def _check(self, file: File, names: tuple[str, ...]) -> None:
        if sorted(names) != sorted(self.columns):
            raise ColumnsError(
                f"{file} has other columns than {self.files[0]}, the first file of the data set.\n"
                f"  {Path(self.files[0].name).name}: {', '.join(map(repr, self.columns))}\n"
                f"  {Path(file.name).name}: {', '.join(map(repr, names))}"
            )

    def __iter__(self) -> Iterator[Chunk]:
        for file in self.files:
            yield from self.chunks(file)

    def chunks(self, file: File, first: int = 0, stop: int | None = None, *, numbers: bool = False) -> Iterator[Chunk]:
        """The chunks of one of `files`, in their order, from the `first` up to `stop`; a file without rows has none.

        A chunk has `chunk_rows` rows, or lines, and ends at the first line end beyond 28 MB of text. Memory holds a few
        of them, whatever the file's size.

        Args:
            file: One of `files`.
            first: The first chunk's position.
            stop: That after the last; None for all.
            numbers: Whether columns of CSV may come as numbers, rather than as texts, where `ColumnProfile` takes in
                the same of both.

        Raises:
            MalformedDataError: The file can't be read to its end.
            ColumnsError: Its columns are not those of the first file.
        """
        rows = self.chunk_rows
        if self.format == "parquet":
            with file.on_disk() as path:
                self._check(file, parquet_files.columns(file, path))
                total = parquet_files.rows(file, path)
                end = total if stop is None else min(total, stop * rows)
                if first * rows >= end:
                    return
                frames = parquet_files.read(file, path, self.selected, rows, first * rows, end)
                for position, frame in enumerate(frames, first):
                    done = position * rows + frame.height
                    yield Chunk(position, file.size * done // total, self, file, frame)
            return
        expected: Mapping[str, pl.DataType] | Expected | None = None
        if self.format == "csv":
            names = self.order_in(file)
            expected = csv_files.expect(file, self.dialect, names) if numbers else None
            cut = csv_files.cut(file, self.dialect, rows)
        else:
            expected = json_lines.expect(file) if self.format == "jsonl" else None
            cut = json_lines.cut(file, rows)
        for position, piece in enumerate(cut):
            if stop is not None and position >= stop:
                return
            if position >= first:
                yield Chunk(position, piece.bytes_read, self, file, piece, expected)

    def chunk_count(self, file: File) -> int | None:
        """How many chunks a file has, where that can be told without reading it."""
        if self.format != "parquet" or file.source is not None:
            return None
        return -(-parquet_files.rows(file, Path(file.name)) // self.chunk_rows)

    def bytes_before(self, file: File, first: int) -> int:
        """About how many bytes of a file lie before a chunk, where `chunk_count` can tell."""
        return first and file.size * first * self.chunk_rows // parquet_files.rows(file, Path(file.name))


def open_dataset(
    path: str | Path,
    format: Format | None = None,  # noqa: A002 -- the word for it, also in the CLI and in SageMaker's DatasetFormat
    header: bool = True,
    columns: Sequence[str] | None = None,
    *,
    delimiter: str = ",",
    quote: str | None = '"',
    encoding: str = "utf-8",
    source: Source | None = None,
    layout: CaptureLayout | None = None,
) -> Dataset:
    """Find the files of a data set and learn their columns; rows are read later.

    Args:
        path: A file, a folder, or a pattern with `*`, `?`, `[…]`, `**`; whether it may be read is the caller's to
            decide.
        format: How to read the files; by their suffix if not given.
        header: Whether CSV files have a line of names; without one, columns are named `_c0`, `_c1` ….
        columns: Read only these, in this order. Nested fields are named by their path.
        delimiter: Between the fields of CSV files; `.tsv` files have tabs.
        quote: Around fields of CSV files; None for none.
        encoding: Of CSV files.
        source: Where to look; this machine's file system if not given.
        layout: What the fields of captured records are called.

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
    files, found = find(str(path), format, source)
    dialect = Dialect(delimiter, quote, encoding, header)
    names: tuple[str, ...] = ()
    if found == "csv":
        names = csv_files.columns(files[0], dialect)
    elif found == "parquet":
        with files[0].on_disk() as first:
            names = parquet_files.columns(files[0], first)
    absent = [name for name in columns or () if name not in names]
    if absent and found in ("csv", "parquet"):
        raise ColumnsError(
            f"{files[0]} has no column {', '.join(map(repr, absent))}; it has {', '.join(map(repr, names))}."
        )
    selected = None if columns is None else tuple(columns)
    return Dataset(files, found, dialect, names, selected, layout or NO_LAYOUT)


def _select(frame: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    # A piece of JSON Lines may lack a column that other lines have.
    return frame.select(name if name in frame.columns else pl.lit(None).alias(name) for name in names)
