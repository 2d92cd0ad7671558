"""The ASGI middleware: it listens to an exchange, and changes nothing of it."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from stemma_capture.queueing import Capture
from stemma_capture.records import Exchange, Payload
from stemma_capture.settings import NAME

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

PREFIX = b"x-amzn-sagemaker-"
log = logging.getLogger("stemma_capture")


class CaptureMiddleware:
    """Captures the POST requests to some paths, and their answers.

    Args:
        app: The model server.
        capture: Where exchanges go; it is closed when the server shuts down.
        paths: Which paths answer with inferences.
    """

    def __init__(self, app: Application, capture: Capture, paths: Iterable[str] = ("/invocations",)) -> None:
        self._app = app
        self._capture = capture
        self._paths = frozenset(paths)
        self._share = capture.settings.percentage / 100

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, self._closing(send))
        elif (
            scope["type"] == "http"
            and scope["path"] in self._paths
            and scope["method"] == "POST"
            and (self._share >= 1 or random.random() < self._share)  # noqa: S311  # a sample, no secret
        ):
            heard = _Heard(scope, self._capture)
            await self._app(scope, heard.receiving(receive), heard.sending(send))
            heard.finish()
        else:
            await self._app(scope, receive, send)

    def _closing(self, send: Send) -> Send:
        async def closing(message: Message) -> None:
            if message["type"].startswith("lifespan.shutdown."):
                await asyncio.to_thread(self._capture.close)
            await send(message)

        return closing


class _Heard:
    """What was heard of one exchange."""

    def __init__(self, scope: Scope, capture: Capture) -> None:
        self._scope = scope
        self._capture = capture
        self._most = capture.settings.payload_bytes
        self._asked: list[bytes] | None = [] if capture.settings.inputs else None
        self._answered: list[bytes] | None = [] if capture.settings.outputs else None
        self._sizes = [0, 0]
        self._status = 0
        self._kind = b""
        self._whole = False

    def receiving(self, receive: Receive) -> Receive:
        if self._asked is None:
            return receive

        async def hearing() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                self._asked = self._kept(self._asked, message.get("body", b""), 0)
            return message

        return hearing

    def sending(self, send: Send) -> Send:
        async def hearing(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._status = message["status"]
                self._kind = next(
                    (value for name, value in message.get("headers", ()) if name.lower() == b"content-type"), b""
                )
            elif message["type"] == "http.response.body":
                self._answered = self._kept(self._answered, message.get("body", b""), 1)
                self._whole = not message.get("more_body", False)
            await send(message)

        return hearing

    def finish(self) -> None:
        """Hand over a whole, successful exchange; whatever goes wrong here is no matter of the inference."""
        try:
            if not (self._whole and 200 <= self._status < 300):
                return
            settings = self._capture.settings
            if max(self._sizes) > self._most:
                self._capture.pass_over()
                return
            headers = {
                name: value.decode("latin-1")
                for name, value in self._scope["headers"]
                if name == b"content-type" or name.startswith(PREFIX)
            }
            named = headers.get(PREFIX + b"target-variant", settings.variant)
            self._capture.put(
                Exchange(
                    _payload(self._asked, headers.get(b"content-type", "")),
                    _payload(self._answered, self._kind.decode("latin-1")),
                    named if NAME.fullmatch(named) else settings.variant,
                    headers.get(PREFIX + b"inference-id"),
                    headers.get(PREFIX + b"custom-attributes"),
                )
            )
        except Exception:
            self._capture.pass_over()
            log.exception("an exchange could not be captured")

    def _kept(self, pieces: list[bytes] | None, body: bytes, place: int) -> list[bytes] | None:
        if pieces is not None and body:
            self._sizes[place] += len(body)
            if self._sizes[place] <= self._most:
                pieces.append(body)
            else:
                pieces.clear()
        return pieces


def _payload(pieces: list[bytes] | None, kind: str) -> Payload | None:
    return None if pieces is None else Payload(b"".join(pieces), kind)
