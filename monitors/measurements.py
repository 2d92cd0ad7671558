"""A data set read once for whoever measures it: its digest, its rows batch by batch, and that it stayed the same."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from graph.errors import InvalidError
from monitors.analysis import Dataset, Format
from monitors.analysis.broken import BrokenLines
from monitors.analysis.folding import Begin, Folded, S, chosen
from monitors.datasets import Progress, Read, aside, read_whole
from monitors.reading import Reading


@dataclass(frozen=True, slots=True)
class Measured:
    """A data set that was read.

    Attributes:
        uri: `file://` with the absolute path of the file, folder or pattern.
        name: The last part of the path.
        digest: Of its content, as `datasets` describes it.
        size: Bytes.
        files: How many.
        rows: How many.
        columns: The names of the columns that were read.
    """

    uri: str
    name: str
    digest: str
    size: int
    files: int
    format: Format
    rows: int
    columns: tuple[str, ...]


Take = Callable[[pl.DataFrame], None]
"""Takes in the rows of one batch; columns that the batch lacks are null."""


def measure(
    path: str | Path,
    columns: Sequence[str] | None,
    take: Take,
    reading: Reading | None = None,
    on_progress: Progress | None = None,
) -> Measured:
    """Read a data set's columns in the order of its rows; memory holds a few batches.

    Args:
        path: A file, a folder or a pattern.
        columns: Which to read; all if None.
        take: Given each batch.
        reading: How to read the files.
        on_progress: Told how far it has come.

    Raises:
        NotFoundError: Nothing that can be read is there.
        InvalidError: A file is damaged, lacks a column, or `take` has refused what is in it.
        ConflictError: A file was changed while it was read.
    """
    wanted = None if columns is None else tuple(dict.fromkeys(columns))

    def batches(dataset: Dataset, report: Callable[[int], None]) -> tuple[int, tuple[str, ...]]:
        rows, broken, found = 0, BrokenLines(), dict.fromkeys(dataset.columns)
        for chunk in dataset:
            read = chunk.rows()
            found.update(dict.fromkeys(read.frame.columns))
            broken.merge(read.broken)
            take(read.frame if wanted is None else chosen(read.frame, wanted))
            rows += read.frame.height
            report(chunk.bytes_read)
        return rows, _checked(path, reading, rows, broken, tuple(found), wanted)

    read, (rows, names) = read_whole(path, reading, batches, on_progress)
    return _measured(read, rows, names)


def fold(
    path: str | Path,
    columns: Sequence[str] | None,
    begin: Begin[S],
    reading: Reading | None = None,
    on_progress: Progress | None = None,
) -> tuple[Measured, S]:
    """Read a data set's columns, and the state of its rows: the same bytes whoever reads which part of them.

    Args:
        path: A file, a folder or a pattern.
        columns: Which to read; all if None.
        begin: Makes an empty state, by the number of the part that it is of.
        reading: How to read the files, and by which processes or machines.
        on_progress: Told how far it has come.

    Raises:
        NotFoundError: Nothing that can be read is there.
        InvalidError: A file is damaged, lacks a column, or a state has refused what is in it.
        ConflictError: A file was changed while it was read.
        UnavailableError: A process or a machine ended before its work.
    """
    asked = reading or Reading()
    wanted = None if columns is None else tuple(dict.fromkeys(columns))

    def folded(dataset: Dataset, report: Callable[[int], None]) -> Folded[S]:
        made = asked.fold(dataset, begin, wanted, lambda _rows, done: report(done))
        names = _checked(path, reading, made.rows, made.broken, made.columns, wanted)
        return replace(made, columns=names)

    read, made = read_whole(path, reading, folded, on_progress)
    return _measured(read, made.rows, made.columns), made.state


async def fold_aside(
    path: str | Path,
    columns: Sequence[str] | None,
    begin: Begin[S],
    reading: Reading | None = None,
    on_progress: Progress | None = None,
) -> tuple[Measured, S]:
    """`fold` in a thread of its own, which ends soon after the caller was cancelled."""
    return await aside(lambda heard: fold(path, columns, begin, reading, heard), on_progress)


def _measured(read: Read, rows: int, columns: tuple[str, ...]) -> Measured:
    dataset = read.dataset
    return Measured(read.uri, read.name, read.digest, read.size, len(dataset.files), dataset.format, rows, columns)


def _checked(
    path: str | Path,
    reading: Reading | None,
    rows: int,
    broken: BrokenLines,
    found: tuple[str, ...],
    wanted: tuple[str, ...] | None,
) -> tuple[str, ...]:
    """The columns that were read.

    Raises:
        InvalidError: Too many lines are broken, or a wanted column is not there.
    """
    share = (reading or Reading()).broken_share
    if broken.count > share * (rows + broken.count):
        examples = "".join(f"\n  {line.file}, line {line.line}: {line.reason}." for line in broken.examples[:5])
        raise InvalidError(
            f"{path}: {broken.count:,} of {rows + broken.count:,} lines can't be read:{examples}",
            path="data",
            constraint=f"at most {share:.2%} of the lines broken",
        )
    absent = [name for name in wanted or () if name not in found]
    if absent:
        raise InvalidError(
            f"{path} has no column {', '.join(map(repr, absent))}; it has {', '.join(map(repr, found))}",
            path="data",
            constraint="the columns that the analysis names",
        )
    return wanted or found
