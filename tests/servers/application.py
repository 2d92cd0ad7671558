"""The application over real HTTP, once on each database; each test has an application, and so an account, of its own.

A plugin of pytest's: `tests/conftest.py` names it, so every test may ask for its fixtures. Each answer to AWS's clients is
held to AWS's models; a test fails at its end when one did not fit.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import structlog
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from api.app import create_app
from api.server import Server, bind
from api.settings import Settings
from graph.catalog import Catalog
from tests.conformance.responses import Checked


@dataclass
class Switch:
    """An ASGI application that stands for another, so that one server serves the applications of many tests."""

    app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


@dataclass
class Reply:
    status: int
    body: dict[str, Any]
    headers: httpx.Headers

    @property
    def data(self) -> dict[str, Any]:
        assert "errors" not in self.body, self.body["errors"]
        found: dict[str, Any] = self.body["data"]
        return found

    @property
    def error(self) -> dict[str, Any]:
        (found,) = self.body["errors"]
        error: dict[str, Any] = found
        assert error["extensions"]["requestId"] == self.headers["x-request-id"]
        return error

    @property
    def code(self) -> str:
        code: str = self.error["extensions"]["code"]
        return code


@dataclass
class Service:
    """A running application and a client of it.

    Attributes:
        checked: What was answered to AWS's clients, and what of it does not fit AWS's models.
    """

    client: httpx.AsyncClient
    account: str
    settings: Settings
    catalog: Catalog
    checked: Checked
    headers: dict[str, str] = field(default_factory=dict)

    async def ask(self, query: str, /, **variables: Any) -> Reply:
        response = await self.client.post(
            "/graphql", json={"query": query, "variables": variables}, headers=self.headers
        )
        return Reply(response.status_code, response.json(), response.headers)

    async def data(self, query: str, **variables: Any) -> Any:
        return (await self.ask(query, **variables)).data

    def arn(self, resource: str) -> str:
        return f"arn:aws:sagemaker:us-east-1:{self.account}:{resource}"

    async def contexts(self, *names: str, **fields: Any) -> list[str]:
        rows = [{"context": {"name": name, **fields}} for name in names]
        made = await self.data(
            "mutation($input: IngestInput!) { ingest(input: $input) { entities { arn } } }", input={"entities": rows}
        )
        return [row["arn"] for row in made["ingest"]["entities"]]

    async def link(self, *pairs: tuple[str, str], association: str = "CONTRIBUTED_TO") -> None:
        rows = [{"source": source, "destination": end, "association": association} for source, end in pairs]
        await self.data(
            "mutation($input: IngestInput!) { ingest(input: $input) { sequence } }", input={"associations": rows}
        )


@pytest.fixture(scope="session", autouse=True)
def _quiet() -> Iterator[None]:
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        processors=[structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)],
    )
    yield
    structlog.reset_defaults()


@pytest_asyncio.fixture(scope="session")
async def switch() -> AsyncIterator[tuple[Switch, str]]:
    switch = Switch()
    with bind("127.0.0.1", 0) as listener:
        started = asyncio.Event()
        config = uvicorn.Config(
            switch, log_config=None, access_log=False, lifespan="off", ws="none", timeout_graceful_shutdown=1
        )
        server = Server(config, started.set)
        server.capture_signals = _no_signals  # type: ignore[method-assign]  # the tests' own process takes its signals itself
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await started.wait()
        yield switch, f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await serving


def _no_signals() -> Any:
    return contextlib.nullcontext()


Serve = Callable[..., Service]


@pytest_asyncio.fixture
async def serve(
    switch: tuple[Switch, str], catalog: Catalog, account: str, tmp_path: Path, secrets_key_file: Path
) -> AsyncIterator[Serve]:
    """Start an application with settings of the test's own."""
    behind, address = switch
    started: list[Checked] = []
    async with httpx.AsyncClient(base_url=address, timeout=30, trust_env=False) as client:

        def start(**given: Any) -> Service:
            # Off, since tests of keys make some in the same database; such tests say keys="required".
            shared = {"account": account, "data_dir": tmp_path, "keys": "off", "secrets_key_file": secrets_key_file}
            settings = Settings(**{**shared, **given})
            app = create_app(settings, catalog)
            app.state.catalog = catalog
            behind.app = Checked(app)
            started.append(behind.app)
            return Service(client, settings.account, settings, catalog, behind.app)

        yield start
        behind.app = None
    assert not [text for checked in started for text in checked.found]


@pytest.fixture
def service(serve: Serve) -> Service:
    return serve()
