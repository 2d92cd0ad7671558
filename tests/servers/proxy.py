"""A TCP proxy before a database, which can lose a commit, or its reply, or everything."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from enum import Enum
from urllib.parse import urlsplit

from graph.store.provider import Address, Provider

COMMIT = b"\x00\x02\xb0\x12\x00\x00"
"""Bolt's message that commits a transaction, as it is sent."""


class Mood(Enum):
    """What the proxy does."""

    FAITHFUL = "passes everything on"
    CUT_BEFORE_COMMIT = "cuts the connection instead of passing the next commit on"
    CUT_AFTER_COMMIT = "passes the next commit on, and cuts the connection when its reply comes"
    SILENT = "passes nothing on, and cuts nothing"
    AWAY = "cuts every connection"


class Proxy:
    """The proxy, as a provider of the database behind it."""

    def __init__(self, provider: Provider) -> None:
        self.name = provider.name
        self.mood = Mood.FAITHFUL
        self.cuts = 0
        self._provider = provider
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def address(self) -> Address:
        """Where the proxy listens."""
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        return replace(await self._provider.address(), uri=f"bolt://127.0.0.1:{port}")

    def turn(self) -> AbstractAsyncContextManager[None]:
        """That of the database behind."""
        return self._provider.turn()

    async def close(self) -> None:
        """The database behind is its owner's."""

    def be(self, mood: Mood) -> None:
        """Change what happens from now on, also to open connections."""
        self.mood = mood
        if mood is Mood.AWAY:
            for task in self._tasks:
                task.cancel()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if self.mood is not Mood.AWAY:
                await self._pass_on(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind = urlsplit((await self._provider.address()).uri)
        far_reader, far_writer = await asyncio.open_connection(behind.hostname, behind.port)
        losing = False

        async def out() -> None:
            nonlocal losing
            while data := await reader.read(1 << 16):
                if COMMIT in data:
                    if self.mood is Mood.CUT_BEFORE_COMMIT:
                        self.be(Mood.FAITHFUL)
                        self.cuts += 1
                        return
                    if self.mood is Mood.CUT_AFTER_COMMIT:
                        self.be(Mood.FAITHFUL)
                        self.cuts += 1
                        losing = True
                if self.mood is not Mood.SILENT:
                    far_writer.write(data)

        async def back() -> None:
            while data := await far_reader.read(1 << 16):
                if losing:
                    return
                if self.mood is not Mood.SILENT:
                    writer.write(data)

        ways = [asyncio.create_task(out()), asyncio.create_task(back())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(*ways, return_exceptions=True)
            far_writer.transport.abort()


@asynccontextmanager
async def proxied(provider: Provider) -> AsyncIterator[Proxy]:
    """A proxy before a database, ended with the block."""
    proxy = Proxy(provider)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()
