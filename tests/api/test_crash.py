"""The service killed under concurrent writers, who write over HTTP and repeat what was not acknowledged."""

import asyncio
import os
import secrets
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from graph.catalog import Catalog
from graph.store.provider import EmbeddedProvider
from tests.conftest import Databases
from tests.graph.writing import ROWS, batches, nothing_is_lost
from tests.servers.service import StemmaServer

SOAK = int(os.environ.get("STEMMA_SOAK", "1"))
WRITERS = 8
INGEST = "mutation($input: IngestInput!) { ingest(input: $input) { sequence created } }"


def batch(name: str) -> dict[str, Any]:
    """Some artifacts and an association from each to the next, so that half of it would show."""
    return {
        "entities": [
            {"artifact": {"sourceUri": f"s3://{name}/{n}", "name": name, "exclusive": True}} for n in range(ROWS)
        ],
        "associations": [{"sourceRow": a, "destinationRow": b} for a, b in pairwise(range(ROWS))],
        "clientRequestId": name,
    }


class HttpWriters:
    """Clients of a service that comes and goes; each batch is sent under one request id until it is acknowledged."""

    def __init__(self, server: StemmaServer) -> None:
        self.acknowledged: dict[str, int] = {}
        self.repeated = 0
        self._server = server
        self._writing = True
        self._wrote = asyncio.Event()
        self._tasks = [asyncio.create_task(self._write(number)) for number in range(WRITERS)]

    async def _write(self, writer: int) -> None:
        number = 0
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
            while self._writing:
                name = f"w{writer}-{number}"
                try:
                    self.acknowledged[name] = await self._acknowledged(client, name)
                finally:
                    self._wrote.set()
                number += 1

    async def _acknowledged(self, client: httpx.AsyncClient, name: str) -> int:
        while True:
            try:
                response = await client.post(
                    f"{self._server.address}/graphql", json={"query": INGEST, "variables": {"input": batch(name)}}
                )
            except httpx.TransportError:
                self.repeated += 1
                await asyncio.sleep(0.05)
                continue
            body = response.json()
            assert "errors" not in body, body
            return int(body["data"]["ingest"]["sequence"])

    async def more(self, count: int, seconds: float = 60.0) -> None:
        """Wait until so many more batches were acknowledged."""
        wanted = len(self.acknowledged) + count
        async with asyncio.timeout(seconds):
            while len(self.acknowledged) < wanted and not any(task.done() for task in self._tasks):
                self._wrote.clear()
                await self._wrote.wait()

    async def stop(self) -> None:
        """Let them finish; raises what one of them met."""
        self._writing = False
        await asyncio.gather(*self._tasks)


@pytest.mark.soak
@pytest.mark.parametrize("database", ["embedded", "neo4j"])
async def test_service_killed_under_writers_loses_nothing(
    database: str, databases: Databases, tmp_path: Path, account: str
) -> None:
    """With the embedded database the service is its only user, so that the database ends and begins with it."""
    data = tmp_path / "data"
    settings = {"STEMMA_DATA_DIR": str(data), "STEMMA_ACCOUNT": account}
    provider = EmbeddedProvider(data) if database == "embedded" else await databases.provider(database)
    if database == "neo4j":
        found = await provider.address()
        settings |= {
            "STEMMA_DATABASE": found.uri,
            "STEMMA_DATABASE_USER": found.user,
            "STEMMA_DATABASE_PASSWORD": found.password,
            "STEMMA_DATABASE_NAME": found.database,
        }
    server = StemmaServer(tmp_path, settings)
    await asyncio.to_thread(server.start)
    try:
        writers = HttpWriters(server)
        for _ in range(3 * SOAK):
            await writers.more(15)
            await asyncio.sleep(secrets.randbelow(100) / 1000)
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
        await writers.more(15)
        await writers.stop()
        assert await asyncio.to_thread(server.stop) == 0
    finally:
        server.kill()
    assert writers.repeated
    catalog = await Catalog.open(provider, data)
    try:
        await nothing_is_lost(catalog, account, list(writers.acknowledged))
        # What was cut off and sent again was written once, under the number that its writer was told.
        assert (await batches(catalog, account)).keys() == writers.acknowledged.keys()
        assert sorted(writers.acknowledged.values()) == list(range(1, len(writers.acknowledged) + 1))
    finally:
        await catalog.close()
