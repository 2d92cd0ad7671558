"""Files of this host: what a path or a `file:` URI names, and opening it without leaving a folder."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote_to_bytes

from graph.errors import ForbiddenError, InvalidError, NotFoundError, UnavailableError

FILE = "file:"
LONGEST = 4_096
"""bytes in a path, as Linux has it"""
HERE = ("", "localhost")
"""authorities of a `file:` URI that mean this host (RFC 8089)"""


def path_of(given: str) -> str:
    """The absolute path that a path or a `file:` URI names; percent signs of a URI are decoded once.

    Raises:
        InvalidError: it names none, or one with `..` in it.

    Example:
        >>> path_of("file://localhost/srv/a%20b.csv")
        '/srv/a b.csv'
    """
    path = given
    if given[: len(FILE)].lower() == FILE:
        rest = given[len(FILE) :]
        if rest.startswith("//"):
            authority, slash, tail = rest[2:].partition("/")
            if authority.lower() not in HERE:
                raise _invalid(given, "a file: URI names a file of this host: file:///path")
            rest = slash + tail
        if "?" in rest or "#" in rest:
            raise _invalid(given, "a file: URI has no query and no fragment; write %3F and %23 for the characters")
        path = os.fsdecode(unquote_to_bytes(rest))
    elif "://" in given:
        raise _invalid(given, "it is neither a path nor a file: URI")
    if not path.startswith("/"):
        raise _invalid(given, "it has to be absolute")
    readable(path)
    if ".." in path.split("/"):
        raise _invalid(given, "'..' is not taken; name the place itself")
    return os.path.normpath("/" + path.lstrip("/"))


def is_plain(given: str) -> bool:
    """Whether it is a path rather than a URI."""
    return "://" not in given and given[: len(FILE)].lower() != FILE


def readable(path: str) -> str:
    """The path, if the host can be asked for it.

    Raises:
        InvalidError: no file can be called so.
    """
    try:
        size = len(os.fsencode(path))
    except UnicodeEncodeError:
        size = LONGEST + 1
    if not path or "\0" in path or size > LONGEST:
        raise _invalid(
            path, f"it is empty, holds a NUL or other characters that no path has, or more than {LONGEST} bytes"
        )
    return path


def resolved(path: str) -> str | None:
    """The path without links; None when links change while they are followed."""
    try:
        return os.path.realpath(path)
    except OSError:
        return None


def within(path: str, root: str) -> bool:
    """Whether a path is a folder or lies in it, by its text alone; both are absolute and normal."""
    return path == root or path.startswith(root.rstrip("/") + "/")


def open_beneath(root: str, path: str, shown: str) -> BinaryIO:
    """Open a file in a folder, following no link on the way, so that nobody can swap one in after the check.

    Args:
        root: A folder, resolved.
        path: A file in it, resolved.
        shown: What the caller named, for messages.

    Raises:
        ForbiddenError: it is no regular file, or a link appeared on the way.
        NotFoundError: it is not there.
        UnavailableError: it can't be read.
    """
    *folders, name = Path(path).relative_to(root).parts or (".",)
    descriptor = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for folder in folders:
            below = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = below
        # Without O_NONBLOCK a named pipe would hold us here.
        found = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=descriptor)
    except OSError as error:
        raise _failure(error, shown) from None
    finally:
        os.close(descriptor)
    if not stat.S_ISREG(os.fstat(found).st_mode):
        os.close(found)
        raise ForbiddenError(f"{shown[:200]!r} is not a regular file, and only those are read")
    return os.fdopen(found, "rb")


def _failure(error: OSError, shown: str) -> Exception:
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
        return NotFoundError(f"there is no file {shown[:200]!r}")
    if error.errno == errno.ELOOP:
        return ForbiddenError(f"{shown[:200]!r} is a link that leads elsewhere, and none is followed there")
    if error.errno == errno.ENXIO:
        return ForbiddenError(f"{shown[:200]!r} is not a regular file, and only those are read")
    return UnavailableError(f"{shown[:200]!r} can't be read: {error.strerror}")


def _invalid(given: str, why: str) -> InvalidError:
    return InvalidError(f"{given[:200]!r} can't be used as a local place: {why}", path="uri", constraint="file:///…")
