"""Files of a data set: where they are found, and how they are opened."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from glob import glob, has_magic
from pathlib import Path, PurePosixPath
from shutil import copyfileobj
from typing import IO, Literal, Protocol

from monitors.analysis.errors import DatasetNotFoundError, EmptyFileError

Format = Literal["csv", "parquet", "jsonl", "capture"]

SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".csv.gz": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".jsonl.gz": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
}


class Source(Protocol):
    """Where files are read from when it is not this machine's file system, such as a bucket.

    A source is sent to worker processes, so it must be picklable.
    """

    def list(self, prefix: str) -> Iterable[tuple[str, int]]:
        """The names and sizes in bytes of all files whose names begin with `prefix`."""
        ...

    def open(self, name: str) -> IO[bytes]:
        """A file's content, read from its beginning."""
        ...


@dataclass(frozen=True)
class File:
    """One file: its path or its name in a source, and its size in bytes as it lies there."""

    name: str
    size: int
    source: Source | None = None

    def open(self) -> IO[bytes]:
        """The content from the beginning."""
        return Path(self.name).open("rb") if self.source is None else self.source.open(self.name)

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """A path on this machine: the file itself, or a copy that lives as long as the context."""
        if self.source is None:
            yield Path(self.name)
            return
        with tempfile.NamedTemporaryFile(suffix=PurePosixPath(self.name).suffix) as copy:
            with self.source.open(self.name) as content:
                copyfileobj(content, copy, 1 << 20)
            copy.flush()
            yield Path(copy.name)

    def __str__(self) -> str:
        return self.name


def find(path: str, asked: Format | None, source: Source | None = None) -> tuple[tuple[File, ...], Format]:
    """The files at `path`, in the order of their names, and their format.

    A folder is searched to any depth; files and folders whose names begin with `.` or `_` are passed over, as Spark
    does. Links are followed.

    Args:
        path: A file, a folder, or a pattern with `*`, `?`, `[…]`, `**`.
        asked: The format to look for; by the files' suffixes if not given.
        source: Where to look; this machine's file system if not given.

    Raises:
        DatasetNotFoundError: Nothing is there, or no file of a known (or of the one given) format.
        EmptyFileError: A file has no bytes.
    """
    files, single = _local(path) if source is None else _listed(path, source)
    if single:
        known = asked or format_of(files[0].name)
        if known is None:
            raise DatasetNotFoundError(
                f"{path} has none of the suffixes {', '.join(SUFFIXES)}. Name its format: csv, parquet, jsonl or capture."
            )
        found = files
    else:
        found, known = _of_one_format(path, files, asked)
    for file in found:
        if file.size == 0:
            raise EmptyFileError(f"{file} is empty (0 bytes). Remove it from the data set or write it again.")
    return tuple(sorted(found, key=lambda file: file.name)), known


def format_of(name: str) -> Format | None:
    """The format that a file name's suffix stands for; None if it is none we know."""
    lower = name.lower()
    return next((known for suffix, known in SUFFIXES.items() if lower.endswith(suffix)), None)


def _of_one_format(path: str, candidates: list[File], asked: Format | None) -> tuple[list[File], Format]:
    if asked is not None:
        # In a folder the suffix still tells data from notes; a pattern says itself what is meant.
        # Capture files look like any JSON Lines; a writer that was stopped may have left an empty one.
        look = "jsonl" if asked == "capture" else asked
        files = [file for file in candidates if format_of(file.name) == look and (file.size or asked != "capture")] or (
            candidates if has_magic(path) else []
        )
        formats = {asked}
    else:
        files = [file for file in candidates if format_of(file.name) is not None]
        formats = {known for file in files if (known := format_of(file.name)) is not None}
    looked_for = ", ".join(
        suffix for suffix, known in SUFFIXES.items() if asked in (None, known) or (asked, known) == ("capture", "jsonl")
    )
    if not files:
        raise DatasetNotFoundError(
            f"{path} matches {len(candidates)} files, none of them of a format looked for ({looked_for})."
        )
    if len(formats) > 1:
        raise DatasetNotFoundError(
            f"{path} holds files of several formats ({', '.join(sorted(formats))}). Name the one to read, or use a "
            "pattern such as **/*.parquet."
        )
    return files, formats.pop()


def _local(path: str) -> tuple[list[File], bool]:
    root = Path(path)
    if root.is_file():
        return [File(root.as_posix(), root.stat().st_size)], True
    if root.is_dir():
        paths = [file for file in root.rglob("*") if file.is_file() and not _hidden(file.relative_to(root).parts)]
    elif has_magic(path):
        matches = glob(path, recursive=True)  # noqa: PTH207 -- Path.glob takes no absolute pattern
        paths = [Path(match) for match in matches if Path(match).is_file()]
    else:
        raise DatasetNotFoundError(f"There is no file or folder {path}.")
    return [File(file.as_posix(), file.stat().st_size) for file in paths], False


def _listed(path: str, source: Source) -> tuple[list[File], bool]:
    parts = path.split("/")
    fixed = next((index for index, part in enumerate(parts) if has_magic(part)), len(parts))
    prefix = "/".join(parts[:fixed])
    files = [File(name, size, source) for name, size in source.list(prefix)]
    if (single := next((file for file in files if file.name == path), None)) is not None:
        return [single], True
    below = [file for file in files if file.name.startswith(prefix.rstrip("/") + "/")]
    if fixed < len(parts):
        return [file for file in below if _matches(file.name.split("/"), parts)], False
    depth = len(prefix.rstrip("/").split("/"))
    below = [file for file in below if file.size and not _hidden(tuple(file.name.split("/")[depth:]))]
    if not below:
        raise DatasetNotFoundError(f"There is no file or folder {path}.")
    return below, False


def _matches(name: list[str], pattern: list[str]) -> bool:
    """Whether a path follows a pattern part by part; `**` stands for any number of parts, also none."""
    if not pattern:
        return not name
    if pattern[0] == "**":
        return any(_matches(name[skipped:], pattern[1:]) for skipped in range(len(name) + 1))
    return bool(name) and fnmatchcase(name[0], pattern[0]) and _matches(name[1:], pattern[1:])


def _hidden(parts: tuple[str, ...]) -> bool:
    return any(part.startswith((".", "_")) for part in parts)
