"""Clients that send or read slowly on purpose, over real sockets."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from starlette.types import Receive, Scope, Send

from api import bodies, protocol
from api.app import create_app
from api.server import Server, bind, config
from api.settings import load
from graph.catalog import Catalog

LARGE = 60_000_000
pytestmark = pytest.mark.parametrize("catalog", ["embedded"], indirect=True, scope="session")


@pytest_asyncio.fixture
async def address(
    catalog: Catalog, account: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[str, int]]:
    """A server as `stemma serve` runs it, with shorter times, and a page that is large."""
    monkeypatch.setattr(protocol, "HEADER_SECONDS", 0.5)
    monkeypatch.setattr(protocol, "DRAIN_SECONDS", 0.5)
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.5)
    app = create_app(load(account=account, data_dir=tmp_path, keys="off"), catalog)

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/large":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"x" * LARGE})
        else:
            await app(scope, receive, send)

    with bind("127.0.0.1", 0) as listener:
        started = asyncio.Event()
        server = Server(config(served), started.set)
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await started.wait()
        yield listener.getsockname()
        server.should_exit = True
        await serving


async def ended(reader: asyncio.StreamReader) -> bytes:
    """What came until the server closed the connection."""
    try:
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionResetError:
        return b""


async def alive(address: tuple[str, int]) -> bool:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"http://{address[0]}:{address[1]}/readyz")).status_code == 200


async def test_headers_that_trickle_end_the_connection(address: tuple[str, int]) -> None:
    async def trickle(first: bytes) -> float:
        reader, writer = await asyncio.open_connection(*address)
        begun = time.monotonic()
        reading = asyncio.ensure_future(ended(reader))
        writer.write(first)
        # A byte now and then must not win time.
        while not reading.done():
            with contextlib.suppress(ConnectionError):
                writer.write(b"X-A: b\r\n")
                await writer.drain()
            await asyncio.sleep(0.1)
        writer.close()
        return time.monotonic() - begun

    begin = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n"
    complete = begin + b"\r\n"
    # At once: nothing sent at all, headers without an end, and the second request of a connection.
    times = await asyncio.gather(*(trickle(first) for first in [b"", begin, complete + begin] * 60))
    assert max(times) < 6
    assert min(times) > 0.4
    assert await alive(address)


async def test_a_body_that_trickles_is_answered_408(address: tuple[str, int]) -> None:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(
        b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    )
    reading = asyncio.ensure_future(ended(reader))
    while not reading.done():
        with contextlib.suppress(ConnectionError):
            writer.write(b" ")
            await writer.drain()
        # Not just when the server gives up: what is sent to a closed connection has the answer before it thrown away.
        await asyncio.sleep(0.3)
    assert b"HTTP/1.1 408" in await reading
    writer.close()


async def test_a_client_that_does_not_read_is_left(address: tuple[str, int]) -> None:
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, address)
        await loop.sock_sendall(client, b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await asyncio.sleep(2)
        received = 0
        with contextlib.suppress(ConnectionResetError):
            while part := await asyncio.wait_for(loop.sock_recv(client, 1 << 20), 10):
                received += len(part)
    assert received < LARGE
    assert await alive(address)


async def test_a_client_that_reads_slowly_but_reads_gets_everything(address: tuple[str, int]) -> None:
    reader, writer = await asyncio.open_connection(*address, limit=1 << 16)
    writer.write(b"GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    begun, received = time.monotonic(), 0
    while part := await reader.read(1 << 20):
        received += len(part)
        await asyncio.sleep(0.001)
        if time.monotonic() - begun < 1.5:
            await asyncio.sleep(0.1)
    assert received > LARGE
    writer.close()


async def test_idle_connections_between_requests_are_kept(address: tuple[str, int]) -> None:
    reader, writer = await asyncio.open_connection(*address)
    for _ in range(3):
        writer.write(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200" in await reader.readuntil(b'{"status":"live"}')
        await asyncio.sleep(0.8)
    writer.close()
