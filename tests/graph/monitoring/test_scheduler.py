"""Schedules under an injected clock: each time runs once, whatever the replicas, the clock and the stops."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from graph import jobs, listing, verification
from graph.access import Caller
from graph.associations import AssociationType
from graph.catalog import Catalog
from graph.errors import InvalidError, NotFoundError, TooExpensiveError
from graph.jobs import JobKind
from graph.monitoring import executions, names, records, scheduler, schedules, timers
from graph.monitoring.executions import Execution, ExecutionFilter
from graph.monitoring.scheduler import CATCH_UP, Scheduler
from graph.times import now_ms
from tests.api.sagemaker.test_monitoring import inline

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


@dataclass
class Clock:
    now: int

    def __call__(self) -> int:
        return self.now


@dataclass
class Schedules:
    """An account's schedules, and a clock that tells when."""

    catalog: Catalog
    caller: Caller
    clock: Clock

    @property
    def place(self) -> Any:
        return self.catalog.place(self.caller.account)

    def scheduler(self) -> Scheduler:
        return Scheduler(self.catalog, clock=self.clock, accounts=[self.caller.account])

    async def write(self, *commands: Any) -> None:
        await self.catalog.write(self.caller, commands, operation="test")

    async def put(self, name: str) -> None:
        await timers.put(self.catalog.store, self.caller.account, name, self.clock.now)

    async def make(self, name: str, expression: str, **more: Any) -> None:
        config = {**inline(), "ScheduleConfig": {"ScheduleExpression": expression, **more}}
        await self.put(name)
        await self.write(schedules.create(self.place, name, config, endpoint="churn"))

    async def ran(self, name: str) -> list[int]:
        """The times for which a schedule ran, in order."""
        found: list[Execution] = []
        after = None
        while True:
            page = await executions.page(
                *(self.catalog.store, self.caller.account),
                filter=ExecutionFilter(schedule=name),
                by_scheduled=True,
                descending=False,
                first=500,
                after=after,
            )
            found += [execution for _, execution in page.items]
            if not page.more:
                return [execution.scheduled_at for execution in found]
            after = page.items[-1][0]


@pytest_asyncio.fixture
async def kept(catalog: Catalog, caller: Caller) -> AsyncIterator[Schedules]:
    yield Schedules(catalog, caller, Clock(now_ms() // DAY * DAY))


async def test_two_replicas_run_each_time_once(kept: Schedules) -> None:
    await kept.make("often", "cron(*/5 * ? * * *)")
    await kept.make("hourly", "cron(0 * ? * * *)")
    await kept.make("berlin", "cron(30 2 ? * * *) Europe/Berlin")
    replicas = [kept.scheduler(), kept.scheduler()]
    start = kept.clock.now
    ticks, recorded = 1_000, 0
    for _ in range(ticks):
        kept.clock.now += 30_000
        recorded += sum(await asyncio.gather(*(replica.tick() for replica in replicas)))
    often = [start + number * 5 * MINUTE for number in range(1, ticks // 10 + 1)]
    assert await kept.ran("often") == often
    assert await kept.ran("hourly") == [at for at in often if at % HOUR == 0]
    assert len(await kept.ran("berlin")) == 1
    assert recorded == len(often) + ticks // 120 + 1
    verdict = await verification.verify(kept.catalog.store, kept.catalog.checkpoints, kept.caller.account)
    assert verdict.problem is None


async def test_what_was_missed_is_made_up_for_and_a_clock_set_back_repeats_nothing(kept: Schedules) -> None:
    await kept.make("s", "rate(10 minutes)")
    replica = kept.scheduler()
    await replica.tick()
    kept.clock.now += 3 * 10 * MINUTE
    assert await replica.tick() == 3
    kept.clock.now -= 25 * MINUTE
    assert await replica.tick() == 0
    kept.clock.now += 25 * MINUTE
    assert await replica.tick() == 0
    # A longer absence: of all that was missed, the last.
    kept.clock.now += 100 * 10 * MINUTE
    assert await replica.tick() == CATCH_UP
    found = await kept.ran("s")
    assert found[-1] == kept.clock.now
    assert len(found) == 3 + CATCH_UP


async def test_what_a_stopped_schedule_missed_is_left_out(kept: Schedules) -> None:
    await kept.make("s", "rate(10 minutes)")
    replica = kept.scheduler()
    await replica.tick()
    await kept.put("s")
    await kept.write(schedules.stop(kept.place, "s"))
    kept.clock.now += 50 * MINUTE
    assert await replica.tick() == 0
    await kept.put("s")
    await kept.write(schedules.start(kept.place, "s"))
    assert await replica.tick() == 0
    kept.clock.now += 10 * MINUTE
    assert await replica.tick() == 1


async def test_a_deleted_schedule_is_forgotten_and_its_name_begins_anew(kept: Schedules) -> None:
    await kept.make("s", "rate(10 minutes)")
    replica = kept.scheduler()
    kept.clock.now += 10 * MINUTE
    assert await replica.tick() == 1
    before = await kept.ran("s")
    await kept.write(records.Delete(kept.place, names.SCHEDULE, "s"))
    kept.clock.now += 10 * MINUTE
    assert await replica.tick() == 0
    assert (await timers.find(kept.catalog.store, kept.caller.account, ["s"]))["s"].due == 0
    await kept.make("s", "rate(10 minutes)")
    kept.clock.now += 10 * MINUTE
    assert await replica.tick() == 1
    assert await kept.ran("s") == [*before, kept.clock.now]


async def test_now_runs_once_over_the_range_that_comes_with_it(kept: Schedules) -> None:
    await kept.make("once", "NOW", DataAnalysisStartTime="-PT2H", DataAnalysisEndTime="-PT1H")
    replica = kept.scheduler()
    assert await replica.tick() == 1
    kept.clock.now += DAY
    assert await replica.tick() == 0
    (at,) = await kept.ran("once")
    (run,) = (await executions.page(kept.catalog.store, kept.caller.account)).items
    arn = jobs.component_arn(kept.place, JobKind.PROCESSING, run[1].job)
    told = records.specification(await kept.catalog.entity(kept.caller.account, arn))["Run"]
    assert (told["Start"], told["End"]) == (at - 2 * HOUR, at - HOUR)


async def test_a_past_range_is_run_once_and_a_run_at_once_is_one_more(kept: Schedules) -> None:
    await kept.make("s", "cron(0 * ? * * *)")
    end = now_ms() // HOUR * HOUR
    made, new = await scheduler.backfill(kept.catalog, kept.caller, "s", end - 5 * HOUR, end)
    assert ([run.scheduled for run in made], new) == ([end - n * HOUR for n in (5, 4, 3, 2, 1)], 5)
    assert (made[0].start, made[0].end) == (end - 6 * HOUR, end - 5 * HOUR)
    _, again = await scheduler.backfill(kept.catalog, kept.caller, "s", end - 6 * HOUR, end)
    assert again == 1
    run = await scheduler.run_now(kept.catalog, kept.caller, "s", end + 17 * MINUTE)
    assert (run.start, run.end) == (end, end + 17 * MINUTE)
    assert await kept.ran("s") == [*(end - n * HOUR for n in (6, 5, 4, 3, 2, 1)), end + 17 * MINUTE]
    with pytest.raises(InvalidError, match="none in the past"):
        await scheduler.backfill(kept.catalog, kept.caller, "s", end, end - HOUR)
    with pytest.raises(TooExpensiveError, match="shorter"):
        await scheduler.backfill(kept.catalog, kept.caller, "s", end - 2_000 * HOUR, end)
    with pytest.raises(NotFoundError):
        await scheduler.run_now(kept.catalog, kept.caller, "none")


async def test_a_run_is_linked_with_its_schedule(kept: Schedules) -> None:
    await kept.make("s", "rate(10 minutes)")
    kept.clock.now += 10 * MINUTE
    await kept.scheduler().tick()
    (run,) = (await executions.page(kept.catalog.store, kept.caller.account)).items
    component = jobs.component_arn(kept.place, JobKind.PROCESSING, run[1].job)
    when = await kept.catalog.moment(kept.caller.account)
    page = await listing.associations(kept.catalog.store, kept.caller.account, component, when, outgoing=True)
    schedule = names.lineage(kept.place, names.SCHEDULE, "s")
    assert [(edge.association, edge.destination) for _, edge in page.items] == [
        (AssociationType.ASSOCIATED_WITH, schedule)
    ]
