"""Who asked for what and what came of it: the access log beside the ledger. It never holds what was sent or answered."""

import asyncio
import contextlib
import logging
import secrets
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from graph.access import Caller, Permission, require
from graph.errors import StemmaError
from graph.listing import first_within
from graph.store.store import Store, Transaction
from graph.times import FOREVER, now_us

QUEUE_RECORDS = 20_000
BATCH = 1_000
SECONDS = 1.0
"""How long records gather before they are written."""
PURGE_SECONDS = 3_600.0
PURGE_ROWS = 5_000
ANONYMOUS = RateLimitItemPerSecond(20)
"""How many requests of callers that nobody knows are noted; the others are counted as dropped."""
NAMED = 20
"""What a record names at most; a bulk request names more."""
TEXT = 256

log = logging.getLogger("stemma.access_log")


class Outcome(StrEnum):
    """What came of a request."""

    OK = "ok"
    REFUSED = "refused"
    THROTTLED = "throttled"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """One request.

    Attributes:
        account: the tenant; of a caller that nobody knows, the service's own.
        at: when it was answered, epoch microseconds.
        principal: the actor, such as `person/ana`; None when unknown.
        key_id: the access key id; None without one.
        door: such as `graphql`.
        operation: what was asked, in the door's words.
        named: the ARNs or keys that the request named, up to `NAMED` of them.
        code: the error's code; None without one.
        key: the record's place in the log; made when it is written.
    """

    account: str
    at: int
    principal: str | None
    key_id: str | None
    door: str
    operation: str
    named: tuple[str, ...]
    outcome: Outcome
    code: str | None
    request_id: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class AccessFilter:
    """What a page shows; times in epoch microseconds, `since` included, `until` not."""

    principal: str | None = None
    operation: str | None = None
    outcome: Outcome | None = None
    since: int = 0
    until: int = FOREVER


class AccessLog:
    """The log of one process: takes records without waiting, writes them in batches.

    Args:
        store: Where they are kept.
        days: How long they are kept; 0 for ever.
    """

    def __init__(self, store: Store, days: int = 0) -> None:
        self._store = store
        self._days = days
        self._waiting: list[dict[str, Any]] = []
        self._wake = asyncio.Event()
        self._writing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._purged = 0.0
        self._anonymous = MovingWindowRateLimiter(MemoryStorage())
        self.dropped = 0
        """Records that were lost because too many waited, nobody knows their callers, or the database did not take them."""

    def note(self, record: AccessRecord) -> None:
        """Take a record; it is written within some seconds."""
        crowded = len(self._waiting) >= QUEUE_RECORDS
        # Whoever has no key must not be able to fill the database.
        if crowded or (record.principal is None and not self._anonymous.hit(ANONYMOUS)):
            self.dropped += 1
            return
        self._waiting.append(row(record))
        if len(self._waiting) >= BATCH:
            self._wake.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work(), name="stemma-access-log")

    async def close(self) -> None:
        """Write what waits, and end."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await self.flush()

    async def flush(self) -> None:
        """Write what waits. What the database does not take is counted as dropped."""
        async with self._writing:
            while self._waiting:
                batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                try:
                    await self._store.run("access/append", {"rows": batch})
                except asyncio.CancelledError:
                    self._waiting = [*batch, *self._waiting]  # adding a record again changes nothing
                    raise
                except Exception as error:  # the log must not end what it tells of
                    self.dropped += len(batch)
                    log.error("%d access records could not be written: %s", len(batch), type(error).__name__)

    async def page(
        self, caller: Caller, only: AccessFilter, *, first: int, before: str | None = None
    ) -> tuple[list[AccessRecord], bool]:
        """Records of the caller's account, newest first, and whether more follow.

        Args:
            caller: Who asks.
            only: What to show.
            first: How many.
            before: The key of the last record of the page before.

        Raises:
            ForbiddenError: the caller is no administrator.
            InvalidError: `first` is out of its range.
        """
        require(caller, Permission.READ_ACCESS_LOG)
        first_within(first)
        await self.flush()
        low, high = (place(caller.account, min(max(at, 0), FOREVER)) for at in (only.since, only.until))
        found = await self._store.read(
            "access/page",
            {
                "from": low,
                "to": high if before is None else min(high, before),
                "principal": only.principal,
                "operation": only.operation,
                "outcome": only.outcome,
                "limit": first + 1,
            },
        )
        return [_record(*row) for row in found[:first]], len(found) > first

    async def purge(self) -> int:
        """Remove what is older than the retention; the number of records removed."""
        removed = 0
        if self._days:
            before = now_us() - self._days * 86_400_000_000
            while count := await self._store.run("access/purge", {"before": before, "limit": PURGE_ROWS}):
                removed += count
        return removed

    async def _work(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            await self.flush()
            if time.monotonic() - self._purged > PURGE_SECONDS or not self._purged:
                self._purged = time.monotonic()
                try:
                    await self.purge()
                except StemmaError as error:
                    log.error("old records of the access log could not be removed: %s", error)
            if not self._waiting:
                return


def place(account: str, at: int) -> str:
    """Before every record of an account that was made at a time or later."""
    return f"{account}/{at:016d}"


async def tell(transaction: Transaction, caller: Caller, operation: str, *named: str) -> None:
    """Put what was done beside the ledger, such as to keys, into the access log, together with it."""
    record = AccessRecord(
        caller.account, now_us(), caller.actor, None, caller.door, operation, named, Outcome.OK, None, ""
    )
    await transaction.run("access/append", {"rows": [row(record)]})


def row(record: AccessRecord) -> dict[str, Any]:
    """A record as a row of `access/append`, under a key of its own."""
    return {
        "key": f"{place(record.account, record.at)}/{secrets.token_hex(6)}",
        "account": record.account,
        "at": record.at,
        "principal": record.principal,
        "key_id": record.key_id,
        "door": record.door,
        "operation": record.operation[:TEXT],
        "named": [name[:TEXT] for name in record.named[:NAMED]],
        "outcome": record.outcome.value,
        "code": record.code,
        "request_id": record.request_id,
    }


def _record(
    key: str,
    account: str,
    at: int,
    principal: str | None,
    key_id: str | None,
    door: str,
    operation: str,
    named: list[str],
    outcome: str,
    code: str | None,
    request_id: str,
) -> AccessRecord:
    return AccessRecord(
        account, at, principal, key_id, door, operation, tuple(named), Outcome(outcome), code, request_id, key
    )
