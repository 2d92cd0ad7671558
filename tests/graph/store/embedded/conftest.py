import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import neo4j
import pytest

from graph.store.embedded import Attachment
from tests.servers.embedded import runs, wait_ended

USER = """
import sys, time
from graph.store.embedded.attachment import attach_blocking
attachment = attach_blocking(sys.argv[1])
print(attachment.pid, flush=True)
sys.stdin.read()
attachment.close()
"""


class UserProcess:
    """Another Stemma process that is attached until its standard input ends."""

    def __init__(self, data_dir: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", USER, str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[4],
        )

    def database(self) -> int:
        """The pid of the database it is attached to, once it is."""
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())

    def end(self) -> None:
        self._process.communicate(timeout=20)

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=20)


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A data directory whose databases are ended with the test, whatever happened."""
    path = tmp_path / "data"
    yield path
    eventually(lambda: not databases(tmp_path), 5)
    left = databases(tmp_path)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        wait_ended(pid)
    assert left == [], "a database outlived its users"


@pytest.fixture
def other(data_dir: Path) -> Iterator[Callable[[], UserProcess]]:
    """Starts another process that uses the data directory; it is ended with the test."""
    started: list[UserProcess] = []

    def start() -> UserProcess:
        started.append(UserProcess(data_dir))
        return started[-1]

    yield start
    for process in started:
        process.kill()


def eventually(holds: Callable[[], bool], seconds: float = 20) -> bool:
    """Waits until something holds; false when it never did."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def databases(below: Path) -> list[int]:
    """The embedded databases that run on a data directory below a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (process / "cmdline").read_bytes().split(b"\0")
            if b"graph.store.embedded.child" in command and any(
                part.startswith(os.fsencode(below)) for part in command
            ):
                found.append(int(process.name))
    return [pid for pid in found if runs(pid)]


@contextlib.asynccontextmanager
async def driver_of(attachment: Attachment) -> AsyncIterator[neo4j.AsyncDriver]:
    driver = neo4j.AsyncGraphDatabase.driver(attachment.address, auth=(attachment.user, attachment.password))
    try:
        yield driver
    finally:
        await driver.close()


async def numbers(attachment: Attachment) -> list[int]:
    """The `n` of every node, sorted."""
    async with driver_of(attachment) as driver:
        records, _, _ = await driver.execute_query(
            "MATCH (x:Thing) RETURN collect(x.n) AS n", database_=attachment.database
        )
        return sorted(records[0]["n"])


async def write(attachment: Attachment, n: int) -> None:
    async with driver_of(attachment) as driver:
        await driver.execute_query("CREATE (:Thing {n: $n})", n=n, database_=attachment.database)
