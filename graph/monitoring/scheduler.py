"""The scheduler: looks at schedules whose time has come and records the runs that are due. Any number of replicas may.

A run is recorded under a name of its own, so whoever comes second finds it there. What was missed is made up for as far as the
last `CATCH_UP` times; how that and the clock's changes are treated: docs/adr/0005-executions.md.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from graph import history
from graph.access import Caller, Role
from graph.catalog import Catalog
from graph.commands import Place
from graph.errors import AlreadyExistsError, ConflictError, InvalidError, NotFoundError, StemmaError, TooExpensiveError
from graph.monitoring import executions, names, runs, schedules, timers
from graph.monitoring.expressions import times
from graph.monitoring.runs import Run
from graph.monitoring.schedules import STOPPED, Schedule
from graph.monitoring.timers import Timer
from graph.times import from_ms, now_ms

CATCH_UP = 24
"""Of the times that were missed, how many of the last are made up for."""
TOGETHER = 500
"""Schedules that one look takes."""
TICK_SECONDS = 1.0
FORGET_MS = 60_000
"""After how long a timer is given up that has no schedule."""
BACKFILL = 1_000
"""Runs that one request may ask for."""
REPETITIONS = 100
"""How often one run may be done again."""
DOOR = "scheduler"

log = structlog.get_logger("stemma.scheduler")


class Scheduler:
    """Records the runs that are due.

    Args:
        catalog: The graph.
        clock: Gives the time in epoch milliseconds.
        accounts: Whose schedules; everybody's if None.
    """

    def __init__(
        self, catalog: Catalog, *, clock: Callable[[], int] = now_ms, accounts: Sequence[str] | None = None
    ) -> None:
        self._catalog = catalog
        self._clock = clock
        self._accounts = accounts
        self._ticks: AsyncIOScheduler | None = None

    def start(self) -> None:
        """Look every second, in the running event loop."""
        self._ticks = AsyncIOScheduler(timezone="UTC")
        # A look that takes longer than a second lets the next ones out; none is missed, since timers say what is due.
        options = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
        self._ticks.add_job(self._tick, "interval", seconds=TICK_SECONDS, **options)
        self._ticks.start()

    def stop(self) -> None:
        """Look no more."""
        if self._ticks is not None:
            self._ticks.shutdown(wait=False)
            self._ticks = None

    async def _tick(self) -> None:
        try:
            await self.tick()
        except StemmaError as error:
            log.warning("schedules could not be looked at; trying again", error=error.message)
        except Exception:
            log.exception("schedules could not be looked at")

    async def tick(self) -> int:
        """Look at whatever is due now; how many runs were recorded."""
        recorded = 0
        while True:
            now = self._clock()
            due = await timers.due(self._catalog.store, now, TOGETHER, self._accounts)
            if not due:
                return recorded
            moved: list[tuple[Timer, int, int]] = []
            wanted: list[Run] = []
            for account in sorted({timer.account for timer in due}):
                looked = await self._look(account, [timer for timer in due if timer.account == account], now)
                for timer, next_due, after, found in looked:
                    moved.append((timer, next_due, after))
                    wanted += found
            recorded += await record(self._catalog, wanted)
            # Only now: who ends before this line leaves timers that are still due, and names that are taken.
            await timers.advance(self._catalog.store, moved)
            if len(due) < TOGETHER:
                return recorded

    async def _look(self, account: str, due: Sequence[Timer], now: int) -> list[tuple[Timer, int, int, list[Run]]]:
        """When to look at each schedule again, up to when its runs are made then, and the runs that are due."""
        place, when = self._catalog.place(account), await self._catalog.moment(account)
        arns = {names.lineage(place, names.SCHEDULE, timer.name): timer for timer in due}
        found = await history.entities(self._catalog.store, account, list(arns), when)
        looked: list[tuple[Timer, int, int, list[Run]]] = []
        for arn, timer in arns.items():
            entity = found.get(arn)
            if entity is None or entity.type != names.SCHEDULE_TYPE or entity.resource_arn is None:
                # It may be about to be recorded.
                young = timer.put_at > now - FORGET_MS
                looked.append((timer, now + 1_000 if young else 0, timer.after, []))
                continue
            schedule = schedules.read(entity)
            if schedule.status == STOPPED:
                looked.append((timer, 0, now, []))
                continue
            at, next_due, after = due_times(schedule, timer, now)
            try:
                task = await runs.task_of(self._catalog.store, place, schedule, when) if at else None
                wanted = [] if task is None else [runs.run_of(schedule, task, each) for each in at]
            except StemmaError as error:
                log.warning("a schedule can't be run", schedule=arn, error=error.message)
                wanted = []
            looked.append((timer, next_due, after, wanted))
        return looked


def due_times(schedule: Schedule, timer: Timer, now: int) -> tuple[list[int], int, int]:
    """The times for which a schedule is due, when to look again (0: never), and up to when its runs are made then."""
    expression = times(schedule.expression)
    if expression.once:
        return [timer.put_at], 0, now
    missed: deque[int] = deque(maxlen=CATCH_UP)
    following = expression.after(timer.after)
    while following is not None and following <= now:
        missed.append(following)
        following = expression.after(following)
    # With the clock set back, `after` lies in the future, and what follows it is the next time.
    return list(missed), following or 0, max(timer.after, missed[-1] if missed else now)


async def record(catalog: Catalog, wanted: Sequence[Run], caller: Caller | None = None) -> int:
    """Record runs, each once, whoever else does; how many were new.

    Args:
        catalog: The graph.
        wanted: The runs.
        caller: Who wants them; the scheduler if None.
    """
    if not wanted:
        return 0
    now = now_ms()
    account_of = {run.job: run.schedule.entity.account for run in wanted}
    places = {account: catalog.place(account) for account in set(account_of.values())}
    queue = [runs.execution(places[account_of[run.job]], run, now) for run in wanted]
    await executions.put(catalog.store, queue)

    async def one(run: Run) -> bool:
        place: Place = places[account_of[run.job]]
        who = caller or Caller(place.account, DOOR, DOOR, Role.WRITER)
        try:
            await catalog.write(who, runs.commands(place, run, from_ms(now)), operation="runSchedule")
        except AlreadyExistsError:
            return False
        except NotFoundError:
            log.info("a schedule was deleted before it ran", schedule=run.schedule.entity.arn)
            return False
        return True

    return sum(await asyncio.gather(*map(one, wanted)))


async def run_now(catalog: Catalog, caller: Caller, name: str, now: int | None = None) -> Run:
    """Record a run of a schedule at once, over the window that ends now.

    Raises:
        NotFoundError: there is no such schedule.
    """
    now = now_ms() if now is None else now
    (run,) = await _wanted(catalog, caller, name, [now])
    await record(catalog, [run], caller)
    return run


async def run_again(catalog: Catalog, caller: Caller, name: str, job: str) -> Run:
    """Record a repetition of a run over the same window, as when labels came late: its results lie beside the earlier ones.

    Args:
        catalog: The graph.
        caller: Who asks.
        name: The schedule.
        job: The processing job of the run, or of an earlier repetition.

    Raises:
        NotFoundError: there is no such schedule, or it ran no such job.
        ConflictError: the run has not ended yet, or was repeated `REPETITIONS` times.
    """
    place, when = catalog.place(caller.account), await catalog.moment(caller.account)
    schedule = await schedules.find(catalog.store, place, name, when)
    held = (await executions.find(catalog.store, caller.account, [job])).get(job.lower())
    if held is None or (held.schedule or "").lower() != schedule.name.lower():
        raise NotFoundError(f"the schedule {schedule.name} ran no job {job}")
    task = await runs.task_of(catalog.store, place, schedule, when)
    first = runs.run_of(schedule, task, held.scheduled_at)
    every = [replace(first, again=number) for number in range(REPETITIONS + 1)]
    known = await executions.find(catalog.store, caller.account, [run.job for run in every])
    before = [run for run in every if run.job in known]
    if not before:
        raise NotFoundError(f"the run {job} belongs to an earlier schedule of the name {schedule.name}")
    if known[before[-1].job].ready_at:
        raise ConflictError(f"the run {before[-1].job} has not ended yet")
    if len(before) == len(every):
        raise ConflictError(f"the run {job} was repeated {REPETITIONS} times already")
    run = every[len(before)]
    await record(catalog, [run], caller)
    return run


async def backfill(catalog: Catalog, caller: Caller, name: str, start: int, end: int) -> tuple[list[Run], int]:
    """Record the runs of a schedule that were due in a past range `[start, end)`; those, and how many were new.

    Raises:
        NotFoundError: there is no such schedule.
        InvalidError: the range lies in the future or is none, or the schedule runs once.
        TooExpensiveError: there are too many.
    """
    now = now_ms()
    if not 0 <= start < end <= now:
        raise InvalidError(
            f"the range {from_ms(max(start, 0)).isoformat()} to {from_ms(max(end, 0)).isoformat()} is none in the past",
            path="start",
            constraint="start < end <= now",
        )
    when = await catalog.moment(caller.account)
    schedule = await schedules.find(catalog.store, catalog.place(caller.account), name, when)
    expression = times(schedule.expression)
    if expression.once:
        raise InvalidError("a schedule that runs NOW has no other times; run it now", path="schedule")
    at: list[int] = []
    following = expression.after(start - 1)
    while following is not None and following < end:
        at.append(following)
        if len(at) > BACKFILL:
            raise TooExpensiveError(f"the range holds more than {BACKFILL} runs; ask for a shorter one")
        following = expression.after(following)
    wanted = await _wanted(catalog, caller, name, at)
    return wanted, await record(catalog, wanted, caller)


async def _wanted(catalog: Catalog, caller: Caller, name: str, at: Iterable[int]) -> list[Run]:
    place, when = catalog.place(caller.account), await catalog.moment(caller.account)
    schedule = await schedules.find(catalog.store, place, name, when)
    task = await runs.task_of(catalog.store, place, schedule, when)
    return [runs.run_of(schedule, task, each) for each in at]
