import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import neo4j
import pytest

from graph.store.embedded import Attachment, EmbeddedOptions, attach
from tests.graph.store.embedded.conftest import driver_of
from tests.servers.embedded import running_embedded

ENDLESS = (
    "UNWIND range(1, 100000) AS x UNWIND range(1, 100000) AS y WITH x * y AS z WHERE z % 7 = 8 RETURN count(z) AS n"
)
LISTEN = "0A"


@pytest.fixture(scope="module")
def attachment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attachment]:
    with running_embedded(tmp_path_factory.mktemp("server")) as attachment:
        yield attachment


def processor_seconds(attachment: Attachment) -> float:
    fields = Path(f"/proc/{attachment.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def listening_sockets(attachment: Attachment) -> list[tuple[str, int]]:
    """Address (as the kernel writes it) and port of every TCP socket the database listens on."""
    own = {link.readlink().name for link in Path(f"/proc/{attachment.pid}/fd").iterdir() if link.is_symlink()}
    found = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for row in Path(table).read_text().splitlines()[1:]:
            fields = row.split()
            if fields[3] == LISTEN and f"socket:[{fields[9]}]" in own:
                address, _, port = fields[1].rpartition(":")
                found.append((address, int(port, 16)))
    return found


def test_it_listens_for_bolt_on_loopback_and_for_nothing_else(attachment: Attachment) -> None:
    ((address, port),) = listening_sockets(attachment)
    assert attachment.address == f"bolt://127.0.0.1:{port}"
    # 127.0.0.1, or the same mapped into IPv6.
    assert address in ("0100007F", "0000000000000000FFFF00000100007F")


async def test_it_wants_the_password(attachment: Attachment) -> None:
    for wrong in ((attachment.user, "wrong-password"), ("neo4j", attachment.password), None):
        async with neo4j.AsyncGraphDatabase.driver(attachment.address, auth=wrong) as driver:
            with pytest.raises(neo4j.exceptions.Neo4jError):
                await driver.execute_query("RETURN 1", database_=attachment.database)


@pytest.mark.parametrize("address", ["file:///etc/hostname", "http://127.0.0.1:9/x.csv", "/etc/hostname"])
async def test_it_loads_no_files(attachment: Attachment, address: str) -> None:
    async with driver_of(attachment) as driver:
        with pytest.raises(neo4j.exceptions.Neo4jError, match="Forbidden"):
            await driver.execute_query(
                "LOAD CSV FROM $address AS row RETURN row", address=address, database_=attachment.database
            )


async def test_an_abandoned_statement_stops(attachment: Attachment) -> None:
    async with driver_of(attachment) as driver, driver.session(database=attachment.database) as session:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(session.run(ENDLESS), 1)
        await asyncio.sleep(1)
        before = processor_seconds(attachment)
        await asyncio.sleep(1)
        assert processor_seconds(attachment) - before < 0.3


async def test_a_statement_that_is_waited_for_goes_on_to_its_limit(data_dir: Path) -> None:
    with await attach(data_dir, EmbeddedOptions(command_seconds=1)) as attachment:
        async with driver_of(attachment) as driver:
            started = time.monotonic()
            with pytest.raises(neo4j.exceptions.ClientError) as caught:
                await driver.execute_query(ENDLESS, database_=attachment.database)
            assert caught.value.code == "Neo.ClientError.Transaction.TransactionTimedOut"
            assert 0.8 < time.monotonic() - started < 10
