"""Pages of entities and of associations, by keyset: stable while others are written."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from graph.associations import Association, AssociationType
from graph.entities import Entity, Kind, from_body
from graph.errors import InvalidError, TooExpensiveError
from graph.history import PAGE
from graph.store.store import Store
from graph.times import FOREVER, Moment

T = TypeVar("T")

CROWD = 500
"""Revisions up to which a list is read whole."""
SPAN_MS = 1_000
SPAN_GROWTH = 8
SLICE = 2_000
"""Entities that one look-up asks for when all are looked through."""


class Sort(StrEnum):
    """By what a list is sorted."""

    CREATED = "CREATED"
    NAME = "NAME"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entities a list shows; times in epoch milliseconds, `created_before` exclusive; `prefix` is of their ARNs.

    Attributes:
        contains: a part of the name; upper and lower case are told apart.
        status: as `Status` has it.
        modified_before: exclusive, too.
    """

    type: str | None = None
    name: str | None = None
    source_uri: str | None = None
    created_after: int | None = None
    created_before: int | None = None
    prefix: str | None = None
    source_arn: str | None = None
    contains: str | None = None
    status: str | None = None
    modified_after: int | None = None
    modified_before: int | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items, each with its key, and whether more follow."""

    items: list[tuple[str, T]]
    more: bool


async def entities(
    store: Store,
    account: str,
    kind: Kind,
    when: Moment,
    *,
    filter: Filter = Filter(),  # noqa: A002  # the field's word; immutable
    sort: Sort = Sort.CREATED,
    descending: bool = True,
    first: int = 50,
    after: str | None = None,
) -> Page[Entity]:
    """One page of an account's entities of a kind.

    Args:
        store: Where to look.
        account: Whose entities.
        kind: Of which kind.
        when: At which moment.
        filter: Which of them.
        sort: By name or by creation; equal ones by ARN.
        descending: Last first.
        first: How many, 1 to 500.
        after: The key of an item: only what follows it.

    Raises:
        InvalidError: `first` is out of its range.
    """
    first_within(first)
    prefix = f"{account}/{kind.value}/"
    low, high = _range(prefix, after, descending=descending)
    sought = [field for field in ("source_uri", "source_arn") if getattr(filter, field) is not None]
    if len(sought) > 1:
        raise InvalidError("a list is filtered by one source", path="source_arn", constraint="one of both")
    name = f"entity/list_{''.join(f'{field}_' for field in sought)}by_{sort.value.lower()}_"
    parameters: dict[str, Any] = {
        "from": low,
        "to": high,
        "at": when.at,
        "known": when.known,
        "type": filter.type,
        "name": filter.name,
        "prefix": filter.prefix,
        "contains": filter.contains,
        "status": filter.status,
        "modified_after": filter.modified_after or 0,
        "modified_before": FOREVER if filter.modified_before is None else filter.modified_before,
        "created_after": filter.created_after or 0,
        "created_before": FOREVER if filter.created_before is None else filter.created_before,
        "limit": first + 1,
    }
    parameters |= {field: getattr(filter, field) for field in sought}
    name += "descending" if descending else "ascending"
    if store.provider.name == "embedded" and sort is Sort.CREATED and not sought:
        found = await _near(store, name, parameters, prefix, when, descending=descending)
    else:
        found = await store.read(name, parameters)
    return Page([(key, from_body(body)) for key, body in found[:first]], len(found) > first)


def _range(prefix: str, after: str | None, *, descending: bool) -> tuple[str, str]:
    """Between which keys a page lies, both exclusive.

    Raises:
        InvalidError: the cursor is of another list.
    """
    # "0" is the character after "/": no key, whatever a name holds, lies past that in either database's order.
    low, high = prefix, f"{prefix[:-1]}0"
    if after is None:
        return low, high
    if not after.startswith(prefix):
        raise InvalidError("the cursor belongs to another list", path="after", constraint="a cursor of this list")
    return (low, after) if descending else (after, high)


async def _near(
    store: Store, name: str, parameters: dict[str, Any], prefix: str, when: Moment, *, descending: bool
) -> list[Any]:
    """A page of a list by creation, looked for ever farther from where it begins.

    The embedded database reads the whole of a range before it sorts it, so the range must not be the whole of a long list.
    """
    low, high = parameters["from"], parameters["to"]
    crowd = {"from": low, "to": high, "limit": CROWD}
    # Nothing that was made after the moment is there; where an ascending list begins, nobody knows.
    begin = _made(high if descending else low, prefix)
    begin = min(when.at, FOREVER if begin is None else begin) if descending else begin
    if begin is None or await store.read("entity/crowd", crowd) < CROWD:
        found: list[Any] = await store.read(name, parameters)
        return found
    span = SPAN_MS
    while True:
        whole = begin < span if descending else begin + span > when.at
        if whole:
            part = {}
        elif descending:
            part = {"from": max(low, f"{prefix}{begin - span:016d}/")}
        else:
            part = {"to": min(high, f"{prefix}{begin + span:016d}/")}
        found = await store.read(name, {**parameters, **part})
        if whole or len(found) >= parameters["limit"]:
            return found
        span *= SPAN_GROWTH


def _made(key: str, prefix: str) -> int | None:
    """When an entity was made, by its key in a list by creation; None for an end of the whole list."""
    digits = key.removeprefix(prefix)[:16]
    return int(digits) if key.startswith(prefix) and digits.isdecimal() else None


async def every(
    store: Store,
    account: str,
    kind: Kind,
    when: Moment,
    *,
    prefix: str | None = None,
    created_after: int | None = None,
    created_before: int | None = None,
    most: int,
) -> AsyncIterator[list[Entity]]:
    """All entities of a kind, for looking through them, by creation: their keys are read first, then slices between them.

    Args:
        store: Where to look.
        account: Whose.
        kind: Of which kind.
        when: At which moment.
        prefix: What their ARNs begin with.
        created_after: Since when they were made, epoch milliseconds.
        created_before: Before when they were made.
        most: How many there may be.

    Raises:
        TooExpensiveError: there are more.
    """
    head = f"{account}/{kind.value}/"
    parameters = {
        "from": head if created_after is None else f"{head}{created_after:016d}/",
        "to": f"{head[:-1]}0" if created_before is None else f"{head}{created_before:016d}/",
        "at": when.at,
        "known": when.known,
        "prefix": prefix,
        "limit": most + 1,
    }
    keys = sorted(await store.read("entity/keys", parameters))
    within(len(keys), most)
    for start in range(0, len(keys), SLICE):
        ends = {"first": keys[start], "last": keys[min(start + SLICE, len(keys)) - 1]}
        found = await store.read("entity/slice", {**parameters, **ends})
        yield [from_body(body) for _, body in sorted(found)]


def within(count: int, most: int) -> None:
    """Check how many entities would be looked through.

    Raises:
        TooExpensiveError: there are more than `most`.
    """
    if count > most:
        raise TooExpensiveError(
            f"more than {most} entities would be looked through; narrow them by a name, a group or a creation time"
        )


async def associations(
    store: Store,
    account: str,
    arn: str,
    when: Moment,
    *,
    outgoing: bool,
    types: Sequence[AssociationType] = tuple(AssociationType),
    first: int = 50,
    after: str | None = None,
) -> Page[Association]:
    """One page of the associations that begin (`outgoing`) or end at an entity, oldest record first."""
    first_within(first)
    parameters = {
        "arn": arn,
        "account": account,
        "after": after or "",
        "associations": [kind.value for kind in types],
        "at": when.at,
        "known": when.known,
        "limit": first + 1,
    }
    found = await store.read(f"association/{'outgoing' if outgoing else 'incoming'}", parameters)
    items = [
        (key, Association(source, destination, AssociationType(kind), valid_from, valid_to, key))
        for source, kind, destination, key, valid_from, valid_to in found
    ]
    return Page(items[:first], len(found) > first)


def first_within(first: int) -> None:
    """Check how many a page is to hold.

    Raises:
        InvalidError: it is not 1 to 500.
    """
    if not 1 <= first <= PAGE:
        raise InvalidError(f"first is {first}; it may be 1 to {PAGE}", path="first", constraint=f"1 <= first <= {PAGE}")
