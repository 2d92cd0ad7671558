"""Whose turn it is to write: the processes of one data directory commit one after the other, and none waits for ever.

The database notices when two of them change the same ledger, and undoes one: right, but whoever comes back at once wins
again, and a process that writes without pause would keep the others out. So each takes its turn before it begins, by two
locks of the operating system, which lets go of them however a process ends. The second one is the turn; only who holds the
first may wait for it, so whoever has just had a turn waits behind who is waiting already.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from graph.store.embedded.directory import DataDirectory

PATIENCE_SECONDS = 2.0
LOOK_SECONDS = 0.001


class Turns:
    """The turns of one data directory, as one writer of this process takes them.

    It is a matter of fairness only: after `PATIENCE_SECONDS` a writer goes ahead without its turn (another process may have
    been stopped in the middle of its own), and the database still refuses what would not fit together.
    """

    def __init__(self, directory: DataDirectory) -> None:
        self._directory = directory
        self._files: tuple[int, int] | None = None

    @asynccontextmanager
    async def take(self) -> AsyncIterator[None]:
        """Hold the turn for the length of the `with`."""
        if self._files is None:
            queue, turn = (self._open(name) for name in ("turns.queue", "turns.lock"))
            self._files = queue, turn
        queue, turn = self._files
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        try:
            if await _lock(queue, deadline):
                try:
                    await _lock(turn, deadline)
                finally:
                    fcntl.flock(queue, fcntl.LOCK_UN)
            yield
        finally:
            fcntl.flock(turn, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the files; nobody may hold the turn."""
        if self._files is not None:
            for file in self._files:
                os.close(file)
            self._files = None

    def _open(self, name: str) -> int:
        return os.open(self._directory.run / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


async def _lock(file: int, deadline: float) -> bool:
    """Take a lock before the deadline; false when it is held all that time."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if loop.time() >= deadline:
                return False
            await asyncio.sleep(LOOK_SECONDS)
        else:
            return True
