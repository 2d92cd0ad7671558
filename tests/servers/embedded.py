import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from graph.store.embedded import Attachment, EmbeddedOptions
from graph.store.embedded.attachment import attach_blocking

STOP_SECONDS = 10.0


@contextlib.contextmanager
def running_embedded(tmp_dir: Path, options: EmbeddedOptions | None = None) -> Iterator[Attachment]:
    """An embedded database in `tmp_dir / "data"`, which has ended when the block is left."""
    attachment = attach_blocking(tmp_dir / "data", options)
    try:
        yield attachment
    finally:
        attachment.close()
        end(attachment.pid)


def runs(pid: int) -> bool:
    """Whether a process runs: neither gone nor a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_ended(pid: int, seconds: float = STOP_SECONDS) -> bool:
    """Waits until a process, of whichever parent, is gone; false when it still runs after `seconds`."""
    deadline = time.monotonic() + seconds
    while runs(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def end(pid: int) -> None:
    """Waits for a database whose users are gone, and kills it when it stays."""
    if not wait_ended(pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        raise AssertionError(f"the embedded database (process {pid}) outlived its last user")
