"""How long a request may take, and what becomes of one whose client has gone away."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

from graph.errors import TimeLimitError

WRITE_SECONDS = 30.0
"""What a request may take beside the longest read."""

T = TypeVar("T")


async def within(request: Request, work: Coroutine[Any, Any, T], read_seconds: float, *, advice: str) -> T:
    """What a request's work comes to; it ends when the client goes away, or when its time is up.

    Args:
        request: Whose body was read.
        work: What answers it.
        read_seconds: The longest that one read may take.
        advice: What a client may do whose time is up.

    Raises:
        ClientDisconnect: the client went away.
        TimeLimitError: the time is up.
    """
    seconds = read_seconds + WRITE_SECONDS
    running = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_until_gone(request))
    try:
        await asyncio.wait({running, gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            return running.result()
        if gone.done():
            raise ClientDisconnect
        raise TimeLimitError(f"the request took longer than {seconds:g} s; a write may still be done{advice}")
    finally:
        for task in (running, gone):
            if not task.done():
                task.cancel()
        await asyncio.gather(running, gone, return_exceptions=True)


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
