"""Putting metrics: whatever waits becomes one transaction, beside the ledger (docs/adr/0004-metrics.md)."""

import asyncio
import hashlib
import logging
import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from neo4j.exceptions import DriverError, Neo4jError

from graph import limits
from graph.errors import InvalidError, NotFoundError, StemmaError, UnavailableError
from graph.metrics import Point, Summary, from_row, owner_of, row_of, series_of
from graph.store.store import LostRowsError, Store, Transaction
from graph.times import now_ms

BATCH_POINTS = 2_000
QUEUE_PUTS = 10_000
METRICS = 1_000
"""The most metrics that a component may have."""
POINTS = 10_000_000
"""The most points that a metric may have."""
AHEAD = 2 * 3_600_000
"""How far a clock may be ahead, in milliseconds."""

log = logging.getLogger("stemma.metrics")


class Refused(StrEnum):
    """Why a point was not taken."""

    LIMIT = "LIMIT"
    """the component has too many metrics, or the metric too many points"""
    INVALID = "INVALID"
    """its name is no text, its value not finite, or its time before 1970 or ahead of now by more than two hours"""


@dataclass(slots=True)
class _Put:
    account: str
    arn: str
    points: Sequence[Point]
    request: str
    future: "asyncio.Future[list[Refused | None]]"
    refused: list[Refused | None] = field(default_factory=list)


class MetricWriter:
    """The queue of one process.

    Args:
        store: Where to write.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[_Put] = []
        self._task: asyncio.Task[None] | None = None

    async def put(
        self, account: str, arn: str, points: Sequence[Point], *, request_id: str | None = None
    ) -> list[Refused | None]:
        """Keep points of a trial component; when this returns they are in its series and its summaries.

        A point with a step is kept once: the same name, step, time and value again is that point. One without a step is
        kept once a request: a request that is repeated under its id adds nothing.

        Args:
            account: Whose component.
            arn: The component.
            points: What to keep, at most 10,000.
            request_id: The caller's own id of the request.

        Returns:
            For each point None, or why it was not taken.

        Raises:
            NotFoundError: there is no such component.
            InvalidError: too many points, or none.
            UnavailableError: the database can't be reached, or too many puts wait.
        """
        if not 0 < len(points) <= limits.BATCH_ROWS:
            raise InvalidError(
                f"the request has {len(points)} points; it may have 1 to {limits.BATCH_ROWS}",
                path="points",
                constraint=f"1 <= size <= {limits.BATCH_ROWS}",
            )
        if len(self._waiting) >= QUEUE_PUTS:
            raise UnavailableError(f"{QUEUE_PUTS} puts of metrics are waiting already; try again later")
        request = hashlib.sha256((request_id or uuid.uuid4().hex).encode()).hexdigest()[:24]
        future: asyncio.Future[list[Refused | None]] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Put(account, arn, points, request, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work(), name="stemma-metrics")
        return await future

    async def close(self) -> None:
        """Finish what waits."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _work(self) -> None:
        while self._waiting:
            batch: list[_Put] = []
            size = 0
            while self._waiting and (not batch or size + len(self._waiting[0].points) <= BATCH_POINTS):
                batch.append(self._waiting.pop(0))
                size += len(batch[-1].points)
            await self._write([put for put in batch if not put.future.done()])

    async def _write(self, batch: list[_Put]) -> None:
        if not batch:
            return
        try:
            await self._store.transact(lambda transaction: _do(transaction, batch))
        except Exception as error:  # whatever it was, the callers must hear of it and the queue must go on
            if isinstance(error, Neo4jError | DriverError | LostRowsError) and len(batch) > 1:
                for put in batch:
                    await self._write([put])
                return
            if not isinstance(error, StemmaError):
                log.exception("putting metrics of %d requests failed", len(batch))
            for put in batch:
                if not put.future.done():
                    put.future.set_exception(error)
            return
        for put in batch:
            if put.future.done():
                continue
            if put.refused:
                put.future.set_result(put.refused)
            else:
                put.future.set_exception(NotFoundError(f"{put.arn} does not exist in account {put.account}"))


@dataclass(slots=True)
class _Series:
    """What a batch adds to one series."""

    owner: str
    account: str
    name: str
    points: dict[str, Point] = field(default_factory=dict)


async def _do(transaction: Transaction, batch: list[_Put]) -> None:
    for put in batch:
        put.refused = []
    wanted = {(put.arn, put.account) for put in batch}
    owners = dict(await transaction.run("metric/owners", {"wanted": sorted(map(list, wanted))}))
    added = await _sorted(transaction, [put for put in batch if put.arn in owners], owners)
    if not added:
        return
    # Sorted, so that two writers take their locks in one order.
    rows = [
        {"key": key, "owner": one.owner, "account": one.account, "name": one.name} for key, one in sorted(added.items())
    ]
    held = {key: from_row(row) for key, *row in await transaction.run("metric/lock", {"rows": rows})}
    keys = [key for one in added.values() for key in one.points]
    seen = set(await transaction.run("metric/seen", {"keys": keys}))
    accounts = sorted({one.account for one in added.values()})
    heads = dict(await transaction.run("metric/heads", {"accounts": accounts}))
    points: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    now = now_ms()
    for key, one in sorted(added.items()):
        fresh = [(place, point) for place, point in one.points.items() if place not in seen]
        if not fresh:
            continue
        known = heads.get(one.account, 0)
        before = held[key]
        numbered = [(point, before.count + i, min(point.at, now)) for i, (_, point) in enumerate(fresh)]
        after = replace(before.add(numbered), known=max(before.known, known))
        changed.append(row_of(after, key))
        for (place, point), (_, number, since) in zip(fresh, numbered, strict=True):
            points.append(_row(place, one.account, point, number, known, since))
    await transaction.count("metric/add", points)
    await transaction.count("metric/save", changed)


async def _sorted(transaction: Transaction, batch: list[_Put], owners: dict[str, int]) -> dict[str, _Series]:
    """The points of a batch by their series; those that don't fit are refused."""
    names: dict[str, set[str]] = {}
    listed = sorted({owner_of(put.arn, owners[put.arn]) for put in batch})
    for owner, key in await transaction.run("metric/names", {"owners": listed}):
        names.setdefault(owner, set()).add(key)
    added: dict[str, _Series] = {}
    now = now_ms()
    for put in batch:
        owner = owner_of(put.arn, owners[put.arn])
        known = names.setdefault(owner, set())
        for number, point in enumerate(put.points):
            refused = None
            if not _fits(point, now):
                refused = Refused.INVALID
            else:
                key = series_of(owner, point.name)
                if key not in known and len(known) >= METRICS:
                    refused = Refused.LIMIT
                else:
                    known.add(key)
                    one = added.setdefault(key, _Series(owner, put.account, point.name))
                    one.points[_place(key, point, put.request, number)] = point
            put.refused.append(refused)
    return added


def _fits(point: Point, now: int) -> bool:
    try:
        limits.text(point.name, "name", minimum=1, maximum=255, lines=False)
    except InvalidError:
        return False
    return (
        math.isfinite(point.value) and 0 <= point.at <= now + AHEAD and (point.step is None or 0 <= point.step < 2**31)
    )


def _place(series: str, point: Point, request: str, number: int) -> str:
    """A point's key: sorts by time and step."""
    what = f"#{request}/{number:04d}" if point.step is None else point.value.hex()
    return f"{series}/{point.at:016d}/{0 if point.step is None else point.step + 1:010d}/{what}"


def _row(place: str, account: str, point: Point, number: int, known: int, since: int) -> dict[str, Any]:
    return {
        "key": place,
        "account": account,
        "value": point.value,
        "at": point.at,
        "step": point.step,
        "number": number,
        "known": known,
        "valid_from": since,
    }


__all__ = ["MetricWriter", "Point", "Refused", "Summary"]
