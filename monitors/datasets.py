r"""Data sets as the graph knows them: a URI, and the digest of what lies there.

The digest of one file is the SHA-256 of its bytes. That of a folder or a pattern is the SHA-256 of a manifest, one line a
file in the order in which they are read: `<digest>  <path below the folder, or below the pattern's fixed part>\n`, as
`sha256sum` prints it; so neither the folder's place nor times of files count.
"""

import asyncio
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from glob import has_magic
from pathlib import Path, PurePath
from typing import Literal, TypeVar
from urllib.parse import quote

from graph.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from monitors.analysis import (
    AnalysisError,
    Dataset,
    DatasetNotFoundError,
    File,
    Format,
    ModelError,
    Profile,
    Statistics,
    WorkersError,
    statistics_of,
)
from monitors.reading import Reading

BLOCK = 1 << 20
T = TypeVar("T")

Stage = Literal["digest", "profile", "explain"]
Progress = Callable[[Stage, int, int], None]
"""Told the stage, the bytes (of `explain`, the rows) done and those in all."""


@dataclass(frozen=True, slots=True)
class Observed:
    """A data set that was read.

    Attributes:
        uri: `file://` with the absolute path of the file, folder or pattern.
        name: The last part of the path.
        digest: Of its content, as the module describes it.
        statistics: What it looks like.
        profile: The same, mergeable with others.
    """

    uri: str
    name: str
    digest: str
    size: int
    files: int
    format: Format
    statistics: Statistics
    profile: Profile

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.statistics.item_count

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(self.statistics.features)


@dataclass(frozen=True, slots=True)
class Read:
    """A data set that was read as a whole, and that stayed the same meanwhile; `dataset` are its files."""

    uri: str
    name: str
    digest: str
    size: int
    dataset: Dataset


def read_whole(
    path: str | Path,
    reading: Reading | None,
    work: Callable[[Dataset, Callable[[int], None]], T],
    on_progress: Progress | None = None,
) -> tuple[Read, T]:
    """Take a data set's digest and do some work on it, which is told how to report the bytes that it has read.

    Raises:
        NotFoundError: Nothing that can be read is there.
        InvalidError: A file is damaged or not of its format.
        ConflictError: A file was changed while it was read.
    """
    with translated():
        dataset = (reading or Reading()).open(path)
        before, total = _stamps(dataset), dataset.total_bytes
        digest = digest_of(dataset, path, _of_stage(on_progress, "digest", total))
        made = work(dataset, _of_stage(on_progress, "profile", total))
        if _stamps(dataset) != before:
            raise ConflictError(f"{path} was changed while it was read; run again when it is written as a whole")
    absolute = str(path) if _remote(path) else os.path.abspath(path)  # noqa: PTH100  # Path.absolute keeps the dots
    return Read(uri_of(path), PurePath(absolute).name or absolute, digest, total, dataset), made


async def aside(work: Callable[[Progress], T], on_progress: Progress | None = None) -> T:
    """Do some work in a thread of its own, which ends at its next report after the caller was cancelled."""
    cancelled = threading.Event()

    def heard(stage: Stage, done: int, total: int) -> None:
        if cancelled.is_set():
            raise InterruptedError
        if on_progress:
            on_progress(stage, done, total)

    try:
        return await asyncio.to_thread(work, heard)
    except asyncio.CancelledError:
        cancelled.set()
        raise


def observe(path: str | Path, reading: Reading | None = None, on_progress: Progress | None = None) -> Observed:
    """Read a data set: its digest, and its statistics in one pass.

    Raises:
        NotFoundError: Nothing that can be read is there.
        InvalidError: A file is damaged or not of its format.
        ConflictError: A file was changed while it was read.
    """
    asked = reading or Reading()

    def profiled(dataset: Dataset, report: Callable[[int], None]) -> tuple[Profile, Statistics]:
        profile = asked.profile(dataset, lambda _rows, done: report(done))
        return profile, statistics_of(profile)

    read, (profile, statistics) = read_whole(path, asked, profiled, on_progress)
    dataset = read.dataset
    return Observed(
        *(read.uri, read.name, read.digest, read.size, len(dataset.files), dataset.format, statistics, profile)
    )


async def observe_aside(
    path: str | Path, reading: Reading | None = None, on_progress: Progress | None = None
) -> Observed:
    """`observe` in a thread of its own, which ends soon after the caller was cancelled."""
    return await aside(lambda heard: observe(path, reading, heard), on_progress)


def uri_of(path: str | Path) -> str:
    """The URI of a file, folder or pattern: `file://` and its absolute path, quoted but for the pattern's signs.

    An `s3://` URI is what it is.
    """
    if _remote(path):
        return str(path)
    return "file://" + quote(os.path.abspath(path), safe="/*[]")  # noqa: PTH100  # Path.absolute keeps the dots


def digest_of(dataset: Dataset, path: str | Path, on_bytes: Callable[[int], None] | None = None) -> str:
    """The digest of a data set's content; `path` is where it was looked for."""
    on_bytes = on_bytes or _unheard
    if len(dataset.files) == 1 and (dataset.files[0].name == str(path) or Path(path).is_file()):
        return _digest(dataset.files[0], 0, on_bytes)
    root = _root(path)
    manifest, done = hashlib.sha256(), 0
    for file in dataset.files:
        line = f"{_digest(file, done, on_bytes)}  {PurePath(file.name).relative_to(root).as_posix()}\n"
        manifest.update(line.encode("utf-8", "surrogateescape"))
        done += file.size
    return manifest.hexdigest()


@contextmanager
def translated() -> Iterator[None]:
    """Turn the analysis' errors, and those of the files' system, into ours."""
    try:
        yield
    except WorkersError as error:
        raise UnavailableError(error.message) from error
    except DatasetNotFoundError as error:
        raise NotFoundError(error.message) from error
    except ModelError as error:
        raise InvalidError(error.message, path="model", constraint="a model that can be asked") from error
    except AnalysisError as error:
        raise InvalidError(error.message, path="data", constraint="a data set that can be read") from error
    except OSError as error:
        raise InvalidError(f"{error.filename}: {error.strerror}", path="data", constraint="a readable file") from error


def _remote(path: str | Path) -> bool:
    return str(path).startswith("s3://")


def _root(path: str | Path) -> Path:
    """The folder, or the part of a pattern before its first sign."""
    parts = Path(path).parts
    if Path(path).is_dir():
        return Path(path)
    fixed = next((index for index, part in enumerate(parts) if has_magic(part)), len(parts))
    return Path(*parts[:fixed])


def _digest(file: File, before: int, on_bytes: Callable[[int], None]) -> str:
    hashed = hashlib.sha256()
    with file.open() as stream:
        while block := stream.read(BLOCK):
            hashed.update(block)
            before += len(block)
            on_bytes(before)
    return hashed.hexdigest()


def _of_stage(on_progress: Progress | None, stage: Stage, total: int) -> Callable[[int], None]:
    return (lambda done: on_progress(stage, done, total)) if on_progress else _unheard


def _stamps(dataset: Dataset) -> list[tuple[int, int, int]]:
    stats = [Path(file.name).stat() for file in dataset.files if file.source is None]
    return [(stat.st_size, stat.st_mtime_ns, stat.st_ino) for stat in stats]


def _unheard(done: int) -> None:
    """Progress that nobody asked for."""
