"""What runs of schedules measured: numbers by what they are of, so that each is a series over time.

They lie beside the ledger, as executions do: what is proven is the run's files, from which every number follows. A window that
is run again measures in the place of what was measured before.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from graph.canonical import digest
from graph.errors import InvalidError
from graph.monitoring import executions
from graph.monitoring.executions import ExecutionFilter, ExecutionStatus
from graph.monitoring.measured import Measurement, Subject
from graph.store.store import Store, Transaction
from graph.times import FOREVER

MOST = 5_000
"""Subjects of one run that are kept."""
BATCH = 1_000
ENDED_WELL = (ExecutionStatus.COMPLETED, ExecutionStatus.VIOLATIONS)


async def put(store: Store, account: str, schedule: str, at: int, job: str, measured: Sequence[Measurement]) -> None:
    """Keep what a run of a schedule measured, and nothing that another one did that was due then.

    Of more than `MOST` things, the first are kept.
    """
    rows = [_row(account, schedule, at, job, item) for item in measured[:MOST]]
    others = {**_due(account, schedule, at), "job": job}

    async def work(transaction: Transaction) -> None:
        await transaction.run("monitoring/drop_measurements", others)
        for begin in range(0, len(rows), BATCH):
            await transaction.count("monitoring/put_measurements", rows[begin : begin + BATCH])

    await store.transact(work)


async def series(
    store: Store,
    account: str,
    schedule: str,
    subject: Subject,
    name: str,
    *,
    start: int = 0,
    end: int = FOREVER,
    first: int = 500,
    last: bool = False,
) -> list[Measurement]:
    """What the runs of a schedule measured of one thing, oldest first.

    Args:
        store: Where to look.
        account: Whose.
        schedule: Its name.
        subject: Of which kind of thing.
        name: Of which one.
        start: From when on runs were due, epoch milliseconds.
        end: Until when; it is not part of it.
        first: How many, 1 to 5,000.
        last: Of more than that, the last ones, not the first.

    Raises:
        InvalidError: `first` is out of its range.
    """
    if not 1 <= first <= MOST:
        raise InvalidError(f"first is {first}; 1 to {MOST} is needed", path="first", constraint=f"1 to {MOST}")
    own = _of(account, schedule, subject, name)
    parameters = {"from": f"{own}/{start:016d}", "to": f"{own}/{min(end, FOREVER):016d}", "limit": first}
    rows = await store.read("monitoring/last_of_series" if last else "monitoring/series", parameters)
    return [_read(row) for row in (reversed(rows) if last else rows)]


async def measured(store: Store, account: str, schedule: str, at: int) -> list[Measurement]:
    """What the run of a schedule measured that was due at a time."""
    parameters = {**_due(account, schedule, at), "limit": MOST}
    return [_read(row) for row in await store.read("monitoring/measured", parameters)]


async def newest(store: Store, account: str, schedule: str) -> list[Measurement]:
    """What the last run of a schedule measured that came to an end with results."""
    found = []
    for status in ENDED_WELL:
        page = await executions.page(
            store, account, filter=ExecutionFilter(schedule=schedule, status=status.value), by_scheduled=True, first=1
        )
        found += [execution.scheduled_at for _, execution in page.items]
    return await measured(store, account, schedule, max(found)) if found else []


def _due(account: str, schedule: str, at: int) -> dict[str, str]:
    own = f"{account}/{schedule.lower()}/{at:016d}"
    # "0" is the character after "/".
    return {"from": f"{own}/", "to": f"{own}0"}


def _of(account: str, schedule: str, subject: Subject, name: str) -> str:
    # Names are of any length and hold what separates keys.
    return f"{account}/{schedule.lower()}/{subject.value}/{digest(name.encode())[:16]}"


def _row(account: str, schedule: str, at: int, job: str, item: Measurement) -> dict[str, Any]:
    subject = f"{item.subject.value}/{digest(item.name.encode())[:16]}"
    return {
        "key": f"{account}/{schedule.lower()}/{at:016d}/{subject}",
        "of_subject": f"{account}/{schedule.lower()}/{subject}/{at:016d}",
        "subject": item.subject.value,
        "name": item.name,
        "at": at,
        "job": job,
        "numbers": orjson.dumps(
            {"values": dict(item.values), "limits": dict(item.limits), "dimensions": dict(item.dimensions)}
        ).decode(),
    }


def _read(row: Mapping[str, Any]) -> Measurement:
    held = orjson.loads(row["numbers"])
    return Measurement(
        Subject(row["subject"]), row["name"], held["values"], held["limits"], held["dimensions"], row["at"], row["job"]
    )
