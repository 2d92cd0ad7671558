"""Reading what a client sends, as far as it may be long and slow."""

import asyncio

from starlette.requests import Request

from api.problems import ProblemError

BODY_SECONDS = 30.0
DRAINED = 16 * 2**20


async def read_body(request: Request, limit: int) -> bytes:
    """The body, as far as it may be long and slow.

    Raises:
        ProblemError: it is too long, or does not arrive.
    """
    declared = request.headers.get("content-length", "")
    over = declared.isdigit() and int(declared) > limit
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                size += len(part)
                # A chunked body says nothing about its length before it is there.
                over = over or size > limit
                if not over:
                    parts.append(part)
                # A little more is read and thrown away: a caller that still sends would not see the answer.
                elif size > limit + DRAINED:
                    break
    except TimeoutError:
        raise ProblemError(408, f"the body did not arrive within {BODY_SECONDS:g} s", {"Connection": "close"}) from None
    if over:
        raise ProblemError(413, f"the body is longer than {limit} bytes", {"Connection": "close"})
    return b"".join(parts)
