"""Concurrent bulk writers, in this process or in one of their own: `python -m tests.graph.writing`.

A batch is some artifacts, and an association from each to the next, so that half of one would show.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from itertools import pairwise
from pathlib import Path
from typing import Any

from graph import commands, listing
from graph.access import Caller, Role
from graph.catalog import Catalog
from graph.changes import Command
from graph.entities import Kind
from graph.listing import Sort
from graph.store.provider import EmbeddedProvider, Neo4jProvider, Provider
from graph.store.writer import Outcome
from graph.verification import verify

ROWS = 8
LINKS = ROWS - 1
ROOT = Path(__file__).parents[2]


def batch(catalog: Catalog, account: str, name: str) -> list[Command]:
    """The commands of the batch `name`."""
    place = catalog.place(account)
    artifacts = [commands.create_artifact(place, f"s3://{name}/{n}", name=name, exclusive=True) for n in range(ROWS)]
    links = [commands.associate(a.arn, b.arn) for a, b in pairwise(artifacts)]
    return [*artifacts, *links]


async def write(catalog: Catalog, account: str, name: str) -> Outcome:
    """Write one batch."""
    return await catalog.write(
        Caller(account, "tester", "test", Role.WRITER), batch(catalog, account, name), operation="test"
    )


async def batches(catalog: Catalog, account: str, sequence: int | None = None) -> Counter[str]:
    """How many artifacts of each batch are there, as known now or at a ledger entry."""
    found: Counter[str] = Counter()
    moment = await catalog.moment(account, sequence=sequence)
    after = None
    while True:
        page = await listing.entities(
            catalog.store, account, Kind.ARTIFACT, moment, sort=Sort.NAME, first=500, after=after
        )
        found.update(entity.name for _, entity in page.items)
        if not page.more:
            return found
        after = page.items[-1][0]


async def nothing_is_lost(catalog: Catalog, account: str, acknowledged: Collection[str]) -> None:
    """Every acknowledged batch is there, no half one, and the ledger is in order."""
    verdict = await verify(catalog.store, catalog.checkpoints, account)
    assert verdict.problem is None
    # A killed process's last commit may still arrive, so that both look at one head.
    found = await batches(catalog, account, verdict.head.sequence)
    assert set(acknowledged) <= found.keys()
    assert set(found.values()) <= {ROWS}
    assert (verdict.entries, verdict.revisions, verdict.edges) == (
        len(found),
        len(found) * ROWS,
        len(found) * LINKS,
    )


class Writers:
    """Writers of this process, who write one batch after the other until they are told to stop.

    Attributes:
        acknowledged: The batches that were written, with what `write` returned for each.
    """

    def __init__(self, write: Callable[[str], Awaitable[Any]], count: int = 8) -> None:
        self.acknowledged: dict[str, Any] = {}
        self._write = write
        self._writing = True
        self._wrote = asyncio.Event()
        self._tasks = [asyncio.create_task(self._work(number)) for number in range(count)]

    async def _work(self, writer: int) -> None:
        number = 0
        while self._writing:
            name = f"w{writer}-{number}"
            try:
                self.acknowledged[name] = await self._write(name)
            finally:
                self._wrote.set()
            number += 1

    async def more(self, count: int, seconds: float = 60.0) -> None:
        """Wait until so many more batches were acknowledged."""
        wanted = len(self.acknowledged) + count
        async with asyncio.timeout(seconds):
            while len(self.acknowledged) < wanted and not any(task.done() for task in self._tasks):
                self._wrote.clear()
                await self._wrote.wait()

    async def stop(self) -> None:
        """Let them finish; raises what one of them could not write."""
        self._writing = False
        await asyncio.gather(*self._tasks)


class WritingProcess:
    """Writers in a process of their own.

    Args:
        catalog: Which database, with which files.
        files: The folder of checkpoints and keys.
        account: Where to write.
        job: `batches`, until it is killed or its standard input ends; or `same`: 16 writers make one artifact.
        prefix: Before the names of its batches.
    """

    def __init__(self, where: dict[str, Any], files: Path, account: str, job: str, prefix: str = "p") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.graph.writing"],
            cwd=ROOT,
            bufsize=0,  # so that what was printed but not read yet is not lost in a buffer
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        task = {"where": where, "files": str(files), "account": account, "job": job, "prefix": prefix}
        self._say(json.dumps(task))

    def _say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def line(self) -> str:
        """The next line that it prints; empty when it ended."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().decode().strip()

    def ready(self) -> None:
        """Wait until it is connected."""
        assert self.line() == "ready"

    def begin(self) -> None:
        """Let it write."""
        self._say("begin")

    def end(self, *, kill: bool = False) -> list[str]:
        """End it, and return the whole lines that it printed since the last one read."""
        if kill:
            self.process.kill()
        printed, _ = self.process.communicate()
        return [line.decode() for line in printed.split(b"\n")[:-1]]


async def where(provider: Provider, folder: Path) -> dict[str, Any]:
    """How another process finds the database of a provider."""
    if provider.name == "embedded":
        return {"data": str(folder)}
    address = await provider.address()
    return {"neo4j": [address.uri, address.user, address.password, address.database]}


def _provider(found: dict[str, Any]) -> Provider:
    return EmbeddedProvider(Path(found["data"])) if "data" in found else Neo4jProvider(*found["neo4j"])


async def _line() -> str:
    return await asyncio.to_thread(sys.stdin.readline)


async def _main() -> None:
    task = json.loads(await _line())
    account = task["account"]
    catalog = await Catalog.open(_provider(task["where"]), Path(task["files"]))
    print("ready", flush=True)
    await _line()
    if task["job"] == "same":
        made = [commands.create_artifact(catalog.place(account), "s3://one/file", name="one") for _ in range(16)]
        caller = Caller(account, "tester", "test", Role.WRITER)
        done = await asyncio.gather(*(catalog.write(caller, [one], operation="test") for one in made))
        print(sum(outcome.applied[0].created for outcome in done), flush=True)
    else:
        writing = True

        async def work(writer: int) -> None:
            number = 0
            while writing:
                name = f"{task['prefix']}{writer}-{number}"
                await write(catalog, account, name)
                print(name, flush=True)
                number += 1

        writers = [asyncio.create_task(work(number)) for number in range(8)]
        await _line()
        writing = False
        await asyncio.gather(*writers)
    await catalog.close()


if __name__ == "__main__":
    asyncio.run(_main())
