"""Finding entities by parts of what people know of them: names, ARNs, URIs, types, tags and owners.

What can be looked for of each account is kept in memory and, at every question, brought up to the head of its ledger: an
answer is never older than the question, and writing costs nothing more. (A full-text index of the embedded database made
loading 100,000 entities ten times as long and answered in 0.2 to 3 s.)
"""

import asyncio
import heapq
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import orjson

from graph import history, listing
from graph.entities import Entity, Kind, State, from_body
from graph.ledger import entry_key
from graph.store.store import Store
from graph.times import FOREVER, Moment, now_ms

LARGEST = 500_000
"""Entities of one account that can be looked through."""
KEPT = 1_000_000
"""Entities of all accounts that are kept, as far as more than one account is."""
CATCH_UP = 20_000
"""Ledger entries after which reading everything anew is cheaper than what changed."""
STEP = 1_000
"""Ledger entries that are read at once."""
TEXT = 1_000
"""The longest text that is looked for."""


class Entry(NamedTuple):
    """What can be looked for of an entity."""

    arn: str
    kind: Kind
    type: str | None
    name: str
    created_at: int
    resource_arn: str | None
    source_uri: str | None
    tags: Mapping[str, str]
    text: str
    """all of it, case-folded, a line each"""


class Found(NamedTuple):
    """Some of the entities that fit, the best first, each with its key; and whether more follow."""

    items: list[tuple[str, Entry]]
    more: bool


def entry(entity: Entity) -> Entry:
    """What can be looked for of an entity."""
    tags = entity.tags or {}
    parts = (
        entity.name,
        entity.display_name,
        entity.arn,
        entity.resource_arn,
        entity.source_uri,
        entity.type,
        entity.kind.value,
        *(f"{key}={value}" for key, value in tags.items()),
    )
    return Entry(
        entity.arn,
        entity.kind,
        entity.type,
        entity.name,
        entity.created_at,
        entity.resource_arn,
        entity.source_uri,
        tags,
        "\n".join(part for part in parts if part).casefold(),
    )


class _Account:
    """The entries of one account, up to a ledger sequence."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.sequence = -1
        self.lock = asyncio.Lock()


class Finder:
    """Finds entities in the present of an account.

    Args:
        store: Where they are kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._accounts: OrderedDict[str, _Account] = OrderedDict()

    async def entries(self, account: str) -> Mapping[str, Entry]:
        """All of an account's entities by ARN, as of the head of its ledger now.

        Raises:
            TooExpensiveError: there are more than `LARGEST`.
        """
        held = self._accounts.setdefault(account, _Account())
        self._accounts.move_to_end(account)
        async with held.lock:
            head = await history.head(self._store, account)
            if held.sequence < 0 or head.sequence - held.sequence > CATCH_UP:
                moment = Moment(max(now_ms(), head.recorded // 1000), head.recorded, head.sequence)
                held.entries = await snapshot(self._store, account, moment)
            else:
                await self._catch_up(account, held, head.sequence)
            held.sequence = head.sequence
        self._forget()
        return held.entries

    async def search(
        self,
        account: str,
        text: str,
        *,
        kinds: Iterable[Kind] = (),
        types: Iterable[str] = (),
        first: int = 20,
        after: str | None = None,
    ) -> Found:
        """The entities that have every word of a text somewhere; those whose name fits best come first, then the newest.

        Args:
            account: Whose.
            text: Words, upper and lower case alike; without any, all entities fit.
            kinds: Only these, if any.
            types: Only these, if any.
            first: How many, 1 to 500.
            after: The key of an item: only what follows it.

        Raises:
            InvalidError: `first` is out of its range.
            TooExpensiveError: the account has more than `LARGEST` entities.
        """
        listing.first_within(first)
        entries = await self.entries(account)
        return await asyncio.to_thread(
            _search, list(entries.values()), text[:TEXT].casefold().split(), set(kinds), set(types), first, after or ""
        )

    async def _catch_up(self, account: str, held: _Account, sequence: int) -> None:
        """Read what the ledger's entries after the held one wrote; a later entry's word on an entity is the last."""
        for begin in range(held.sequence + 1, sequence + 1, STEP):
            end = min(begin + STEP, sequence + 1)
            ends = {"after": entry_key(account, begin), "end": entry_key(account, end)}
            rows = await self._store.read("revision/since", {"account": account, "forever": FOREVER, **ends})
            for _, arn, body in sorted(rows, key=_key):
                state: State | None = None if body is None else orjson.loads(body)
                if state is None or state.get("deleted"):
                    held.entries.pop(arn, None)
                else:
                    held.entries[arn] = entry(from_body(body))

    def _forget(self) -> None:
        """Let go of the accounts that were asked for longest ago."""
        total = sum(len(held.entries) for held in self._accounts.values())
        for account in list(self._accounts)[:-1]:
            if total <= KEPT:
                break
            if not self._accounts[account].lock.locked():
                total -= len(self._accounts.pop(account).entries)


async def snapshot(store: Store, account: str, when: Moment) -> dict[str, Entry]:
    """What can be looked for at a moment, by ARN.

    Raises:
        TooExpensiveError: the account has more than `LARGEST` entities of a kind.
    """
    found: dict[str, Entry] = {}
    for kind in Kind:
        async for entities in listing.every(store, account, kind, when, most=LARGEST):
            found.update({entity.arn: entry(entity) for entity in entities})
    return found


def _search(entries: list[Entry], words: list[str], kinds: set[Kind], types: set[str], first: int, after: str) -> Found:
    fitting = _ranked(
        (
            each
            for each in entries
            if (not kinds or each.kind in kinds) and (not types or each.type in types) and _has(each.text, words)
        ),
        words,
    )
    best = heapq.nsmallest(first + 1, (item for item in fitting if item[0] > after))
    return Found(best[:first], len(best) > first)


def _has(text: str, words: list[str]) -> bool:
    return all(word in text for word in words)


def _ranked(entries: Iterable[Entry], words: list[str]) -> Iterator[tuple[str, Entry]]:
    whole = " ".join(words)
    for each in entries:
        yield f"{_rank(each.name.casefold(), words, whole)}/{FOREVER - each.created_at:016d}/{each.arn}", each


def _rank(name: str, words: list[str], whole: str) -> int:
    """How well a name fits: it is the text, begins with it, holds a word's beginning, holds all words, or only some."""
    if not words or name == whole:
        return 0
    if name.startswith(whole):
        return 1
    if all(word in name for word in words):
        return (
            2 if any(part.startswith(words[0]) for part in name.replace("_", "-").replace("/", "-").split("-")) else 3
        )
    return 4


def _key(row: list[Any]) -> str:
    key: str = row[0]
    return key
