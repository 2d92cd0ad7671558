"""Files with keys of ours: made once, whoever comes first, and readable by nobody else."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from graph.errors import SettingError


def key_file(path: Path, make: Callable[[], bytes]) -> bytes:
    """The content of a key file; `make` gives it when there is none yet. Processes that ask at once get the same.

    Raises:
        SettingError: the file can't be read or made, or others may read it.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(path.parent / ".lock"):
            if not path.exists():
                fresh = path.with_suffix(".new")
                fresh.unlink(missing_ok=True)
                with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(make())
                    file.flush()
                    os.fsync(file.fileno())
                fresh.replace(path)
        if path.stat().st_mode & 0o077:
            raise SettingError(f"{path} may be read by others; run chmod 600 {path}")
        return path.read_bytes()
    except OSError as error:
        raise SettingError(f"the key file {path} can't be used: {error.strerror}") from error


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file's lock against every other process and thread."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
