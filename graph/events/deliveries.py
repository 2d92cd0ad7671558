"""Deliveries of events to webhooks, kept beside the ledger: what waits, what is being tried, what was taken, what is dead.

A webhook has a place in its account's feed. What follows there becomes deliveries in the same transaction that moves the
place, so each event has one, whoever ends when. A delivery that is due is claimed by letting it fall due later: whoever claims
and then ends leaves it to the next.
"""

import random
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from graph.commands import Place
from graph.events import feed
from graph.events.feed import Wanted
from graph.events.types import EventType
from graph.ledger import GENESIS
from graph.store.store import Store, Transaction
from graph.times import now_ms

EVENTS = 200
"""Events that become deliveries in one transaction, and deliveries due at which no more are made: the feed keeps the rest."""
ATTEMPTS = 12
FIRST_SECONDS = 5.0
LONGEST_SECONDS = 12 * 3_600.0
GROWTH = 3.0
SPREAD = 0.2
KEPT_DAYS = 30
"""How long taken deliveries are shown; dead ones stay until they are sent again or their webhook goes."""
ROWS = 5_000


class DeliveryState(StrEnum):
    """How far a delivery has come."""

    PENDING = "PENDING"
    """it waits for its first or next attempt"""
    DELIVERED = "DELIVERED"
    """the receiver took it"""
    DEAD = "DEAD"
    """the receiver did not take it in all attempts, or said that it never will"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to a webhook; times in epoch milliseconds.

    Attributes:
        event: the event's key.
        attempts: how many were made.
        due: when the next one is made; None for none.
        status: the last answer's HTTP status; None without one.
        problem: what was wrong with the last attempt.
    """

    key: str
    event: str
    type: EventType
    state: DeliveryState
    attempts: int
    due: int | None = None
    status: int | None = None
    problem: str | None = None
    tried_at: int | None = None
    delivered_at: int | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery to be tried now.

    Attributes:
        token: says that it is ours to settle.
        attempts: how many were made before.
    """

    key: str
    event: str
    attempts: int
    token: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of an attempt.

    Attributes:
        final: whether trying again can't help.
    """

    delivered: bool
    status: int | None = None
    problem: str | None = None
    final: bool = False


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long a failed delivery waits, in seconds: ever longer, and somewhat differently each time."""

    first: float = FIRST_SECONDS
    attempts: int = ATTEMPTS

    def wait(self, attempts: int) -> float | None:
        """The wait after so many attempts; None when there were enough."""
        if attempts >= self.attempts:
            return None
        wait = min(self.first * GROWTH ** (attempts - 1), LONGEST_SECONDS)
        return wait * random.uniform(1 - SPREAD, 1 + SPREAD)  # noqa: S311  # spreads load, guards nothing


BACKOFF = Backoff()


def key_of(webhook: str, event: str) -> str:
    """The key of an event's delivery to a webhook; sorts as the feed does."""
    return f"{webhook}/{event}"


def keys_of(webhook: str) -> dict[str, str]:
    """The range in which the keys of a webhook's deliveries lie; "0" is the character after "/"."""
    return {"from": f"{webhook}/", "to": f"{webhook}0"}


async def places(store: Store) -> list[tuple[str, str, bool]]:
    """Every webhook with its account, and whether the account's ledger has grown since the webhook's place."""
    found: list[tuple[str, str, bool]] = await store.read("webhook/behind", {})
    return found


async def waiting(store: Store) -> list[list[Any]]:
    """The webhooks, with their accounts and numbers of deliveries, for which some are due."""
    found: list[list[Any]] = await store.read("webhook/waiting", {"now": now_ms()})
    return found


async def fan_out(store: Store, place: Place, webhook: str) -> bool:
    """Let the next events of a feed wait to be delivered to a webhook; whether there may be more."""

    async def work(transaction: Transaction) -> bool:
        named = {"id": webhook, "account": place.account}
        taken = await transaction.run("webhook/take", named)
        if taken is None:  # it was removed
            return False
        position, sequence, types, group = taken
        head = (await transaction.run("ledger/head", {"account": place.account}) or [0, GENESIS, 0])[0]
        if head <= sequence:  # somebody else was quicker
            return False
        wanted = Wanted(frozenset(EventType(type_) for type_ in types), group)
        found = await feed.page(transaction.run, place, position, wanted=wanted, first=EVENTS, upto=head)
        now = now_ms()
        rows = [_row(webhook, place.account, event.key, event.type, now) for event in found.events]
        await transaction.count("webhook/enqueue", rows)
        moved = {"position": found.end if found.more else feed.behind(place.account, head)}
        moved["sequence"] = sequence if found.more else head
        await transaction.run("webhook/move", {**named, **moved})
        return found.more

    return await store.transact(work)


async def claim(store: Store, account: str, webhook: str, *, limit: int, seconds: float) -> list[Claim]:
    """Deliveries of a webhook that are due; nobody else gets them within that time."""
    token = secrets.token_hex(8)

    async def work(transaction: Transaction) -> list[Claim]:
        now = now_ms()
        given = {"id": webhook, "account": account, "now": now, "until": now + int(seconds * 1000)}
        found = await transaction.run("webhook/claim", {**given, "limit": limit, "claim": token})
        return [Claim(key, event, attempts, token) for key, event, attempts in found]

    return await store.transact(work)


async def settle(store: Store, claimed: Claim, attempt: Attempt, backoff: Backoff = BACKOFF) -> DeliveryState:
    """Write what came of an attempt; the state of its delivery then."""
    now = now_ms()
    attempts = claimed.attempts + 1
    wait = None if attempt.delivered or attempt.final else backoff.wait(attempts)
    state = DeliveryState.PENDING if wait is not None else DeliveryState.DEAD
    if attempt.delivered:
        state = DeliveryState.DELIVERED
    given = {
        "key": claimed.key,
        "claim": claimed.token,
        "state": state.value,
        "attempts": attempts,
        "due": None if wait is None else now + int(wait * 1000),
        "delivered_at": now if attempt.delivered else None,
        "status": attempt.status,
        "problem": attempt.problem,
        "now": now,
    }
    await store.transact(lambda transaction: transaction.run("webhook/settle", given))
    return state


async def purge(store: Store) -> int:
    """Remove what was taken long ago; how many deliveries."""
    removed = 0
    before = now_ms() - KEPT_DAYS * 86_400_000
    while count := await store.run("webhook/purge", {"before": before, "limit": ROWS}):
        removed += count
    return removed


def from_row(row: list[Any]) -> Delivery:
    """The delivery of a row that `webhook/deliveries` returns."""
    key, event, type_, state, *rest = row
    return Delivery(key, event, EventType(type_), DeliveryState(state), *rest)


def _row(webhook: str, account: str, event: str, type_: EventType, now: int) -> dict[str, Any]:
    return {
        "key": key_of(webhook, event),
        "webhook": webhook,
        "account": account,
        "event": event,
        "type": type_.value,
        "state": DeliveryState.PENDING.value,
        "attempts": 0,
        "due": now,
        "tick": 0,
    }
