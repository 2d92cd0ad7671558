"""Comparing an account's graph with its ledger, and the ledger with its signed checkpoint.

Two passes, each in chunks: the chain of entries; then the revisions, each with its entity and the edges that begin there.
What a request changed is a leaf of its entry, so every leaf must be found again exactly once: as a revision, an edge or the
closing of one. Writes may go on meanwhile: what lies past the head that was read at the start is left to the next time.
"""

import asyncio
from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import Any

from graph import history
from graph.chain import Chain, ProblemError
from graph.checkpoints import Checkpoint, Checkpoints
from graph.ledger import GENESIS, Head, entry_key
from graph.store.store import Store
from graph.times import FOREVER

CHUNK = 10_000
"""Entries or changes that are read at once."""
AHEAD = 2
"""Ranges that are on their way while one is checked: the database then has work for two cores."""
READ_SECONDS = 120.0

KEY = itemgetter(0)

Progress = Callable[[str, int, int], None]
"""Told what is being verified (`entries` or `changes`), how many of them are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a verification.

    Attributes:
        entries, revisions, edges: how many were found in order.
        problem: the first thing that is wrong, in words; None when all is right.
        head: the head of the chain that was verified.
    """

    account: str
    entries: int
    revisions: int
    edges: int
    problem: str | None
    head: Head


LOOKS = 3
"""How often something wrong is looked at, while others write."""


async def accounts(store: Store) -> list[str]:
    """Every account that has a ledger, in order."""
    return sorted(await store.read("ledger/accounts", {}) or [])


async def verify(
    store: Store, checkpoints: Checkpoints | None, account: str, *, on_progress: Progress | None = None
) -> Verdict:
    """Recompute an account's ledger and compare everything that is in the graph with it.

    A statement may see one half of what is written while it reads, so something wrong is looked at again while others write:
    what is really wrong stays so.

    Args:
        store: Where to look.
        checkpoints: The signed heads; None to leave them out.
        account: Whose ledger.
        on_progress: Told how far it has come.
    """
    for _ in range(LOOKS):
        verdict = await _verify(store, checkpoints, account, on_progress)
        if verdict.problem is None or (await history.head(store, account)) == verdict.head:
            break
    return verdict


async def _verify(store: Store, checkpoints: Checkpoints | None, account: str, on_progress: Progress | None) -> Verdict:
    # The checkpoint first: heads are signed after they are committed, so the chain can't be behind it.
    chain = Chain(account, Head(account, 0, GENESIS, 0))
    problem: str | None = None
    try:
        signed = None if checkpoints is None else _checkpoint(checkpoints, account)
        chain.head = await history.head(store, account)
        await _entries(store, chain, signed, on_progress)
        await _changes(store, chain, on_progress)
        chain.finish(await history.head(store, account))
    except ProblemError as found:
        problem = str(found)
    return Verdict(account, len(chain.recorded), chain.revisions, chain.edges, problem, chain.head)


def _checkpoint(checkpoints: Checkpoints, account: str) -> Checkpoint | None:
    try:
        signed = checkpoints.read(account)
        if signed is None:
            return None
        genuine = checkpoints.genuine(signed) and signed.head.account == account
    except (ValueError, KeyError, TypeError) as error:
        raise ProblemError(f"the signed checkpoint of account {account} is damaged: {error!r}") from error
    if not genuine:
        raise ProblemError(f"the signed checkpoint of account {account} does not bear our signature")
    return signed


async def _entries(store: Store, chain: Chain, signed: Checkpoint | None, on_progress: Progress | None) -> None:
    head = chain.head
    if signed is not None and signed.head.sequence > head.sequence:
        raise ProblemError(
            f"the chain of account {chain.account} ends at entry {head.sequence}, but the signed checkpoint says that it "
            f"came to entry {signed.head.sequence}: its tail was cut off"
        )

    def check(rows: list[list[Any]]) -> None:
        rows.sort(key=KEY)
        for row in rows:
            _guarded(f"ledger entry {row[0]}", chain.entry, row, signed)

    ranges = [(first, min(first + CHUNK, head.sequence)) for first in range(0, head.sequence, CHUNK)]
    async with aclosing(_pages(store, chain, "ledger/entries", ranges)) as pages:
        async for rows in pages:
            await asyncio.to_thread(check, rows)
            if on_progress is not None:
                on_progress("entries", len(chain.recorded), head.sequence)
    chain.finish_entries()
    past = {"after": entry_key(chain.account, head.sequence), "end": f"{chain.account}0"}
    last = await store.read("ledger/outside", past, seconds=READ_SECONDS)
    # An entry past the head is right when the head has moved meanwhile.
    now = await history.head(store, chain.account)
    if last is not None and last > entry_key(chain.account, now.sequence):
        raise ProblemError(f"ledger entry {last} lies past the head, which is entry {now.sequence}")


async def _changes(store: Store, chain: Chain, on_progress: Progress | None) -> None:
    last = ""

    def check(rows: list[list[Any]]) -> None:
        nonlocal last
        rows.sort(key=KEY)
        for row in rows:
            if row[0] == last:
                raise ProblemError(f"revision {last} hangs on several entities")
            last, arn, *_, edges = row
            _guarded(f"revision {last} of {arn}", chain.revision, row[:-1])
            for kind, destination, key, *rest in edges:
                edge = [arn, kind, destination, key, *rest]
                _guarded(f"association {key} ({arn} {kind} {destination})", chain.edge, edge)

    async with aclosing(_pages(store, chain, "revision/verify", _ranges(chain.begins))) as pages:
        async for rows in pages:
            await asyncio.to_thread(check, rows)
            if on_progress is not None:
                on_progress("changes", chain.found, len(chain.seen))
    stray = await store.read("entity/stray", {"account": chain.account}, seconds=READ_SECONDS)
    if stray:
        raise ProblemError(f"entity {stray[0]} has no revision, and so no ledger entry made it")
    account = {"account": chain.account, "prefix": f"{chain.account}/"}
    for key, arn in await store.read("revision/stray", account, seconds=READ_SECONDS):
        raise ProblemError(f"revision {key} of {arn} has a key of no ledger entry of account {chain.account}")
    past = {"after": entry_key(chain.account, chain.head.sequence + 1), "end": f"{chain.account}0"}
    if (key := await store.read("revision/outside", past, seconds=READ_SECONDS)) is not None:
        chain.beyond = max(chain.beyond, (int(key.split("/")[1]), f"revision {key}"))


def _ranges(begins: "array[int]") -> list[tuple[int, int]]:
    """Ranges of entries with about `CHUNK` changes each."""
    ranges = []
    first = 0
    while first < len(begins) - 1:
        last = max(first + 1, bisect_right(begins, begins[first] + CHUNK) - 1)
        ranges.append((first, last))
        first = last
    return ranges


async def _pages(
    store: Store, chain: Chain, name: str, ranges: Sequence[tuple[int, int]]
) -> AsyncGenerator[list[list[Any]], None]:
    """What a statement finds in each range of entries (from after the first to the last), while the next are on their way."""

    async def read(first: int, last: int) -> list[list[Any]]:
        # The key of an entry comes before the keys of its records, and the first range takes in whatever comes before.
        begin = entry_key(chain.account, first if name == "ledger/entries" else first + 1)
        parameters = {
            "after": begin if first else f"{chain.account}/",
            "end": entry_key(chain.account, last + 1),
            "forever": FOREVER,
            "recorded": chain.head.recorded,
        }
        found: list[list[Any]] = await store.read(name, parameters, seconds=READ_SECONDS)
        return found

    todo = iter(ranges)
    pending = deque(asyncio.create_task(read(*each)) for each in islice(todo, AHEAD))
    try:
        while pending:
            found = await pending[0]
            pending.popleft()
            pending.extend(asyncio.create_task(read(*each)) for each in islice(todo, 1))
            yield found
    finally:
        for task in pending:
            task.cancel()


def _guarded(name: str, check: Callable[..., None], *arguments: Any) -> None:
    """Run a check on values that anything may have happened to."""
    try:
        check(*arguments)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError) as error:
        raise ProblemError(f"{name} is damaged: {error!r}") from error
