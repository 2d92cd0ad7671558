"""The write queue: whatever waits becomes one transaction, chained into the ledger (docs/adr/0002-ledger.md)."""

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Iterator, Sequence

from neo4j.exceptions import DriverError, Neo4jError

from graph.access import Caller
from graph.canonical import canonical, digest
from graph.changes import Command
from graph.drafts import Draft
from graph.errors import InvalidError, StemmaError, UnavailableError
from graph.ledger import GENESIS, Head, entry_row, next_entry
from graph.limits import BATCH_ROWS
from graph.store import rows
from graph.store.loading import load
from graph.store.requests import Attempt, Outcome, Request
from graph.store.store import LostRowsError, Store, Transaction, is_time_limit
from graph.times import now_us
from graph.working import Needs

__all__ = ["Outcome", "Writer"]

QUEUE_REQUESTS = 10_000
REQUEST_ID = 256
HINTS = 10_000
"""Groups whose highest numbers are remembered."""
ATTEMPT_SECONDS = 70.0
"""The longest that a database may say nothing: somewhat more than it gives a transaction itself."""

log = logging.getLogger("stemma.writer")


class Writer:
    """The queue of one process; serves all accounts.

    Args:
        store: Where to write.
        on_heads: Told the heads after each commit, for the signed checkpoints.
    """

    def __init__(self, store: Store, on_heads: Callable[[list[Head]], None] | None = None) -> None:
        self._store = store
        self._on_heads = on_heads
        self._waiting: asyncio.Queue[Request] = asyncio.Queue(QUEUE_REQUESTS)
        self._held: Request | None = None
        self._numbers: dict[str, int] = {}
        self._task: asyncio.Task[None] | None = None

    async def submit(
        self, caller: Caller, commands: Sequence[Command], *, operation: str, request_id: str | None = None
    ) -> Outcome:
        """Do all commands or none, as one ledger entry.

        Args:
            caller: Who asks.
            commands: What is asked, applied in order.
            operation: The door's name for it; scopes `request_id`.
            request_id: The caller's own id: the same request under the same id is done once.

        Raises:
            InvalidError: too many commands; or what a command raises, with `position` for the faulty one.
            ConflictError: another request was done under this id.
            UnavailableError: the database can't be reached, or too many requests wait.
        """
        if not 0 < len(commands) <= BATCH_ROWS:
            raise InvalidError(
                f"the request has {len(commands)} rows; it may have 1 to {BATCH_ROWS}",
                path="rows",
                constraint=f"1 <= size <= {BATCH_ROWS}",
            )
        if request_id is not None and not (0 < len(request_id) <= REQUEST_ID and request_id.isprintable()):
            raise InvalidError(
                f"a request id has 1 to {REQUEST_ID} printable characters",
                path="clientRequestId",
                constraint="printable",
            )
        if len(commands) > 1 and any(getattr(command, "alone", False) for command in commands):
            raise InvalidError(
                "an approval is a request of its own: its evidence is looked at alone",
                path="rows",
                constraint="size == 1",
            )
        needs = Needs()
        for command in commands:
            command.needs(needs)
        # Only a caller's own id can come again, so only then is the payload worth a digest.
        payload = digest(canonical([command.payload() for command in commands])) if request_id is not None else ""
        key = f"{caller.account}/{operation}/{request_id if request_id is not None else uuid.uuid4().hex}"
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        request = Request(caller, commands, key, payload, request_id is not None, future, needs)
        try:
            self._waiting.put_nowait(request)
        except asyncio.QueueFull:
            raise UnavailableError(f"{QUEUE_REQUESTS} writes are waiting already; try again later") from None
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work(), name="stemma-writer")
        return await future

    async def close(self) -> None:
        """Finish what waits."""
        while self._task is not None and not self._task.done():
            if self._waiting.empty() and self._held is None:
                self._task.cancel()
            await asyncio.wait([self._task], timeout=0.05)
        self._task = None

    async def _work(self) -> None:
        while True:
            self._held = first = await self._waiting.get()
            batch, size = [first], len(first.commands)
            while size < BATCH_ROWS and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
                size += len(batch[-1].commands)
            try:
                for part in _parts([request for request in batch if not request.future.done()]):
                    await self._write_part(part)
            finally:
                self._held = None

    async def _write_part(self, batch: list[Request]) -> None:
        try:
            await self._write(batch)
        except Exception as error:  # whatever it was, the callers must hear of it and the queue must go on
            if not isinstance(error, StemmaError):
                log.exception("writing a batch of %d requests failed", len(batch))
            for request in batch:
                request.fail(error)

    async def _write(self, batch: list[Request]) -> None:
        if not batch:
            return
        try:
            await self._retry(batch)
        except (Neo4jError, DriverError, LostRowsError):
            # One bad request fails its batch: take it apart until the bad one stands alone.
            if len(batch) == 1:
                raise
            half = len(batch) // 2
            for part in (batch[:half], batch[half:]):
                try:
                    await self._write(part)
                except (Neo4jError, DriverError, StemmaError) as error:
                    for request in part:
                        request.fail(error)
            return
        for request in batch:
            request.answer()

    async def _retry(self, batch: list[Request]) -> None:
        deadline = time.monotonic() + self._store.retry_seconds
        attempt = 0
        sent: list[Attempt] = []
        while True:
            try:
                if sent and (heads := await self._committed(sent, batch)) is not None:
                    self._tell(heads)
                    return
                async with asyncio.timeout(ATTEMPT_SECONDS), self._store.transaction(ledger=True) as transaction:
                    heads = await self._plan(transaction, batch)
                    if heads:
                        await _save(transaction, heads, batch)
                        sent.append(Attempt(batch, heads))
                        await transaction.commit()
                self._tell(heads)
                return
            except (Neo4jError, DriverError, OSError) as error:
                attempt += 1
                # A transaction that waited for a frozen writer's lock ran out of time: that passes.
                if is_time_limit(error) and time.monotonic() < deadline:
                    continue
                await self._store.recover(error, attempt, deadline)

    async def _committed(self, sent: list[Attempt], batch: list[Request]) -> list[Head] | None:
        """The heads of a commit that took place though its reply was lost: all of a batch or nothing of it."""
        seen = await self._store.read("ledger/requests", {"requests": sorted({attempt.request for attempt in sent})})
        hashes = {row[3] for row in seen}
        for attempt in sent:
            if attempt.hash in hashes:
                attempt.restore(batch)
                return attempt.heads
        return None

    def _tell(self, heads: list[Head]) -> None:
        if heads and self._on_heads is not None:
            try:
                self._on_heads(heads)
            except Exception:  # the write is done; whoever signs its head tries again at the next one
                log.exception("the heads of %d accounts could not be signed", len(heads))

    async def _plan(self, transaction: Transaction, batch: list[Request]) -> list[Head]:
        """Lock the heads, read what the requests need, and apply them; the heads that moved."""
        accounts = sorted({request.caller.account for request in batch})
        found = await transaction.run("ledger/lock", {"accounts": accounts, "genesis": GENESIS})
        heads = {account: Head(account, sequence, hash_, recorded) for account, sequence, hash_, recorded in found}
        moved: dict[str, Head] = {}
        repeated = await self._repeated(transaction, batch)
        needs = Needs()
        for request in batch:
            needs.add(request.needs)
        working = await load(transaction, needs, hints=self._numbers)
        self._numbers |= working.numbers
        if len(self._numbers) > HINTS:
            self._numbers.clear()
        following = [command for request in batch for command in request.following]
        if following:
            needs = Needs()
            for command in following:
                command.follow(working, needs)
            working = await load(transaction, needs, working)
        for looking in (each for request in batch if request.key not in repeated for each in request.looking):
            await looking.look(transaction.run, working)
        for request in batch:
            request.outcome = request.error = request.entry = None
            if request.key in repeated:
                request.repeat(repeated[request.key])
                continue
            account = request.caller.account
            head = heads[account]
            recorded = max(now_us(), head.recorded + 1)
            draft = Draft(working, account, request.caller.actor, recorded, request.caller.role)
            try:
                applied = request.apply(draft)
            except StemmaError as error:
                request.error = error
                continue
            draft.accept()
            request.outcome = Outcome(applied)
            if draft.records:
                request.records = draft.records
                request.entry = next_entry(
                    head,
                    recorded=recorded,
                    actor=request.caller.actor,
                    door=request.caller.door,
                    request=request.key,
                    payload=request.payload,
                    leaves=draft.records.seal(account, head.sequence + 1),
                )
                heads[account] = moved[account] = request.entry.head()
                request.outcome = Outcome(applied, request.entry.sequence, recorded)
                repeated[request.key] = (request.entry.sequence, request.payload, recorded)
        return list(moved.values())

    async def _repeated(self, transaction: Transaction, batch: list[Request]) -> dict[str, tuple[int, str, int]]:
        named = [request.key for request in batch if request.named]
        if not named:
            return {}
        seen = await transaction.run("ledger/requests", {"requests": named})
        return {key: (sequence, payload, recorded) for key, sequence, payload, _, recorded in seen}


def _parts(batch: list[Request]) -> Iterator[list[Request]]:
    """What may be written together, in order: a request that has to look around is written alone."""
    part: list[Request] = []
    for request in batch:
        if request.looking:
            if part:
                yield part
            yield [request]
            part = []
        else:
            part.append(request)
    if part:
        yield part


async def _save(transaction: Transaction, heads: list[Head], batch: list[Request]) -> None:
    entries = [request.entry for request in batch if request.entry is not None]
    moved = [[head.account, head.sequence, head.hash, head.recorded] for head in heads]
    count = await transaction.run("ledger/append", {"heads": moved, "entries": [entry_row(entry) for entry in entries]})
    if count != len(entries):
        raise LostRowsError(f"ledger/append wrote {count} of {len(entries)} entries")
    written = rows.Rows()
    for request in batch:
        if request.entry is not None:
            written.add(request.records, request.entry, request.caller)
    for name, values in written.statements():
        await transaction.count(name, values)
