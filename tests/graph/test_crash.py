"""Databases and writers that die, hang or are cut off under load."""

import asyncio
import json
import os
import secrets
import signal
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from graph import commands, history
from graph.access import Caller, Role
from graph.catalog import Catalog
from graph.errors import DatabaseUnavailableError, TimeLimitError
from graph.store.provider import EmbeddedProvider, Neo4jProvider
from graph.store.schema import VERSION, NewerSchemaError
from graph.verification import verify
from tests.conftest import Databases
from tests.graph.writing import Writers, WritingProcess, batches, nothing_is_lost, where, write
from tests.servers.embedded import wait_ended
from tests.servers.neo4j_server import running_neo4j
from tests.servers.proxy import Mood, Proxy, proxied

SOAK = int(os.environ.get("STEMMA_SOAK", "1"))
ENDLESS = """
UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b
WITH a * b AS c WHERE c < 0
RETURN count(c) AS n
"""


def database_pid(data_dir: Path) -> int:
    return int(json.loads((data_dir / "run" / "db.json").read_bytes())["pid"])


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.soak
async def test_embedded_database_killed_under_writers_loses_nothing(tmp_path: Path, account: str) -> None:
    data = tmp_path / "data"
    catalog = await Catalog.open(EmbeddedProvider(data), tmp_path / "files", retry_seconds=60.0)
    try:
        writers = Writers(partial(write, catalog, account))
        for _ in range(3 * SOAK):
            await writers.more(15)
            await asyncio.sleep(secrets.randbelow(100) / 1000)
            os.kill(database_pid(data), signal.SIGKILL)
            await writers.more(15)
        await writers.stop()
        await nothing_is_lost(catalog, account, writers.acknowledged)
        assert len(await batches(catalog, account)) == len(writers.acknowledged)
        pid = database_pid(data)
    finally:
        await catalog.close()
    assert wait_ended(pid)


@pytest.mark.soak
async def test_neo4j_killed_under_writers_loses_nothing(tmp_path: Path, account: str) -> None:
    server = running_neo4j(tmp_path)
    running = await asyncio.to_thread(server.__enter__)
    try:
        provider = Neo4jProvider(running.address, running.user, running.password, running.database)
        catalog = await Catalog.open(provider, tmp_path / "files", retry_seconds=90.0)
        try:
            writers = Writers(partial(write, catalog, account))
            for _ in range(SOAK):
                await writers.more(15)
                await asyncio.to_thread(running.kill)
                await asyncio.to_thread(running.start)
                await writers.more(15)
            await writers.stop()
            await nothing_is_lost(catalog, account, writers.acknowledged)
            assert len(await batches(catalog, account)) == len(writers.acknowledged)
        finally:
            await catalog.close()
    finally:
        await asyncio.to_thread(server.__exit__, None, None, None)


@pytest.mark.soak
async def test_killed_writing_process_loses_nothing(
    catalog: Catalog, databases: Databases, tmp_path: Path, account: str
) -> None:
    found = await where(catalog.store.provider, databases.folder / "data")
    acknowledged: list[str] = []
    for number in range(3 * SOAK):
        process = WritingProcess(found, tmp_path, account, "batches", f"p{number}w")
        await asyncio.to_thread(process.ready)
        process.begin()
        acknowledged.append(await asyncio.to_thread(process.line))
        await asyncio.sleep(0.3 + secrets.randbelow(300) / 1000)
        acknowledged += await asyncio.to_thread(process.end, kill=True)
    assert len(acknowledged) > 3 * SOAK
    await nothing_is_lost(catalog, account, acknowledged)


@pytest.fixture
async def cut(catalog: Catalog, tmp_path: Path) -> AsyncIterator[tuple[Catalog, Proxy]]:
    """The graph through a proxy, with short budgets."""
    async with proxied(catalog.store.provider) as proxy:
        behind = await Catalog.open(proxy, tmp_path, retry_seconds=3.0, read_seconds=5.0)
        try:
            yield behind, proxy
        finally:
            proxy.be(Mood.FAITHFUL)
            await behind.close()


@pytest.mark.parametrize("mood", [Mood.CUT_AFTER_COMMIT, Mood.CUT_BEFORE_COMMIT], ids=["reply lost", "commit lost"])
async def test_lost_commit_is_neither_lost_nor_doubled(
    cut: tuple[Catalog, Proxy], catalog: Catalog, account: str, mood: Mood
) -> None:
    behind, proxy = cut
    for number in range(5 * SOAK):
        proxy.be(mood)
        outcome = await write(behind, account, f"b{number}")
        assert outcome.sequence == number + 1
        assert all(applied.created for applied in outcome.applied)
        assert proxy.cuts == number + 1
    behind.checkpoints.flush()
    signed = behind.checkpoints.read(account)
    assert signed is not None
    assert signed.head == await history.head(catalog.store, account)
    await nothing_is_lost(catalog, account, [f"b{number}" for number in range(5 * SOAK)])


async def test_many_requests_of_a_lost_commit_get_their_own_answers(
    cut: tuple[Catalog, Proxy], catalog: Catalog, account: str
) -> None:
    behind, proxy = cut
    proxy.be(Mood.CUT_AFTER_COMMIT)
    names = [f"b{number}" for number in range(10)]
    done = await asyncio.gather(*(write(behind, account, name) for name in names))
    assert [outcome.sequence for outcome in done] == list(range(1, 11))
    assert proxy.cuts == 1
    await nothing_is_lost(catalog, account, names)


async def test_database_away_longer_than_the_budget_is_reported_in_time(
    cut: tuple[Catalog, Proxy], catalog: Catalog, account: str
) -> None:
    behind, proxy = cut
    await write(behind, account, "before")
    proxy.be(Mood.AWAY)
    began = time.monotonic()
    done = await asyncio.gather(
        write(behind, account, "lost"), history.head(behind.store, account), return_exceptions=True
    )
    assert [type(error) for error in done] == [DatabaseUnavailableError, DatabaseUnavailableError]
    assert 2.5 < time.monotonic() - began < 8.0
    proxy.be(Mood.FAITHFUL)
    await write(behind, account, "after")
    await nothing_is_lost(catalog, account, ["before", "after"])
    assert set(await batches(catalog, account)) == {"before", "after"}


async def test_database_that_says_nothing_is_reported_in_time(
    cut: tuple[Catalog, Proxy], catalog: Catalog, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.store.writer.ATTEMPT_SECONDS", 1.0)
    behind, proxy = cut
    await write(behind, account, "before")
    proxy.be(Mood.SILENT)
    began = time.monotonic()
    done = await asyncio.gather(
        write(behind, account, "lost"),
        behind.store.read("ledger/head", {"account": account}, seconds=1.0),
        return_exceptions=True,
    )
    assert [type(error) for error in done] == [DatabaseUnavailableError, TimeLimitError]
    assert time.monotonic() - began < 15.0
    proxy.be(Mood.AWAY)
    proxy.be(Mood.FAITHFUL)
    await write(behind, account, "after")
    assert {"before", "after"} <= (await batches(catalog, account)).keys()
    assert (await verify(catalog.store, None, account)).problem is None


async def test_endless_read_is_stopped(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.store.store.statement", lambda name: ENDLESS)
    began = time.monotonic()
    with pytest.raises(TimeLimitError):
        await catalog.store.read("endless", {}, seconds=0.5)
    assert time.monotonic() - began < 3.0
    monkeypatch.undo()
    assert (await history.head(catalog.store, "000000000000")).sequence == 0


@pytest.mark.parametrize("way", ["stopped", "abandoned"])
async def test_a_read_that_nobody_waits_for_costs_nothing(
    catalog: Catalog, databases: Databases, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """The database's own processor time tells."""
    embedded = catalog.store.provider.name == "embedded"
    pid = database_pid(databases.folder / "data") if embedded else databases.neo4j_pid
    monkeypatch.setattr("graph.store.store.statement", lambda name: ENDLESS)
    reading = asyncio.create_task(catalog.store.read("endless", {}, seconds=0.7 if way == "stopped" else 60.0))
    await asyncio.sleep(0.4)
    if way == "abandoned":
        reading.cancel()
    with pytest.raises(TimeLimitError if way == "stopped" else asyncio.CancelledError):
        await reading
    deadline = time.monotonic() + 8.0
    while True:
        used = cpu_seconds(pid)
        await asyncio.sleep(0.5)
        if cpu_seconds(pid) - used < 0.2:
            break
        assert time.monotonic() < deadline, "the database still works on it"


async def test_database_of_a_newer_version_is_refused(catalog: Catalog, tmp_path: Path, databases: Databases) -> None:
    await catalog.store.run("schema/write_version", {"version": VERSION + 1})
    try:
        with pytest.raises(NewerSchemaError, match=f"schema version {VERSION + 1}"):
            await Catalog.open(await databases.another(catalog.store.provider.name), tmp_path)
    finally:
        await catalog.store.run("schema/write_version", {"version": VERSION})


async def test_writer_of_a_stopped_catalog_finishes_what_waits(
    catalog: Catalog, databases: Databases, tmp_path: Path, account: str
) -> None:
    other = await Catalog.open(await databases.another(catalog.store.provider.name), tmp_path)
    caller = Caller(account, "tester", "test", Role.WRITER)
    place = other.place(account)
    writes = [
        asyncio.create_task(other.write(caller, [commands.create_artifact(place, f"s3://b/{n}")], operation="test"))
        for n in range(50)
    ]
    await asyncio.sleep(0)
    await other.close()
    assert len({outcome.sequence for outcome in await asyncio.gather(*writes)}) == 50
    signed = other.checkpoints.read(account)
    assert signed is not None
    assert signed.head.sequence == 50
