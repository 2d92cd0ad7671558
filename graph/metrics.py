"""Metrics of trial components: what a summary says of a series of points, and reading both (docs/adr/0004-metrics.md).

Sums are kept exactly, as fractions whose denominator is a power of two, so that a summary does not depend on the order in
which points came, and the same points always give the same numbers.
"""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from graph.entities import Entity
from graph.errors import InvalidError
from graph.store.store import Store
from graph.times import FOREVER, Moment

PAGE = 10_000
"""Points that one look-up asks for."""
BATCH = 1_000
"""Components that one look-up asks for."""


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a metric.

    Attributes:
        at: when it was measured, epoch milliseconds.
        step: the iteration, if one; 0 to 2³¹−1.
    """

    name: str
    value: float
    at: int
    step: int | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What a series of points came to.

    Attributes:
        total, squares: the exact sums of the values and of their squares.
        last: the value of the point that is last by time, then by step, then by arrival.
        last_at: its time, epoch milliseconds; `last_step`: its step, −1 without; `last_number`: its place by arrival.
        known: the recorded time of the ledger's head when the newest point came, epoch microseconds.
        valid_from: since when all points are valid, epoch milliseconds.
    """

    name: str
    count: int = 0
    minimum: float = math.inf
    maximum: float = -math.inf
    total: Fraction = Fraction(0)
    squares: Fraction = Fraction(0)
    last: float = math.nan
    last_at: int = -1
    last_step: int = -1
    last_number: int = -1
    known: int = 0
    valid_from: int = 0

    @property
    def average(self) -> float:
        """The mean."""
        return float(self.total / self.count)

    @property
    def deviation(self) -> float:
        """The standard deviation of the points, as of a whole population: 0 for one point."""
        mean = self.total / self.count
        variance = self.squares / self.count - mean * mean
        if not variance:
            return 0.0
        # Scaled by a power of four near it, so that neither huge nor tiny values leave the range of doubles.
        scale = (variance.numerator.bit_length() - variance.denominator.bit_length()) // 2
        return math.ldexp(math.sqrt(float(variance / Fraction(4) ** scale)), scale)

    def add(self, points: Iterable[tuple[Point, int, int]]) -> "Summary":
        """The summary with more points, each with its number by arrival and since when it is valid."""
        count, total, squares = self.count, self.total, self.squares
        minimum, maximum, valid_from = self.minimum, self.maximum, self.valid_from
        last = (self.last_at, self.last_step, self.last_number, self.last)
        for point, number, since in points:
            exact = Fraction(point.value)
            count += 1
            total += exact
            squares += exact * exact
            minimum, maximum = min(minimum, point.value), max(maximum, point.value)
            valid_from = max(valid_from, since)
            last = max(last, (point.at, -1 if point.step is None else point.step, number, point.value))
        return Summary(
            *(self.name, count, minimum, maximum, total, squares, last[3], *last[:3]), self.known, valid_from
        )


def owner_of(arn: str, created_at: int) -> str:
    """Whose metrics they are: one that was deleted and created again begins anew."""
    return f"{arn}\t{created_at:016d}"


def series_of(owner: str, name: str) -> str:
    """The key of a component's metric."""
    return hashlib.sha256(f"{owner}\t{name}".encode()).hexdigest()[:32]


async def summaries(
    store: Store, account: str, components: Sequence[Entity], when: Moment | None = None
) -> dict[str, list[Summary]]:
    """The summaries of components' metrics by the components' ARNs, each list by name.

    A metric that the entity itself says (a number in its `metrics`) and that has no points is a series of one point.

    Args:
        store: Where to look.
        account: Whose.
        components: Trial components, as they were at the moment.
        when: At which moment; None for now.
    """
    owners = {owner_of(entity.arn, entity.created_at): entity for entity in components}
    names = list(owners)
    found: dict[str, dict[str, Summary]] = {entity.arn: _said(entity) for entity in components}
    for start in range(0, len(names), BATCH):
        parameters = {"owners": names[start : start + BATCH], "account": account}
        for owner, key, *row in await store.read("metric/summaries", parameters):
            summary = from_row(row)
            # As entities do: what held at the moment already is the answer, else the points are asked.
            if when is not None and not (summary.known <= when.known and summary.valid_from <= when.at):
                summary = await _folded(store, account, key, row[0], when)
            if summary.count:
                found[owners[owner].arn][summary.name] = summary
    return {arn: [held[name] for name in sorted(held)] for arn, held in found.items()}


async def series(
    store: Store,
    account: str,
    component: Entity,
    name: str,
    when: Moment | None = None,
    *,
    first: int = PAGE,
    after: str | None = None,
) -> list[tuple[str, Point]]:
    """One page of a component's metric, by time, then by step, each point with its key.

    Points of one time and step come in the order in which they were put, as far as they are on one page.

    Raises:
        InvalidError: `after` is not the key of a point of this series, or `first` is out of its range.
    """
    if not 1 <= first <= PAGE:
        raise InvalidError(f"first is {first}; it may be 1 to {PAGE}", path="first", constraint=f"1 <= first <= {PAGE}")
    key = series_of(owner_of(component.arn, component.created_at), name)
    if after is not None and not after.startswith(f"{key}/"):
        raise InvalidError("the cursor belongs to another series", path="after", constraint="a cursor of this series")
    rows = await _points(store, account, key, when, first, after)
    if not rows and after is None and (said := _said(component).get(name)) is not None:
        return [(f"{key}/", Point(name, said.last, said.last_at))]
    rows.sort(key=lambda row: (row[2], -1 if row[3] is None else row[3], row[4]))
    return [(place, Point(name, value, at, step)) for place, value, at, step, _ in rows]


def row_of(summary: Summary, key: str) -> dict[str, Any]:
    """A summary's properties as the database keeps them."""
    return {
        "key": key,
        "count": summary.count,
        "minimum": summary.minimum,
        "maximum": summary.maximum,
        "total": _text(summary.total),
        "squares": _text(summary.squares),
        "last": summary.last,
        "last_at": summary.last_at,
        "last_step": summary.last_step,
        "last_number": summary.last_number,
        "known": summary.known,
        "valid_from": summary.valid_from,
    }


def from_row(row: list[Any]) -> Summary:
    """The summary that `metric/lock` and `metric/summaries` returned, from its name on."""
    name, count, minimum, maximum, total, squares, *rest = row
    if not count:
        return Summary(name)
    return Summary(name, count, minimum, maximum, _fraction(total), _fraction(squares), *rest)


async def _folded(store: Store, account: str, key: str, name: str, when: Moment) -> Summary:
    summary, after = Summary(name), None
    while rows := await _points(store, account, key, when, PAGE, after):
        summary = summary.add((Point(name, value, at, step), number, 0) for _, value, at, step, number in rows)
        after = rows[-1][0]
    return summary


async def _points(
    store: Store, account: str, key: str, when: Moment | None, limit: int, after: str | None
) -> list[list[Any]]:
    parameters = {
        "from": after if after is not None else f"{key}/",
        "to": f"{key}0",
        "account": account,
        "known": FOREVER if when is None else when.known,
        "at": FOREVER if when is None else when.at,
        "limit": limit,
    }
    found: list[list[Any]] = await store.read("metric/points", parameters)
    return found


def _said(entity: Entity) -> dict[str, Summary]:
    said = {}
    for name, value in (entity.metrics or {}).items():
        if "number" in value and math.isfinite(number := float(value["number"])):
            at = entity.ended_at if entity.ended_at is not None else entity.modified_at
            said[name] = Summary(name).add([(Point(name, number, at), 0, 0)])
    return said


def _text(value: Fraction) -> str:
    return f"{value.numerator:x}/{value.denominator.bit_length() - 1}"


def _fraction(text: str) -> Fraction:
    numerator, _, bits = text.partition("/")
    return Fraction(int(numerator, 16), 1 << int(bits))
