"""Debian's Chromium on the explorer of a real service, which runs on the embedded database."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from graph.catalog import Catalog
from tests.api.conftest import keys
from tests.conftest import Databases
from tests.servers.application import Serve, Service

__all__ = ["keys"]

AXE = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
MILLISECONDS = 20_000


@pytest_asyncio.fixture(scope="session", params=["embedded"])
async def catalog(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[Catalog]:
    """What the pages show is tested on both databases elsewhere; here it is the pages themselves."""
    opened = await Catalog.open(await databases.provider(request.param), databases.folder / "files-browser")
    yield opened
    await opened.close()


@pytest_asyncio.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield started
        await started.close()


@dataclass
class Explorer:
    """A page of the explorer, and what it did that it should not."""

    page: Page
    address: str
    wrong: list[str] = field(default_factory=list)

    async def open(self, path: str = "") -> Page:
        await self.page.goto(f"{self.address}/ui/{path}")
        await self.page.wait_for_load_state()
        return self.page

    async def accessible(self) -> None:
        """Hold the page to WCAG 2.2 AA, as far as axe can tell."""
        await self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = await self.page.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", RULES)
        told = [
            f"{each['id']}: {each['help']}: {[node['html'][:200] for node in each['nodes'][:3]]}"
            for each in found["violations"]
        ]
        assert told == []


Open = Callable[..., Awaitable[Explorer]]


@pytest_asyncio.fixture
async def explore(browser: Browser, serve: Serve) -> AsyncIterator[Open]:
    """Opens the explorer of a service; at the end its console has to be free of errors, and no request may have left it.

    It is made after `serve`, so that its pages are closed before the service ends, which they may still be asking.
    """
    opened: list[Explorer] = []

    async def start(service: Service, **given: Any) -> Explorer:
        context = await browser.new_context(viewport={"width": 1280, "height": 800}, **given)
        context.set_default_timeout(MILLISECONDS)
        page = await context.new_page()
        address = str(service.client.base_url).rstrip("/")
        made = Explorer(page, address)
        page.on("console", lambda said: made.wrong.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: made.wrong.append(str(error)))
        page.on("request", lambda sent: made.wrong.append(sent.url) if not _own(sent.url, address) else None)
        opened.append(made)
        return made

    yield start
    for each in opened:
        await each.page.context.close()
    assert [each.wrong for each in opened if each.wrong] == []


def _own(url: str, address: str) -> bool:
    return url.startswith((f"{address}/", "data:", "blob:"))


@pytest_asyncio.fixture
async def explorer(explore: Open, service: Service) -> Explorer:
    return await explore(service)
