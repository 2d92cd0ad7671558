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
from tests.graph.writing import ROWS, Writers, batches, nothing_is_lost
from tests.servers.service import StemmaServer

SOAK = int(os.environ.get("STEMMA_SOAK", "1"))
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


class Client:
    """A client of a service that comes and goes: it sends each batch under one request id until it is acknowledged."""

    def __init__(self, server: StemmaServer, http: httpx.AsyncClient) -> None:
        self.repeated = 0
        self._server = server
        self._http = http

    async def write(self, name: str) -> int:
        """Write one batch; the number of its ledger entry."""
        asked = {"query": INGEST, "variables": {"input": batch(name)}}
        while True:
            try:
                response = await self._http.post(f"{self._server.address}/graphql", json=asked)
            except httpx.TransportError:
                self.repeated += 1
                await asyncio.sleep(0.05)
                continue
            body = response.json()
            assert "errors" not in body, body
            return int(body["data"]["ingest"]["sequence"])


@pytest.mark.soak
@pytest.mark.parametrize("database", ["embedded", "neo4j"])
async def test_service_killed_under_writers_loses_nothing(
    database: str, databases: Databases, tmp_path: Path, account: str
) -> None:
    """With the embedded database the service is its only user, so that the database ends and begins with it."""
    data = tmp_path / "data"
    # Other tests make keys in the session's Neo4j.
    settings = {"STEMMA_DATA_DIR": str(data), "STEMMA_ACCOUNT": account, "STEMMA_KEYS": "off"}
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
        async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
            client = Client(server, http)
            writers = Writers(client.write)
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
    assert client.repeated
    catalog = await Catalog.open(provider, data)
    try:
        await nothing_is_lost(catalog, account, writers.acknowledged)
        # What was cut off and sent again was written once, under the number that its writer was told.
        assert (await batches(catalog, account)).keys() == writers.acknowledged.keys()
        assert sorted(writers.acknowledged.values()) == list(range(1, len(writers.acknowledged) + 1))
    finally:
        await catalog.close()
