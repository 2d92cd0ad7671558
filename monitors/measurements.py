"""A data set read once for whoever measures it: its digest, its rows batch by batch, and that it stayed the same."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import polars as pl

from graph.errors import ConflictError, InvalidError
from monitors.analysis import Dataset, Format
from monitors.datasets import Progress, Reading, Stage, digest_of, translated, uri_of


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
    reading = reading or Reading()
    report = on_progress or _unheard
    with translated():
        dataset = reading.open(path)
        total, before = dataset.total_bytes, _stamps(dataset)
        digest = digest_of(dataset, path, lambda done: report("digest", done, total))
        wanted = None if columns is None else tuple(dict.fromkeys(columns))
        rows, found, broken = 0, dict.fromkeys(dataset.columns), 0
        for chunk in dataset:
            read = chunk.rows()
            frame = read.frame
            found.update(dict.fromkeys(frame.columns))
            broken += read.broken.count
            if wanted is not None:
                frame = frame.select(name if name in frame.columns else pl.lit(None).alias(name) for name in wanted)
            take(frame)
            rows += frame.height
            report("profile", chunk.bytes_read, total)
        absent = [name for name in wanted or () if name not in found]
        if absent:
            raise InvalidError(
                f"{path} has no column {', '.join(map(repr, absent))}; it has {', '.join(map(repr, found))}",
                path="data",
                constraint="the columns that the analysis names",
            )
        if broken > reading.broken_share * (rows + broken):
            raise InvalidError(
                f"{path}: {broken:,} of {rows + broken:,} lines are broken; `--type data-quality` names them",
                path="data",
                constraint=f"at most {reading.broken_share:.2%} of the lines broken",
            )
        if _stamps(dataset) != before:
            raise ConflictError(f"{path} was changed while it was read; run again when it is written as a whole")
    name = PurePath(uri_of(path)).name or str(path)
    return Measured(uri_of(path), name, digest, total, len(dataset.files), dataset.format, rows, wanted or tuple(found))


async def measure_aside(
    path: str | Path,
    columns: Sequence[str] | None,
    take: Take,
    reading: Reading | None = None,
    on_progress: Progress | None = None,
) -> Measured:
    """`measure` in a thread of its own, which ends soon after the caller was cancelled."""
    cancelled = threading.Event()

    def heard(stage: Stage, done: int, total: int) -> None:
        if cancelled.is_set():
            raise InterruptedError
        if on_progress:
            on_progress(stage, done, total)

    try:
        return await asyncio.to_thread(measure, path, columns, take, reading, heard)
    except asyncio.CancelledError:
        cancelled.set()
        raise


def _stamps(dataset: Dataset) -> list[tuple[int, int, int]]:
    stats = [Path(file.name).stat() for file in dataset.files if file.source is None]
    return [(stat.st_size, stat.st_mtime_ns, stat.st_ino) for stat in stats]


def _unheard(stage: Stage, done: int, total: int) -> None:
    """Progress that nobody asked for."""
