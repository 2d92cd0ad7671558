"""Series of what runs of schedules measured, on both databases."""

from collections.abc import Sequence

from graph.catalog import Catalog
from graph.monitoring import measurements
from graph.monitoring.measured import Measurement, Subject

HOUR = 3_600_000


def measured(*names: str, value: float = 0.5) -> Sequence[Measurement]:
    return [Measurement(Subject.FEATURE, name, {"completeness": value}) for name in names]


async def test_a_window_that_runs_again_leaves_nothing_of_before(catalog: Catalog, account: str) -> None:
    async def put(at: int, job: str, found: Sequence[Measurement]) -> None:
        await measurements.put(catalog.store, account, "hourly", at, job, found)

    async def kept(at: int) -> dict[str, tuple[str, float]]:
        found = await measurements.measured(catalog.store, account, "hourly", at)
        return {item.name: (item.job, item.values["completeness"]) for item in found}

    await put(HOUR, "first", measured("age", "income"))
    await put(2 * HOUR, "next", measured("age", "income"))
    await measurements.put(catalog.store, account, "hourly-2", HOUR, "other", measured("age"))
    await put(HOUR, "again", measured("age", value=0.75))
    assert await kept(HOUR) == {"age": ("again", 0.75)}
    assert await kept(2 * HOUR) == {"age": ("next", 0.5), "income": ("next", 0.5)}
    await put(HOUR, "empty", [])
    assert await kept(HOUR) == {}
    assert await measurements.measured(catalog.store, account, "hourly-2", HOUR)


async def test_the_last_points_of_a_series(catalog: Catalog, account: str) -> None:
    for number in range(5):
        await measurements.put(catalog.store, account, "hourly", number * HOUR, f"job-{number}", measured("age"))

    async def jobs(*, last: bool) -> list[str]:
        found = await measurements.series(
            *(catalog.store, account, "hourly", Subject.FEATURE, "age"), first=2, last=last
        )
        return [item.job for item in found]

    assert await jobs(last=False) == ["job-0", "job-1"]
    assert await jobs(last=True) == ["job-3", "job-4"]


async def test_more_things_than_go_at_once(catalog: Catalog, account: str) -> None:
    count = measurements.BATCH + 1
    for job, value in (("first", 0.5), ("again", 0.75)):
        found = measured(*(f"f{number}" for number in range(count)), value=value)
        await measurements.put(catalog.store, account, "wide", HOUR, job, found)
    kept = await measurements.measured(catalog.store, account, "wide", HOUR)
    assert [(item.job, item.values["completeness"]) for item in kept] == [("again", 0.75)] * count
