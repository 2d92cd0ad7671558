"""A data set read once for whoever measures it: its digest, its rows batch by batch, and that it stayed the same."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from graph.errors import InvalidError
from monitors.analysis import Dataset, Format
from monitors.analysis.broken import BrokenLines
from monitors.datasets import Progress, aside, read_whole
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
    share = (reading or Reading()).broken_share

    def batches(dataset: Dataset, report: Callable[[int], None]) -> tuple[int, tuple[str, ...]]:
        rows, broken, found = 0, BrokenLines(), dict.fromkeys(dataset.columns)
        for chunk in dataset:
            read = chunk.rows()
            frame = read.frame
            found.update(dict.fromkeys(frame.columns))
            broken.merge(read.broken)
            if wanted is not None:
                frame = frame.select(name if name in frame.columns else pl.lit(None).alias(name) for name in wanted)
            take(frame)
            rows += frame.height
            report(chunk.bytes_read)
        absent = [name for name in wanted or () if name not in found]
        if broken.count > share * (rows + broken.count):
            examples = "".join(f"\n  {line.file}, line {line.line}: {line.reason}." for line in broken.examples[:5])
            raise InvalidError(
                f"{path}: {broken.count:,} of {rows + broken.count:,} lines can't be read:{examples}",
                path="data",
                constraint=f"at most {share:.2%} of the lines broken",
            )
        if absent:
            raise InvalidError(
                f"{path} has no column {', '.join(map(repr, absent))}; it has {', '.join(map(repr, found))}",
                path="data",
                constraint="the columns that the analysis names",
            )
        return rows, wanted or tuple(found)

    read, (rows, names) = read_whole(path, reading, batches, on_progress)
    dataset = read.dataset
    return Measured(read.uri, read.name, read.digest, read.size, len(dataset.files), dataset.format, rows, names)


async def measure_aside(
    path: str | Path,
    columns: Sequence[str] | None,
    take: Take,
    reading: Reading | None = None,
    on_progress: Progress | None = None,
) -> Measured:
    """`measure` in a thread of its own, which ends soon after the caller was cancelled."""
    return await aside(lambda heard: measure(path, columns, take, reading, heard), on_progress)
