"""The two databases, fresh and empty, for the time of a benchmark."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from graph.catalog import Catalog
from graph.store.provider import Address, EmbeddedProvider, Neo4jProvider, Provider
from tests.servers.neo4j_server import running_neo4j

NAMES = ("neo4j", "embedded")
NEO4J_MEMORY = (1_024, 512)
"""The mebibytes of Neo4j's heap and page cache, as docker-compose.yml gives them."""


@asynccontextmanager
async def catalogs(names: Sequence[str] = NAMES) -> AsyncIterator[dict[str, Catalog]]:
    """An open graph a database."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="stemma-bench-")))
        opened: dict[str, Catalog] = {}
        for name in names:
            provider: Provider
            if name == "neo4j":
                server = running_neo4j(folder, *NEO4J_MEMORY)
                running = await asyncio.to_thread(server.__enter__)
                stack.callback(server.__exit__, None, None, None)
                provider = Neo4jProvider(running.address, running.user, running.password, running.database)
            else:
                provider = EmbeddedProvider(folder / "data")
            opened[name] = await Catalog.open(provider, folder / f"files-{name}")
            stack.push_async_callback(opened[name].close)
        yield opened


async def settings(catalog: Catalog) -> dict[str, str]:
    """The settings of a service on the same database."""
    provider = catalog.store.provider
    if isinstance(provider, EmbeddedProvider):
        return {"STEMMA_DATA_DIR": str(provider.data_dir)}
    found = await address(catalog)
    return {
        "STEMMA_DATABASE": found.uri,
        "STEMMA_DATABASE_USER": found.user,
        "STEMMA_DATABASE_PASSWORD": found.password,
        "STEMMA_DATABASE_NAME": found.database,
    }


async def address(catalog: Catalog) -> Address:
    """Where a bare driver connects."""
    return await catalog.store.provider.address()
