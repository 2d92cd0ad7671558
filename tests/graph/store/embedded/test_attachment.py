import asyncio
import os
import signal
import socket
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from graph.errors import DatabaseUnavailableError, SettingError
from graph.store.embedded import EmbeddedOptions, attach
from graph.store.embedded.attachment import attach_blocking
from graph.store.embedded.directory import DataDirectory
from tests.graph.store.embedded.conftest import UserProcess, databases, driver_of, eventually, numbers, write
from tests.servers.embedded import wait_ended

Other = Callable[[], UserProcess]


async def test_the_first_starts_it_and_the_next_join_it(data_dir: Path, other: Other) -> None:
    started = time.monotonic()
    with await attach(data_dir) as first:
        # The goal is 4 s on an idle machine; 2 cores running other tests get more.
        assert time.monotonic() - started < 12
        with await attach(str(data_dir)) as second:
            assert (second.pid, second.address, second.password) == (first.pid, first.address, first.password)
            assert first.alive
            assert second.alive
        assert other().database() == first.pid
        await write(first, 1)
        assert await numbers(first) == [1]


async def test_ten_processes_at_once_start_one(data_dir: Path, other: Other) -> None:
    users = [other() for _ in range(10)]
    pids = {user.database() for user in users}
    assert len(pids) == 1
    assert set(databases(data_dir)) == pids


async def test_it_lives_on_when_its_starter_is_killed_and_ends_with_the_last_user(data_dir: Path, other: Other) -> None:
    starter = other()
    pid = starter.database()
    later = other()
    assert later.database() == pid
    starter.kill()
    assert not wait_ended(pid, 0.7)
    with await attach(data_dir) as attachment:
        assert attachment.pid == pid
        later.end()
        assert not wait_ended(pid, 0.7)
    assert wait_ended(pid)
    assert not DataDirectory(data_dir).record.exists()
    assert not (data_dir / "run" / "users.sock").exists()


async def test_it_ends_when_the_last_user_is_killed(data_dir: Path, other: Other) -> None:
    user = other()
    pid = user.database()
    user.kill()
    assert wait_ended(pid)


async def test_it_ends_when_nobody_came(data_dir: Path, other: Other) -> None:
    async def cancelled() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(attach(data_dir / "cancelled"), 0.4)

    async def late() -> None:
        with pytest.raises(DatabaseUnavailableError, match=r"did not answer within 0.4 seconds; its log is"):
            await attach(data_dir / "late", timeout=0.4)

    user = other()  # killed before its database is ready
    assert await asyncio.to_thread(eventually, lambda: bool(databases(data_dir)))
    user.kill()
    await asyncio.gather(cancelled(), late())
    assert len(databases(data_dir)) == 3
    assert await asyncio.to_thread(eventually, lambda: not databases(data_dir), 30)


async def test_what_was_written_is_there_after_a_restart(data_dir: Path) -> None:
    with await attach(data_dir) as attachment:
        await write(attachment, 7)
        before = attachment
    # The first may be just stopping: attaching joins it in time, or waits for its end and starts another.
    with await attach(data_dir) as attachment:
        assert await numbers(attachment) == [7]
    wait_ended(attachment.pid)
    with await attach(data_dir) as attachment:
        assert attachment.pid != before.pid
        assert attachment.password != before.password
        assert await numbers(attachment) == [7]


async def test_a_killed_database_is_noticed_and_started_again(data_dir: Path) -> None:
    with await attach(data_dir) as attachment:
        await write(attachment, 1)
        os.kill(attachment.pid, signal.SIGKILL)
        wait_ended(attachment.pid)
        # A killed process is a zombie a moment before its last thread lets go of its sockets.
        assert eventually(lambda: not attachment.alive)
        # Its files are left over, and two tasks find out at once.
        assert DataDirectory(data_dir).record.exists()
        again, too = await asyncio.gather(attach(data_dir), attach(data_dir))
        with again, too:
            assert again.pid == too.pid
            assert await numbers(again) == [1]


async def test_a_terminated_database_stops_cleanly(data_dir: Path) -> None:
    with await attach(data_dir) as attachment:
        os.kill(attachment.pid, signal.SIGTERM)
        assert wait_ended(attachment.pid)
        assert eventually(lambda: not attachment.alive)
    assert not DataDirectory(data_dir).record.exists()


@pytest.mark.soak
@pytest.mark.parametrize("round_", range(3 * int(os.environ.get("STEMMA_SOAK", "1"))))
async def test_kill_loses_nothing_acknowledged(data_dir: Path, round_: int) -> None:
    with await attach(data_dir) as attachment:
        await write(attachment, 0)
        acknowledged: list[int] = []

        async def writer(number: int) -> None:
            async with driver_of(attachment) as driver:
                for step in range(100_000):
                    n = (step + 1) * 16 + number
                    async with driver.session(database=attachment.database) as session:
                        await (await session.run("CREATE (:Thing {n: $n})-[:NEXT]->(:Thing {n: -$n})", n=n)).consume()
                    acknowledged.append(n)

        writers = [asyncio.create_task(writer(number)) for number in range(4)]
        await asyncio.to_thread(eventually, lambda: len(acknowledged) > 200 + 37 * round_)
        os.kill(attachment.pid, signal.SIGKILL)
        ended = await asyncio.gather(*writers, return_exceptions=True)
        assert all(isinstance(each, Exception) for each in ended)
    assert len(acknowledged) > 100
    with await attach(data_dir) as attachment:
        there = await numbers(attachment)
    assert set(acknowledged) <= set(there)
    # No half transaction either: each wrote a number and its opposite.
    assert sum(there) == 0
    assert len(there) == len(set(there))


async def test_left_over_files_do_not_matter(data_dir: Path) -> None:
    directory = DataDirectory(data_dir)
    directory.prepare()
    directory.record.write_text('{"pid": 1, "bolt_port": 1, "password": "x", "version": 1}')
    directory.record.with_suffix(".new").write_text("half")
    directory.lock.touch()
    with socket.socket(socket.AF_UNIX) as stale, directory.socket_path() as path:
        stale.bind(path)
    with await attach(data_dir) as attachment:
        assert attachment.alive


async def test_a_path_longer_than_a_socket_address_and_hard_to_quote(data_dir: Path) -> None:
    deep = data_dir / ("d" * 100) / ("ä" * 60) / "a 'b' \"c\" %d;e:f"
    with await attach(deep) as attachment, await attach(deep) as second:
        assert attachment.pid == second.pid
        await write(attachment, 1)


def test_only_the_owner_can_read_anything(data_dir: Path) -> None:
    with attach_blocking(data_dir) as attachment:
        asyncio.run(write(attachment, 1))
        for path in (data_dir, *data_dir.rglob("*")):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
        assert (data_dir / "run" / "users.sock").is_socket()


async def test_the_password_is_in_no_argument_and_no_environment(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEMMA_SOME_KEY", "a-secret-of-ours")
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Xmx1m")
    with await attach(data_dir) as attachment:
        process = Path("/proc") / str(attachment.pid)
        seen = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        assert attachment.password.encode() not in seen
        assert b"a-secret-of-ours" not in seen
        log = (data_dir / "log" / "database.log").read_text()
        assert attachment.password not in log
        assert attachment.password not in repr(attachment)


@pytest.mark.parametrize("reason", ["a file", "below a file"])
def test_a_data_directory_that_is_none(data_dir: Path, reason: str) -> None:
    data_dir.write_text("hello")
    with pytest.raises(SettingError, match="data directory"):
        attach_blocking(data_dir if reason == "a file" else data_dir / "deeper")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_data_directory_of_another_user(data_dir: Path) -> None:
    data_dir.mkdir()
    os.chown(data_dir, 4711, 4711)
    with pytest.raises(SettingError, match="belongs to user 4711"):
        attach_blocking(data_dir)


async def test_java_that_does_not_start_is_explained(data_dir: Path) -> None:
    with pytest.raises(DatabaseUnavailableError, match=r"(?s)did not start: .*heap.*Its log is"):
        await attach(data_dir, EmbeddedOptions(heap_mb=1))
    # And nothing of that attempt stands in the way of the next.
    with await attach(data_dir) as attachment:
        assert attachment.alive


async def test_a_database_file_that_is_damaged_is_explained(data_dir: Path) -> None:
    (data_dir / "database" / "databases" / "stemma").mkdir(parents=True)
    (data_dir / "database" / "databases" / "stemma" / "schema.json").write_text("not json")
    (data_dir / "database" / "databases" / "stemma" / "configuration.json").write_text("not json")
    with pytest.raises(DatabaseUnavailableError, match="did not start"):
        await attach(data_dir)


async def test_a_deleted_run_folder_does_not_let_a_second_database_in(data_dir: Path) -> None:
    with await attach(data_dir) as attachment:
        await write(attachment, 1)
        for path in (data_dir / "run").iterdir():
            path.unlink()
        (data_dir / "run").rmdir()
        with pytest.raises(DatabaseUnavailableError, match="did not start"):
            await attach(data_dir)
        assert await numbers(attachment) == [1]


def test_blocking_callers_attach_too(data_dir: Path) -> None:
    attachment = attach_blocking(data_dir)
    attachment.close()
    attachment.close()
    assert not attachment.alive
