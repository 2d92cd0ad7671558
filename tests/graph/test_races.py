"""Writers at the same time, in one process and in several."""

import asyncio
from pathlib import Path

import pytest

from graph import commands, history
from graph.access import Caller, Role
from graph.catalog import Catalog
from graph.errors import AlreadyExistsError
from graph.store.writer import Outcome
from graph.verification import verify
from tests.conftest import Databases
from tests.graph.writing import ROWS, WritingProcess, batches, nothing_is_lost, where


async def test_sixteen_writers_of_one_artifact_make_one(catalog: Catalog, caller: Caller) -> None:
    made = [commands.create_artifact(catalog.place(caller.account), "s3://one/file") for _ in range(16)]
    done = await asyncio.gather(*(catalog.write(caller, [one], operation="test") for one in made))
    assert sum(outcome.applied[0].created for outcome in done) == 1
    assert {outcome.applied[0].arn for outcome in done} == {made[0].arn}
    verdict = await verify(catalog.store, catalog.checkpoints, caller.account)
    assert (verdict.problem, verdict.entries, verdict.revisions) == (None, 1, 1)


async def test_one_of_sixteen_exclusive_writers_wins(catalog: Catalog, caller: Caller) -> None:
    made = [commands.create_artifact(catalog.place(caller.account), "s3://one/file", exclusive=True) for _ in range(16)]
    done = await asyncio.gather(
        *(catalog.write(caller, [one], operation="test") for one in made), return_exceptions=True
    )
    assert sum(isinstance(outcome, Outcome) for outcome in done) == 1
    assert sum(isinstance(outcome, AlreadyExistsError) for outcome in done) == 15


async def test_writers_in_several_processes_make_one_artifact(
    catalog: Catalog, databases: Databases, tmp_path: Path, account: str
) -> None:
    found = await where(catalog.store.provider, databases.folder / "data")
    processes = [WritingProcess(found, tmp_path, account, "same") for _ in range(2)]
    for process in processes:
        await asyncio.to_thread(process.ready)
    for process in processes:
        process.begin()
    made = [await asyncio.to_thread(process.line) for process in processes]
    for process in processes:
        await asyncio.to_thread(process.end)
    assert sum(int(count) for count in made) == 1
    verdict = await verify(catalog.store, None, account)
    assert (verdict.problem, verdict.entries, verdict.revisions) == (None, 1, 1)


@pytest.mark.parametrize("names", ["ab", "abcd"])
async def test_processes_take_turns_and_do_not_fork_the_ledger(
    catalog: Catalog, databases: Databases, tmp_path: Path, account: str, names: str
) -> None:
    found = await where(catalog.store.provider, databases.folder / "data")
    processes = [WritingProcess(found, tmp_path, account, "batches", prefix) for prefix in names]
    for process in processes:
        await asyncio.to_thread(process.ready)
    for process in processes:
        process.begin()
    acknowledged = [await asyncio.to_thread(process.line) for process in processes]
    # All of them write now.
    await asyncio.sleep(1)
    shares = []
    for lines in await asyncio.gather(*(asyncio.to_thread(process.end) for process in processes)):
        acknowledged += lines
        shares.append(len(lines))
    assert max(shares) <= 4 * min(shares)
    await nothing_is_lost(catalog, account, acknowledged)
    assert (
        len(await batches(catalog, account))
        == len(acknowledged)
        == (await history.head(catalog.store, account)).sequence
    )
    assert ROWS * len(acknowledged) == (await verify(catalog.store, None, account)).revisions


async def test_many_accounts_at_once_keep_their_own_chains(catalog: Catalog, account: str) -> None:
    accounts = [f"{(int(account) + number) % 10**12:012d}" for number in range(8)]
    await asyncio.gather(
        *(
            catalog.write(
                Caller(name, "tester", "test", Role.WRITER),
                [commands.create_artifact(catalog.place(name), f"s3://b/{number}")],
                operation="test",
            )
            for number in range(10)
            for name in accounts
        )
    )
    for name in accounts:
        verdict = await verify(catalog.store, catalog.checkpoints, name)
        assert (verdict.problem, verdict.entries, verdict.revisions) == (None, 10, 10)
