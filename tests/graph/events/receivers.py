"""A receiver of webhooks on loopback that keeps what it was sent, and answers as a test says."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

Answer = Callable[["Message"], int]


@dataclass(frozen=True)
class Message:
    """What came: the request line, its headers in lower case, and its content."""

    line: str
    headers: dict[str, str]
    content: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.content)
        return found

    def signed_with(self, secret: str) -> bool:
        """Whether the signature is that of Standard Webhooks: each receiver writes this itself."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.content
        version, _, signature = self.headers["webhook-signature"].partition(",")
        wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return version == "v1" and hmac.compare_digest(signature, wanted)


@dataclass
class Receiver:
    """A server of its own.

    Attributes:
        answer: gives the status for a message; negative: say nothing at all.
        headers: what is answered beside.
    """

    answer: Answer = lambda _: 204
    headers: str = ""
    port: int = 0
    messages: list[Message] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/hook?team=risk"

    async def count(self, number: int, seconds: float = 20.0) -> list[Message]:
        """The messages, once there are so many."""
        async with asyncio.timeout(seconds):
            while len(self.messages) < number:
                self.came.clear()
                await self.came.wait()
        return self.messages

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            line, *rest = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in rest) if name}
            content = await reader.readexactly(int(headers.get("content-length", "0")))
            message = Message(line, headers, content)
            self.messages.append(message)
            self.came.set()
            status = self.answer(message)
            if status < 0:
                with contextlib.suppress(TimeoutError):  # until it is given up
                    await asyncio.wait_for(reader.read(), -status)
            else:
                writer.write(
                    f"HTTP/1.1 {status} X\r\n{self.headers}content-length: 0\r\nconnection: close\r\n\r\n".encode()
                )
                await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def receiving(answer: Answer = lambda _: 204) -> AsyncIterator[Receiver]:
    """A receiver that listens."""
    receiver = Receiver(answer)
    server = await asyncio.start_server(receiver.talk, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver
