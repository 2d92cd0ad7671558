"""A whole cone at once, where the database can visit every entity once by itself (Neo4j): columns in, tuples out.

Two statements at the same time fetch what the start may reach and the edges there; which of it the start does reach, and how
far away it lies, comes from walking those edges in memory. They meet by the numbers that the database gives its nodes.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress, repeat
from typing import Any, TypeVar

from graph.associations import Association, AssociationType
from graph.entities import Kind
from graph.errors import TimeLimitError
from graph.store.store import Store
from graph.times import FOREVER, Moment

KINDS = {kind.value: kind for kind in Kind}
TYPES = {kind.value: kind for kind in AssociationType}
Tags = tuple[tuple[str, str], ...]
Row = tuple[str, Kind, str | None, str, int, int, Tags]
T = TypeVar("T", bound=tuple[Any, ...])


@dataclass(frozen=True, slots=True)
class WholeCone:
    """What one start reaches one way at a moment.

    Attributes:
        entities: in the order of their depths, then ARNs: ARN, kind, type, name, created at, depth, tags.
        unsure: depths by ARN of those entities that changed after the moment; their history says what they were.
        edges: those walked.
    """

    entities: list[Row]
    unsure: dict[str, int]
    edges: list[Association]


async def whole_cones(
    store: Store,
    account: str,
    start: str,
    ways: Sequence[str],
    when: Moment,
    associations: Sequence[str],
    limit: int,
    seconds: float,
) -> list[WholeCone]:
    """The cones of one start, each whole; none when the start is unknown, or they are too large, or it takes too long.

    Args:
        store: Where to look; a Neo4j.
        account: Whose graph.
        start: An ARN.
        ways: `upstream` and `downstream`, one or both.
        when: At which moment.
        associations: The types of edges walked.
        limit: How many entities may be met by all cones together.
        seconds: How long it may take.
    """
    parameters = {
        "start": start,
        "account": account,
        "at": when.at,
        "known": when.known,
        "associations": associations,
        "every": len(associations) == len(TYPES),
        # Facts never lie in the future of when they are recorded.
        "begun": when.at >= when.known // 1000,
        "forever": FOREVER,
        "limit": limit + 1,
    }
    names = [f"neo4j/walk/{way}_{what}" for way in ways for what in ("entities", "edges")]
    try:
        found = await asyncio.gather(*(store.read(name, parameters, seconds=seconds) for name in names))
    except TimeLimitError:
        return []
    # The start counts in each cone.
    met = sum(len(entities[0]) for entities in found[::2]) - (len(ways) - 1)
    if met > limit or not all(start in entities[1] for entities in found[::2]):
        return []
    return [
        _walked(entities, edges, start, along=way == "downstream")
        for way, entities, edges in zip(ways, found[::2], found[1::2], strict=True)
    ]


def tuples(kind: Callable[..., T], columns: Iterable[tuple[Any, ...]]) -> list[T]:
    """Named tuples of rows that have a value for each field; three times as fast as calling `kind` a row."""
    return list(map(tuple.__new__, repeat(kind), columns))  # type: ignore[arg-type]


def pairs(tags: Iterable[str]) -> Tags:
    """Keys and values of tags as an entity's node keeps them; no key holds a tab."""
    return tuple([(tag[: (at := tag.index("\t"))], tag[at + 1 :]) for tag in tags])


def _walked(entities: list[list[Any]], edges: list[list[Any]], start: str, *, along: bool) -> WholeCone:
    numbers, arns, kinds, types, names, created, tagged, changed = entities
    near, far, associations, begins, ends = edges
    arn_of = dict(zip(numbers, arns, strict=True))
    depths = _depths(numbers[arns.index(start)], near, far, arn_of)
    if len(depths) < len(numbers):
        # Some were only reached by edges that are not the account's or do not hold at the moment.
        held = list(map(depths.__contains__, near))
        near, far, associations, begins = (list(compress(column, held)) for column in (near, far, associations, begins))
    tags = {number: pairs(some) for number, some in tagged}
    later = {number for number in changed if number in depths}
    columns = zip(arns, map(KINDS.__getitem__, kinds), types, names, created, strict=True)
    held_by = dict(zip(numbers, columns, strict=True))
    rows = [
        (arn, kind, type_ or None, name, created_at, depth, tags.get(number, ()))
        for number, depth in depths.items()
        for arn, kind, type_, name, created_at in (held_by[number],)
        if name and number not in later
    ]
    here, there = map(arn_of.__getitem__, near), map(arn_of.__getitem__, far)
    until: Iterator[int] = repeat(FOREVER)
    if ends:
        ended = {(a, b, kind): end for a, b, kind, end in ends}
        until = (ended.get(triple, FOREVER) for triple in zip(near, far, associations, strict=True))
    source, destination = (here, there) if along else (there, here)
    kind = map(TYPES.__getitem__, associations)
    walked: list[Association] = tuples(
        Association,
        zip(source, destination, kind, begins, until, repeat("")),  # repeat has no end
    )
    return WholeCone(rows, {arn_of[number]: depths[number] for number in depths if number in later}, walked)


def _depths(start: int, near: list[int], far: list[int], arn_of: dict[int, str]) -> dict[int, int]:
    """How many edges away each entity lies that the start reaches, nearest first, of one depth by ARN."""
    after: defaultdict[int, list[int]] = defaultdict(list)
    for one, other in zip(near, far, strict=True):
        after[one].append(other)
    depths = {start: 0}
    front = [start]
    level = 0
    while front:
        level += 1
        found = {other for one in front if one in after for other in after[one] if other not in depths}
        front = sorted(found, key=arn_of.__getitem__)
        depths.update(dict.fromkeys(front, level))
    return depths
