"""One embedded database and one Neo4j a session; every test has an account of its own, so none sees another's data."""

import asyncio
import random
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from xdist.scheduler import LoadScopeScheduling

from graph.access import Caller, Role
from graph.catalog import Catalog
from graph.store.provider import EmbeddedProvider, Neo4jProvider, Provider
from tests.servers.neo4j_server import running_neo4j

pytest_plugins = ["tests.servers.application"]

DATABASES = ("embedded", "neo4j")
NAMED = re.compile(rf"[\[-]({'|'.join(DATABASES)})[\]-]")
"""The database in a test's name."""
CLIENTS = "tests/conformance/"


class Databases:
    """The session's databases, each started when a test first asks for it."""

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self.folder = folder
        self._stack = stack
        self._providers: dict[str, Provider] = {}
        self.neo4j_pid = 0

    async def provider(self, name: str) -> Provider:
        if name not in self._providers:
            if name == "embedded":
                self._providers[name] = EmbeddedProvider(self.folder / "data")
            else:
                server = running_neo4j(self.folder)
                running = await asyncio.to_thread(server.__enter__)
                self._stack.callback(server.__exit__, None, None, None)
                self.neo4j_pid = running.process.pid
                self._providers[name] = Neo4jProvider(running.address, running.user, running.password, running.database)
        return self._providers[name]

    async def another(self, name: str) -> Provider:
        """A provider that a test may close without ending the session's."""
        return EmbeddedProvider(self.folder / "data") if name == "embedded" else await self.provider(name)


class Together(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """Which tests stay together when several processes share them: those of a file on one database, which share fixtures.

    The clients' scenarios run once for all of their files. (xdist's own groups do not reach pytest 9.)
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        named = NAMED.search(nodeid)
        shared = CLIENTS if file.startswith(CLIENTS) else file
        return f"{shared}:{named[1] if named else 'none'}"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """How the tests are shared."""
    return Together(config, log)


@pytest_asyncio.fixture(scope="session")
async def databases(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Databases]:
    async with AsyncExitStack() as stack:
        yield Databases(tmp_path_factory.mktemp("databases"), stack)


@pytest_asyncio.fixture(scope="session", params=DATABASES)
async def catalog(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[Catalog]:
    """An open graph, once on each database."""
    provider = await databases.provider(request.param)
    opened = await Catalog.open(provider, databases.folder / f"files-{request.param}")
    yield opened
    await opened.close()


@pytest.fixture
def account() -> str:
    """An account that nobody else uses."""
    return f"{random.randrange(10**12):012d}"


@pytest.fixture
def secrets_key_file(databases: Databases) -> Path:
    """What seals the secrets of all keys in the session's databases."""
    return databases.folder / "keys" / "secrets.key"


@pytest.fixture
def caller(account: str) -> Caller:
    return Caller(account, "tester", "test", Role.WRITER)
