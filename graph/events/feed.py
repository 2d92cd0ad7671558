"""The feed of an account's events: in the order of its ledger, from any place on."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from graph.commands import Place
from graph.entities import from_body
from graph.errors import InvalidError
from graph.events.event import Event, Written
from graph.events.sources import events
from graph.events.types import EventType
from graph.ledger import entry_key
from graph.listing import first_within

Read = Callable[[str, dict[str, Any]], Awaitable[Any]]
"""Runs a statement: the store's `read`, or a transaction's `run`."""
SLICE = 200
"""Revisions that one look-up asks for."""
ROUNDS = 25
"""Look-ups that one page takes at most; a filter that shows little gives shorter pages rather than slow ones."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events are shown.

    Attributes:
        types: what they tell of; none for everything.
        group: the name of a model group, in lower case.
    """

    types: frozenset[EventType] = frozenset()
    group: str | None = None

    def shows(self, found: Event) -> bool:
        """Whether an event is wanted."""
        return (not self.types or found.type in self.types) and self.group in (None, found.told.group)


ALL = Wanted()


@dataclass(frozen=True, slots=True)
class Slice:
    """Events in their order.

    Attributes:
        end: the place behind the last that was looked at, wanted or not: where to go on.
        more: whether there may be more by now.
    """

    events: list[Event]
    end: str
    more: bool


async def page(
    read: Read, place: Place, after: str, *, wanted: Wanted = ALL, first: int = 50, upto: int | None = None
) -> Slice:
    """Some events behind a place.

    Args:
        read: Where to look.
        place: Whose events.
        after: The key of an event, or what `behind` gives.
        wanted: Which of them.
        first: How many, 1 to 500.
        upto: The last ledger entry whose events are shown.

    Raises:
        InvalidError: `first` is out of its range, or the place lies in another account's feed.
    """
    first_within(first)
    account = place.account
    if not after.startswith(f"{account}/"):
        raise InvalidError("the cursor belongs to another feed", path="after", constraint="a cursor of this feed")
    limit = f"{account}0" if upto is None else behind(account, upto)
    found: list[Event] = []
    end = after
    for _ in range(ROUNDS):
        read_now = await _read(read, place, _revision(end), limit, SLICE)
        for key, told in read_now:
            for one in told:
                if one.key > end:
                    if wanted.shows(one):
                        if len(found) == first:
                            return Slice(found, end, more=True)
                        found.append(one)
                    end = one.key
            end = max(end, f"{key}/~")
        if len(read_now) < SLICE:
            return Slice(found, end, more=False)
    return Slice(found, end, more=True)


async def event(read: Read, place: Place, key: str) -> Event | None:
    """An event by its key; None when what it tells of was erased."""
    revision = _revision(key)
    for _, told in await _read(read, place, revision, f"{revision}/", 1):
        for found in told:
            if found.key == key:
                return found
    return None


def behind(account: str, sequence: int) -> str:
    """The place behind all events of a ledger entry; 0 for that before the first."""
    return f"{entry_key(account, sequence)}/~"


def _revision(place: str) -> str:
    """The key of the revision at, or behind, a place."""
    return "/".join(place.split("/")[:3])


async def _read(read: Read, place: Place, start: str, end: str, limit: int) -> list[tuple[str, list[Event]]]:
    """The revisions from a key on, each with its events."""
    rows = await read("event/page", {"from": start, "to": end, "limit": limit})
    keys = [replaces for *_, replaces, _ in rows if replaces is not None]
    before = dict(await read("revision/bodies", {"keys": keys, "account": place.account})) if keys else {}
    return [(row[0], _events(place, row, before.get(row[6]))) for row in rows]


def _events(place: Place, row: list[Any], before: str | None) -> list[Event]:
    key, recorded, actor, door, operation, digest, _, body = row
    # What was erased can't be told any more, and a change neither without what was there before.
    if body is None or (before is None and operation != "create"):
        return []
    earlier = None if before is None else from_body(before)
    return events(Written(place, key, recorded, actor, door, digest, earlier, from_body(body)))
