"""The service killed while it delivers: every event arrives, and two replicas share the work."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from graph.access import Caller, Role
from graph.catalog import Catalog
from graph.events import feed
from graph.registry import groups
from graph.registry.versions import register
from graph.store.provider import EmbeddedProvider
from tests.conftest import Databases
from tests.graph.events.receivers import Message, Receiver, receiving
from tests.graph.registry.test_versions import REQUEST
from tests.servers.service import StemmaServer

ADD = "mutation($i: AddWebhookInput!) { addWebhook(input: $i) { secret webhook { id } } }"
VERSIONS = 40


class Slow:
    """A receiver that takes its time, and refuses every third message at first."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()

    def __call__(self, message: Message) -> int:
        self.seen[message.id] += 1
        return 503 if self.seen[message.id] == 1 and len(self.seen) % 3 == 0 else 200


async def settings_of(database: str, databases: Databases, folder: Path, account: str, receiver: Receiver) -> Any:
    data = folder / "data"
    provider = EmbeddedProvider(data) if database == "embedded" else await databases.provider(database)
    policy = folder / "policy.toml"
    policy.write_text(f'[accounts.{account}]\noutbound = ["{receiver.origin}"]\n')
    policy.chmod(0o600)
    settings = {
        "STEMMA_DATA_DIR": str(data),
        "STEMMA_ACCOUNT": account,
        "STEMMA_KEYS": "off",
        "STEMMA_POLICY": str(policy),
        "STEMMA_WEBHOOK_SECONDS": "1",
    }
    if database == "neo4j":
        found = await provider.address()
        settings |= {
            "STEMMA_DATABASE": found.uri,
            "STEMMA_DATABASE_USER": found.user,
            "STEMMA_DATABASE_PASSWORD": found.password,
            "STEMMA_DATABASE_NAME": found.database,
        }
    return provider, settings


async def added(server: StemmaServer, receiver: Receiver) -> tuple[str, str]:
    """A webhook's id and secret."""
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        asked = {"query": ADD, "variables": {"i": {"url": receiver.url}}}
        body = (await client.post(f"{server.address}/graphql", json=asked)).json()
        assert "errors" not in body, body
        return body["data"]["addWebhook"]["webhook"]["id"], body["data"]["addWebhook"]["secret"]


async def write(catalog: Catalog, account: str) -> None:
    """Versions, written by another process than the service."""
    place, caller = catalog.place(account), Caller(account, "trainer", "test", Role.WRITER)
    await catalog.write(caller, [groups.create(place, "Churn")], operation="test")
    for _ in range(VERSIONS):
        await catalog.write(caller, [register(place, REQUEST, group="churn")], operation="test")


async def ids(catalog: Catalog, account: str) -> set[str]:
    start = feed.behind(account, 0)
    found = await feed.page(catalog.store.read, catalog.place(account), start, first=500)
    return {event.id for event in found.events}


@pytest.mark.parametrize("database", ["embedded", "neo4j"])
async def test_a_service_killed_while_it_delivers_loses_no_event(
    database: str, databases: Databases, tmp_path: Path, account: str
) -> None:
    async with receiving(Slow()) as receiver:
        provider, settings = await settings_of(database, databases, tmp_path, account, receiver)
        server = StemmaServer(tmp_path, settings)
        await asyncio.to_thread(server.start)
        catalog = await Catalog.open(provider, tmp_path / "files")
        try:
            id_, secret = await added(server, receiver)
            writing = asyncio.create_task(write(catalog, account))
            for number in (5, 15, 25):
                await receiver.count(number)
                await asyncio.to_thread(server.kill)
                await asyncio.to_thread(server.start)
            await writing
            wanted = await ids(catalog, account)
            assert len(wanted) == VERSIONS
            async with asyncio.timeout(60):
                while not wanted <= {message.id for message in receiver.messages}:
                    receiver.came.clear()
                    await receiver.came.wait()
            assert {message.id for message in receiver.messages} == wanted
            assert all(message.signed_with(secret) for message in receiver.messages)
            assert await asyncio.to_thread(server.stop) == 0
            await catalog.store.run("webhook/remove", {"id": id_, "account": account})
        finally:
            await catalog.close()
            server.kill()


async def test_two_replicas_send_each_event_once(databases: Databases, tmp_path: Path, account: str) -> None:
    async with receiving() as receiver:
        provider, settings = await settings_of("embedded", databases, tmp_path, account, receiver)
        servers = []
        for name in ("one", "two"):
            folder = tmp_path / name
            folder.mkdir()
            servers.append(StemmaServer(folder, {**settings, "STEMMA_WEBHOOK_SECONDS": "15"}))
            await asyncio.to_thread(servers[-1].start)
        catalog = await Catalog.open(provider, tmp_path / "files")
        try:
            await added(servers[0], receiver)
            await write(catalog, account)
            messages = await receiver.count(VERSIONS)
            await asyncio.sleep(2)  # what was sent twice would have come by then
            assert len(messages) == len({message.id for message in messages}) == VERSIONS
            assert {message.id for message in messages} == await ids(catalog, account)
        finally:
            await catalog.close()
            for server in servers:
                await asyncio.to_thread(server.stop)
