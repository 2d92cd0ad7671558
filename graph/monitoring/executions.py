"""Executions: which runs wait, which worker has one, what became of it. They lie beside the ledger, for workers and lists.

Whether a run is due only once, and which attempt's results count, is decided by the ledger: the run's trial component is made
once, and takes results from its last attempt alone. An execution says where to look for it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from graph.errors import InvalidError
from graph.listing import Page, first_within
from graph.store.store import Store, Transaction
from graph.times import FOREVER, now_ms

NARROWEST_MS, WIDER = 3_600_000, 4
"""The part of a list that is looked at first, in milliseconds, and how much wider each further one is."""
LEASE_MS = 30_000
"""How long a worker may be silent before another one takes its run over."""


class ExecutionStatus(StrEnum):
    """What became of a run, in SageMaker's words."""

    PENDING = "Pending"
    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    VIOLATIONS = "CompletedWithViolations"
    FAILED = "Failed"
    STOPPING = "Stopping"
    STOPPED = "Stopped"


@dataclass(frozen=True, slots=True)
class Execution:
    """A run that waits, runs or ran; times in epoch milliseconds.

    Attributes:
        job: the name of its processing job.
        schedule: the schedule's name as it was given; None for a job of its own, such as a baseline.
        scheduled_at: the time for which it was due.
        type: SageMaker's MonitoringType.
        ready_at: when a worker may take it; 0 when it has ended.
        attempt: how often it was taken.
    """

    account: str
    job: str
    created_at: int
    modified_at: int
    status: ExecutionStatus = ExecutionStatus.PENDING
    ready_at: int = 0
    attempt: int = 0
    worker: str | None = None
    schedule: str | None = None
    scheduled_at: int = 0
    type: str | None = None
    endpoint: str | None = None
    definition: str | None = None
    failure: str | None = None

    @property
    def key(self) -> str:
        """By what it is found."""
        return key(self.account, self.job)


@dataclass(frozen=True, slots=True)
class ExecutionFilter:
    """Which executions a list shows; times in epoch milliseconds, those `…_before` exclusive."""

    schedule: str | None = None
    endpoint: str | None = None
    definition: str | None = None
    type: str | None = None
    status: str | None = None
    created_after: int = 0
    created_before: int = FOREVER
    scheduled_after: int = 0
    scheduled_before: int = FOREVER
    modified_after: int = 0
    modified_before: int = FOREVER


ALL = ExecutionFilter()


def key(account: str, job: str) -> str:
    """By what the execution of a job is found."""
    return f"{account}/{job.lower()}"


async def put(store: Store, executions: Sequence[Execution]) -> None:
    """Put executions into the queue; those that are there stay as they are."""
    rows = [_row(execution) for execution in executions]

    async def work(transaction: Transaction) -> None:
        await transaction.count("monitoring/put_executions", rows)

    await store.transact(work)


async def ready(store: Store, now: int, limit: int, accounts: Sequence[str] | None = None) -> list[Execution]:
    """Runs that nobody has, or whose worker has fallen silent; of all accounts, or some."""
    parameters = {"now": now, "limit": limit, "only": None if accounts is None else list(accounts)}
    return [_read(found) for found in await store.read("monitoring/ready", parameters)]


async def claim(store: Store, seen: Execution, worker: str, now: int, lease: int = LEASE_MS) -> int | None:
    """Take a run for a while, if nobody else has taken it since it was seen; the number of the attempt.

    Args:
        store: Where it lies.
        seen: The run, as it was found ready.
        worker: Who takes it.
        now: The time, epoch milliseconds.
        lease: For how long, in milliseconds; `renew` makes it longer.
    """
    parameters = {
        "key": seen.key,
        "seen": seen.ready_at,
        "until": now + lease,
        "worker": worker,
        "status": ExecutionStatus.IN_PROGRESS.value,
        "now": now,
    }

    async def work(transaction: Transaction) -> int | None:
        found: int | None = await transaction.run("monitoring/claim", parameters)
        return found

    return await store.transact(work)


async def renew(store: Store, account: str, job: str, attempt: int, until: int) -> ExecutionStatus | None:
    """Keep a run until a time; its status, or None when another attempt has it."""
    parameters = {"key": key(account, job), "attempt": attempt, "until": until}

    async def work(transaction: Transaction) -> ExecutionStatus | None:
        found = await transaction.run("monitoring/renew", parameters)
        return None if found is None else ExecutionStatus(found)

    return await store.transact(work)


async def settle(
    store: Store,
    account: str,
    job: str,
    status: ExecutionStatus,
    *,
    failure: str | None = None,
    ready_at: int = 0,
    attempt: int | None = None,
) -> None:
    """Say what became of a run; where `ready_at` is a time, it waits for that again."""
    row = {
        "key": key(account, job),
        "status": status.value,
        "failure": failure,
        "ready_at": ready_at,
        "modified_at": now_ms(),
        **({} if attempt is None else {"attempt": attempt}),
    }

    async def work(transaction: Transaction) -> None:
        await transaction.run("monitoring/settle", {"rows": [row]})

    await store.transact(work)


async def stopping(store: Store, seen: Execution) -> None:
    """Have a run stopped: its worker sees it when it keeps the run for longer; one that waits is taken to be ended."""
    row = {"key": seen.key, "status": ExecutionStatus.STOPPING.value, "modified_at": now_ms()}

    async def work(transaction: Transaction) -> None:
        await transaction.run("monitoring/settle", {"rows": [row]})

    await store.transact(work)


async def drop(store: Store, seen: Execution) -> None:
    """Take a run out of the queue that was never recorded."""

    async def work(transaction: Transaction) -> None:
        await transaction.run("monitoring/drop_execution", {"key": seen.key, "seen": seen.ready_at})

    await store.transact(work)


async def find(store: Store, account: str, jobs: Sequence[str]) -> dict[str, Execution]:
    """Executions by the names of their jobs."""
    found = await store.read("monitoring/executions", {"keys": [key(account, job) for job in jobs]})
    return {execution.job: execution for execution in map(_read, found)}


async def running(store: Store, account: str, schedule: str, now: int) -> int:
    """How many runs of a schedule are with a worker."""
    low, high = _range(account, schedule)
    found: int = await store.read("monitoring/running", {"from": low, "to": high, "now": now})
    return found


async def page(
    store: Store,
    account: str,
    *,
    filter: ExecutionFilter = ALL,  # noqa: A002  # the field's word; immutable
    by_scheduled: bool = False,
    descending: bool = True,
    first: int = 50,
    after: str | None = None,
) -> Page[Execution]:
    """One page of the executions of an account's schedules.

    Args:
        store: Where to look.
        account: Whose.
        filter: Which of them.
        by_scheduled: By the time for which they were due; by creation otherwise.
        descending: Last first.
        first: How many, 1 to 500.
        after: The key of an item: only what follows it.

    Raises:
        InvalidError: `first` is out of its range, or the cursor belongs to another list.
    """
    first_within(first)
    low, high = _range(account, filter.schedule)
    if after is not None:
        if not low < after < high:
            raise InvalidError("the cursor belongs to another list", path="after", constraint="a cursor of this list")
        low, high = (low, after) if descending else (after, high)
    order = f"{'by' if filter.schedule is None else 'of'}_{'scheduled' if by_scheduled else 'created'}"
    fields = ("endpoint", "definition", "type", "status")
    times = [f"{field}_{side}" for field in ("created", "scheduled", "modified") for side in ("after", "before")]
    parameters: dict[str, Any] = {name: getattr(filter, name) for name in (*fields, *times)}
    parameters["limit"] = first + 1
    statement = f"monitoring/list_{order}_{'descending' if descending else 'ascending'}"
    found: list[dict[str, Any]] = []
    for begin, end in _ranges(low, high, whole=not descending):
        found += await store.read(statement, {**parameters, "from": begin, "to": end})
        if len(found) > first:
            break
    return Page([(row[order], _read(row)) for row in found[:first]], len(found) > first)


def _ranges(low: str, high: str, *, whole: bool) -> Iterator[tuple[str, str]]:
    """A range of keys in parts, the last and narrowest first: the embedded database sorts all of a range to find its end."""
    # A cursor says from when on to go back.
    at = high.removeprefix(low)[:16]
    latest, width = int(at) if at.isdecimal() else now_ms(), NARROWEST_MS
    while not whole and latest > width:
        latest -= width
        begin = f"{low}{latest:016d}"
        yield begin, high
        high, width = begin, width * WIDER
    yield low, high


def _range(account: str, schedule: str | None) -> tuple[str, str]:
    # "0" is the character after "/".
    prefix = f"{account}" if schedule is None else f"{account}/{schedule.lower()}"
    return f"{prefix}/", f"{prefix}0"


def _row(execution: Execution) -> dict[str, Any]:
    row: dict[str, Any] = {
        "key": execution.key,
        "account": execution.account,
        "job": execution.job,
        "created_at": execution.created_at,
        "modified_at": execution.modified_at,
        "status": execution.status.value,
        "ready_at": execution.ready_at,
        "attempt": execution.attempt,
        "schedule": execution.schedule,
        "scheduled_at": execution.scheduled_at,
        "type": execution.type,
        "endpoint": execution.endpoint,
        "definition": execution.definition,
        "failure": execution.failure,
        "tick": 0,
    }
    if execution.schedule is not None:
        created, scheduled = f"{execution.created_at:016d}", f"{execution.scheduled_at:016d}"
        own = f"{execution.account}/{execution.schedule.lower()}"
        row |= {
            "by_created": f"{execution.account}/{created}/{execution.job}",
            "by_scheduled": f"{execution.account}/{scheduled}/{execution.job}",
            "of_created": f"{own}/{created}/{execution.job}",
            "of_scheduled": f"{own}/{scheduled}/{execution.job}",
        }
    return {name: value for name, value in row.items() if value is not None}


def _read(row: Mapping[str, Any]) -> Execution:
    fields = {name: row[name] for name in Execution.__dataclass_fields__ if row.get(name) is not None}
    return Execution(**{**fields, "status": ExecutionStatus(row["status"])})
