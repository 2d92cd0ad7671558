"""The artifact store: files kept under the SHA-256 of their content, in a folder.

A file lies at `<folder>/sha256/<first two digits>/<digest>/<name>`, and its URI is `file://` with that absolute path, so any
program on the host can open it. To read one, only the digest and the name of a URI count: a folder that was moved, or is
mounted elsewhere, still answers to the URIs that the graph holds. What is read is checked against its digest.
"""

import errno
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, unquote, urlsplit

from graph.errors import ConflictError, InvalidError, NotFoundError, SettingError, UnavailableError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
TAIL = re.compile(r".*/sha256/([0-9a-f]{2})/(\1[0-9a-f]{62})/([^/]+)", re.ASCII)
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in the store: where it lies, the SHA-256 of its content in lower-case hex, and its size in bytes."""

    uri: str
    digest: str
    size: int


class ArtifactStore:
    """The files of a folder.

    Args:
        location: A folder, made when it is missing; readable for its owner only.

    Raises:
        SettingError: `location` is not a folder that can be made.

    Example:
        >>> store = ArtifactStore("data/artifacts")  # doctest: +SKIP
        >>> store.read(store.put(b"{}", "statistics.json").uri)  # doctest: +SKIP
        b'{}'
    """

    def __init__(self, location: str | Path) -> None:
        if "://" in str(location):
            raise SettingError(f"STEMMA_ARTIFACTS is {location}; only a folder can be used")
        self.folder = Path(os.path.realpath(location))
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SettingError(f"the artifact store {self.folder} can't be made: {error.strerror}") from error

    def put(self, content: bytes | Path, name: str) -> Stored:
        """Keep a file; the same content under the same name is kept once.

        It is there as a whole or not at all, and on the disk when this returns.

        Args:
            content: The bytes, or the path of a file to copy.
            name: What the file is called, such as `statistics.json`.

        Raises:
            InvalidError: the name holds other characters than letters, digits, `.`, `_` and `-`.
            NotFoundError: there is no file at the path.
            UnavailableError: the folder can't be written.
        """
        if NAME.fullmatch(name) is None:
            raise InvalidError(
                f"a stored file can't be called {name!r}: its name has 1 to 100 letters, digits, '.', '_' and '-'",
                path="name",
                constraint=NAME.pattern,
            )
        with self._writing():
            descriptor, fresh = tempfile.mkstemp(dir=self.folder, prefix=".new-")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    digest, size = _copy(content, file)
                    file.flush()
                    os.fsync(file.fileno())
                path = self._path(digest, name)
                # A copy that was damaged since is replaced too, so it is written without looking.
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.replace(fresh, path)  # noqa: PTH105  # the same call whichever type the name has
            except BaseException:
                Path(fresh).unlink(missing_ok=True)
                raise
            for folder in (path.parent, path.parent.parent, path.parent.parent.parent, self.folder):
                _sync(folder)
        return Stored("file://" + quote(str(path)), digest, size)

    def read(self, uri: str) -> bytes:
        """The content of a stored file, checked against its digest.

        Raises:
            InvalidError: the URI is none of this store's form.
            NotFoundError: the file is not there.
            ConflictError: its content is not what was stored.
        """
        with self.open(uri) as file:
            content = file.read()
        digest, _, _ = _parts(uri)
        if hashlib.sha256(content).hexdigest() != digest:
            raise ConflictError(f"{uri} was changed or damaged since it was stored: its content has another digest")
        return content

    @contextmanager
    def open(self, uri: str) -> Iterator[BinaryIO]:
        """A stored file as a stream, for files too large to hold. Its digest is not checked.

        Raises:
            InvalidError: the URI is none of this store's form.
            NotFoundError: the file is not there.
        """
        digest, name, _ = _parts(uri)
        path = self._path(digest, name)
        try:
            # The folder is ours, so a link in it was put there by someone else.
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            raise NotFoundError(f"the artifact store {self.folder} has no file {digest[:12]}…/{name}") from None
        except OSError as error:
            raise UnavailableError(f"{path} can't be read: {error.strerror}") from error
        with os.fdopen(descriptor, "rb") as file:
            yield file

    def holds(self, uri: str) -> bool:
        """Whether the URI has this store's form and its file is there."""
        try:
            digest, name, _ = _parts(uri)
        except InvalidError:
            return False
        return self._path(digest, name).is_file()

    def _path(self, digest: str, name: str) -> Path:
        return self.folder / "sha256" / digest[:2] / digest / name

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else error.strerror
            raise UnavailableError(f"the artifact store {self.folder} can't be written: {reason}") from error


def _parts(uri: str) -> tuple[str, str, str]:
    """Digest, name and path of a URI."""
    parts = urlsplit(uri)
    path = unquote(parts.path)
    found = TAIL.fullmatch(path) if parts.scheme == "file" and not parts.netloc else None
    if found is None or NAME.fullmatch(found[3]) is None:
        raise InvalidError(
            f"{uri[:200]!r} is not a file of the artifact store (file://…/sha256/<2 digits>/<digest>/<name>)",
            path="uri",
            constraint="file://…/sha256/…",
        )
    return found[2], found[3], path


def _copy(content: bytes | Path, file: BinaryIO) -> tuple[str, int]:
    if isinstance(content, bytes):
        file.write(content)
        return hashlib.sha256(content).hexdigest(), len(content)
    hashed, size = hashlib.sha256(), 0
    try:
        source = content.open("rb")
    except FileNotFoundError:
        raise NotFoundError(f"there is no file {content}") from None
    with source:
        while block := source.read(BLOCK):
            hashed.update(block)
            file.write(block)
            size += len(block)
    return hashed.hexdigest(), size


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
