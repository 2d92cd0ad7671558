"""HTTP/1.1 connections of clients that are slow on purpose: uvicorn waits for their headers, and for them to read, for ever."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 20.0
"""How long a request's headers may take, from the connection or the request's first byte on."""
DRAIN_SECONDS = 20.0
"""How often it is looked whether a client that is behind still reads."""
DRAIN_BYTES = 20_000
"""What it has to have read in between."""


class Protocol(H11Protocol):
    """uvicorn's protocol, which ends connections whose headers do not come or whose answer is not read."""

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self._headers: asyncio.TimerHandle | None = None
        self._drain: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._watch_headers()

    def data_received(self, data: bytes) -> None:
        """Take what came, and wait for the rest of the headers if they are not there yet."""
        super().data_received(data)
        self._watch_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any longer."""
        self._headers = _cancelled(self._headers)
        self._drain = _cancelled(self._drain)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Watch a client that does not read as fast as it is answered."""
        super().pause_writing()
        if self._drain is None:
            self._watch_drain()

    def resume_writing(self) -> None:
        """The client has read."""
        self._drain = _cancelled(self._drain)
        super().resume_writing()

    def _watch_headers(self) -> None:
        # Idle means that the headers of a request are not complete; between requests the keep-alive time runs instead.
        if self.conn.their_state is not h11.IDLE or self.transport.is_closing():
            self._headers = _cancelled(self._headers)
        elif self._headers is None:
            self._headers = self.loop.call_later(HEADER_SECONDS, self.transport.abort)

    def _watch_drain(self) -> None:
        waiting = self.transport.get_write_buffer_size()

        def look() -> None:
            if waiting - self.transport.get_write_buffer_size() < DRAIN_BYTES:
                self.transport.abort()
            else:
                self._watch_drain()

        self._drain = self.loop.call_later(DRAIN_SECONDS, look)


def _cancelled(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    """End a timer; what is left of it."""
    if timer is not None:
        timer.cancel()
    return None
