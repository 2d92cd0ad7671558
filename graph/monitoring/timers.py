"""Timers: when a schedule has to be looked at next. They lie beside the ledger and say nothing that a schedule does not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.store.store import Store, Transaction
from graph.times import now_ms


@dataclass(frozen=True, slots=True)
class Timer:
    """When to look at a schedule; times in epoch milliseconds.

    Attributes:
        name: the schedule's, in lower case.
        due: when; 0 for never.
        after: up to when its runs were made.
        put_at: when somebody changed the schedule last.
    """

    key: str
    account: str
    name: str
    due: int
    after: int
    put_at: int


async def put(store: Store, account: str, name: str, now: int | None = None) -> None:
    """Have a schedule looked at now, because it was made or changed, or is about to be."""
    name = name.lower()
    parameters = {
        "key": f"{account}/{name}",
        "account": account,
        "name": name,
        "now": now_ms() if now is None else now,
    }

    async def work(transaction: Transaction) -> None:
        await transaction.run("monitoring/put_timer", parameters)

    await store.transact(work)


async def due(store: Store, now: int, limit: int, accounts: Sequence[str] | None = None) -> list[Timer]:
    """The timers of schedules that have to be looked at; of all accounts, or some."""
    parameters = {"now": now, "limit": limit, "only": None if accounts is None else list(accounts)}
    return [_read(found) for found in await store.read("monitoring/due", parameters)]


async def find(store: Store, account: str, names: Sequence[str]) -> dict[str, Timer]:
    """Timers by the names of their schedules, in lower case."""
    found = await store.read("monitoring/timers", {"keys": [f"{account}/{name.lower()}" for name in names]})
    return {timer.name: timer for timer in map(_read, found)}


async def advance(store: Store, moved: Sequence[tuple[Timer, int, int]]) -> None:
    """Set `due` and `after` of timers, unless somebody else has since they were seen."""
    rows = [
        {"key": seen.key, "seen": seen.due, "put_at": seen.put_at, "due": next_due, "after": after}
        for seen, next_due, after in sorted(moved, key=lambda each: each[0].key)
    ]

    async def work(transaction: Transaction) -> None:
        await transaction.run("monitoring/advance", {"rows": rows})

    await store.transact(work)


def _read(row: Mapping[str, Any]) -> Timer:
    return Timer(*(row[name] for name in Timer.__dataclass_fields__))
