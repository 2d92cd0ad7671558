"""Access keys by id, read from the database at most once a second each, so that every server soon knows of a change."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

import structlog

from graph.errors import StemmaError
from graph.keys import KEY_ID, AccessKey
from graph.principals import USE_MS, Principals
from graph.sealing import SealBrokenError
from graph.times import now_ms

LIFE_SECONDS = 1.0
"""How old a key's state may be: a revocation holds on every server after this long."""
LIMIT = 10_000
"""Keys that are remembered at a time."""

log = structlog.get_logger("stemma.keys")


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key and its secret."""

    key: AccessKey
    secret: str = field(repr=False)


class Keyring:
    """The keys that were asked for lately.

    Args:
        principals: Where keys are kept.
    """

    def __init__(self, principals: Principals) -> None:
        self._principals = principals
        self._read: dict[str, tuple[float, asyncio.Task[HeldKey | None]]] = {}
        self._any: tuple[float, asyncio.Task[bool]] | None = None
        self._used: dict[str, int] = {}
        self._noting: set[asyncio.Task[None]] = set()

    async def any_key(self) -> bool:
        """Whether the database holds any key; once it does, it always will."""
        now = time.monotonic()
        if self._any is None or (self._any[0] + LIFE_SECONDS < now and not _is_true(self._any[1])):
            self._any = (now, asyncio.create_task(self._principals.any_key()))
        return await asyncio.shield(self._any[1])

    async def find(self, key_id: str) -> HeldKey | None:
        """A key of whatever state, or None when there is none of this id.

        Raises:
            DatabaseUnavailableError: it can't be looked up.
        """
        if KEY_ID.fullmatch(key_id) is None:
            return None
        now = time.monotonic()
        kept = self._read.get(key_id)
        # Counted from when the reading began: what it saw is not younger than that.
        if kept is None or kept[0] + LIFE_SECONDS < now:
            self._read.pop(key_id, None)
            while len(self._read) >= LIMIT:
                del self._read[next(iter(self._read))]
            kept = self._read[key_id] = (now, asyncio.create_task(self._load(key_id)))
        # Shielded: a caller that goes away must not fail the others that wait for the same key.
        return await asyncio.shield(kept[1])

    def used(self, key: AccessKey) -> None:
        """Note in the background that a key is in use, at most once an hour."""
        now = now_ms()
        if max(key.last_used_at, self._used.get(key.id, 0)) < now - USE_MS:
            if len(self._used) >= LIMIT:
                self._used.clear()
            self._used[key.id] = now
            noting = asyncio.create_task(self._note(key.id, now))
            self._noting.add(noting)
            noting.add_done_callback(self._noting.discard)

    async def close(self) -> None:
        """Finish what runs in the background."""
        with contextlib.suppress(Exception):
            await asyncio.gather(*self._noting, return_exceptions=True)

    async def _load(self, key_id: str) -> HeldKey | None:
        try:
            key = await self._principals.find(key_id)
        except BaseException:
            self._read.pop(key_id, None)
            raise
        if key is None:
            return None
        try:
            return HeldKey(key, self._principals.secret(key))
        except SealBrokenError as error:
            log.error("a key can't be used", key_id=key_id, problem=error.message)
            return None

    async def _note(self, key_id: str, now: int) -> None:
        try:
            await self._principals.used(key_id, now)
        except StemmaError as error:
            log.warning("the last use of a key could not be noted", key_id=key_id, problem=error.message)


def _is_true(task: "asyncio.Task[bool]") -> bool:
    """Whether a look-up has ended with yes, or goes on."""
    return not task.done() or (not task.cancelled() and task.exception() is None and task.result())
