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
from typing import Literal
from urllib.parse import quote

from graph.errors import ConflictError, InvalidError, NotFoundError
from monitors.analysis import (
    AnalysisError,
    Dataset,
    DatasetNotFoundError,
    Format,
    Statistics,
    open_dataset,
    profile_dataset,
    statistics_of,
)

BLOCK = 1 << 20

Stage = Literal["digest", "profile"]
Progress = Callable[[Stage, int, int], None]
"""Told the stage, the bytes done and the bytes in all."""


@dataclass(frozen=True, slots=True)
class Observed:
    """A data set that was read.

    Attributes:
        uri: `file://` with the absolute path of the file, folder or pattern.
        name: The last part of the path.
        digest: Of its content, as the module describes it.
        statistics: What it looks like.
    """

    uri: str
    name: str
    digest: str
    size: int
    files: int
    format: Format
    statistics: Statistics


def observe(
    path: str | Path,
    *,
    format: Format | None = None,  # noqa: A002  # the word for it, as in the analysis
    header: bool = True,
    on_progress: Progress | None = None,
) -> Observed:
    """Read a data set: its digest, and its statistics in one pass.

    Raises:
        NotFoundError: Nothing that can be read is there.
        InvalidError: A file is damaged or not of its format.
        ConflictError: A file was changed while it was read.
    """
    with translated():
        dataset = open_dataset(path, format, header)
        before, total = _stamps(dataset), dataset.total_bytes
        digest = digest_of(dataset, path, _of_stage(on_progress, "digest", total))
        report = _of_stage(on_progress, "profile", total)
        statistics = statistics_of(profile_dataset(dataset, lambda _rows, read: report(read)))
        if _stamps(dataset) != before:
            raise ConflictError(f"{path} was changed while it was read; run again when it is written as a whole")
    absolute = os.path.abspath(path)  # noqa: PTH100  # Path.absolute keeps the dots
    name = PurePath(absolute).name or absolute
    return Observed(uri_of(path), name, digest, total, len(dataset.files), dataset.format, statistics)


async def observe_aside(
    path: str | Path,
    *,
    format: Format | None = None,  # noqa: A002  # the word for it, as in the analysis
    header: bool = True,
    on_progress: Progress | None = None,
) -> Observed:
    """`observe` in a thread of its own, which ends soon after the caller was cancelled."""
    cancelled = threading.Event()

    def heard(stage: Stage, done: int, total: int) -> None:
        if cancelled.is_set():
            raise InterruptedError
        if on_progress:
            on_progress(stage, done, total)

    try:
        return await asyncio.to_thread(observe, path, format=format, header=header, on_progress=heard)
    except asyncio.CancelledError:
        cancelled.set()
        raise


def uri_of(path: str | Path) -> str:
    """The URI of a file, folder or pattern: `file://` and its absolute path, quoted but for the pattern's signs."""
    return "file://" + quote(os.path.abspath(path), safe="/*[]")  # noqa: PTH100  # Path.absolute keeps the dots


def digest_of(dataset: Dataset, path: str | Path, on_bytes: Callable[[int], None] | None = None) -> str:
    """The digest of a data set's content; `path` is where it was looked for."""
    on_bytes = on_bytes or _unheard
    if Path(path).is_file():
        return _digest(Path(dataset.files[0].name), 0, on_bytes)
    root = _root(path)
    manifest, done = hashlib.sha256(), 0
    for file in dataset.files:
        path_of = Path(file.name)
        line = f"{_digest(path_of, done, on_bytes)}  {path_of.relative_to(root).as_posix()}\n"
        manifest.update(line.encode("utf-8", "surrogateescape"))
        done += file.size
    return manifest.hexdigest()


@contextmanager
def translated() -> Iterator[None]:
    """Turn the analysis' errors, and those of the files' system, into ours."""
    try:
        yield
    except DatasetNotFoundError as error:
        raise NotFoundError(error.message) from error
    except AnalysisError as error:
        raise InvalidError(error.message, path="data", constraint="a data set that can be read") from error
    except OSError as error:
        raise InvalidError(f"{error.filename}: {error.strerror}", path="data", constraint="a readable file") from error


def _root(path: str | Path) -> Path:
    """The folder, or the part of a pattern before its first sign."""
    parts = Path(path).parts
    if Path(path).is_dir():
        return Path(path)
    fixed = next((index for index, part in enumerate(parts) if has_magic(part)), len(parts))
    return Path(*parts[:fixed])


def _digest(file: Path, before: int, on_bytes: Callable[[int], None]) -> str:
    hashed = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(BLOCK):
            hashed.update(block)
            before += len(block)
            on_bytes(before)
    return hashed.hexdigest()


def _of_stage(on_progress: Progress | None, stage: Stage, total: int) -> Callable[[int], None]:
    return (lambda done: on_progress(stage, done, total)) if on_progress else _unheard


def _stamps(dataset: Dataset) -> list[tuple[int, int, int]]:
    stats = [Path(file.name).stat() for file in dataset.files]
    return [(stat.st_size, stat.st_mtime_ns, stat.st_ino) for stat in stats]


def _unheard(done: int) -> None:
    """Progress that nobody asked for."""
