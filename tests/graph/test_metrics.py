"""Summaries against the standard library's statistics, in any order, at any moment, from several processes."""

import asyncio
import itertools
import math
import statistics
import sys
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph import metrics
from graph.access import Caller, Role
from graph.catalog import Catalog
from graph.commands import create_named, delete
from graph.entities import Kind
from graph.errors import ForbiddenError, InvalidError, NotFoundError
from graph.metric_writer import Refused
from graph.metrics import Point, Summary
from graph.times import now_ms
from tests.conftest import Databases

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
POINTS = st.lists(
    st.tuples(NUMBERS, st.integers(0, 3), st.none() | st.integers(0, 3)).map(lambda row: Point("m", *row)), min_size=1
)


def numbered(points: list[Point]) -> list[tuple[Point, int, int]]:
    return [(point, number, 0) for number, point in enumerate(points)]


@given(POINTS, st.randoms())
def test_a_summary_is_exact_and_does_not_depend_on_the_order(points: list[Point], random: Random) -> None:
    rows = numbered(points)
    found = Summary("m").add(rows)
    values = [point.value for point in points]
    exact = [Fraction(value) for value in values]
    mean = sum(exact, Fraction(0)) / len(exact)
    assert (found.minimum, found.maximum, found.count) == (min(values), max(values), len(values))
    assert found.average == float(mean)
    variance = sum(((value - mean) ** 2 for value in exact), Fraction(0)) / len(exact)
    squared = Fraction(found.deviation) ** 2
    # A relative error of some units in the last place, down to where doubles end.
    assert abs(squared - variance) <= variance / 2**50 + Fraction(sys.float_info.min) * Fraction(sys.float_info.epsilon)
    last = max(rows, key=lambda row: (row[0].at, -1 if row[0].step is None else row[0].step, row[1]))
    assert found.last == last[0].value
    random.shuffle(rows)
    half = len(rows) // 2
    assert Summary("m").add(rows[:half]).add(rows[half:]) == found
    assert metrics.from_row(["m", *itertools.islice(metrics.row_of(found, "k").values(), 1, None)]) == found


def test_small_cases_agree_with_the_standard_library() -> None:
    for values in ([1.0], [0.1, 0.2, 0.3], [1e308, 1e308, 1.5e308], [5e-324, 1e-323], [2.0] * 9):
        found = Summary("m").add(numbered([Point("m", value, 0) for value in values]))
        assert found.average == float(statistics.mean(map(Fraction, values)))
        assert math.isclose(found.deviation, statistics.pstdev(map(Fraction, values)), rel_tol=1e-12)


async def component(catalog: Catalog, caller: Caller, name: str = "run") -> str:
    put = create_named(catalog.place(caller.account), Kind.TRIAL_COMPONENT, name)
    await catalog.write(caller, [put], operation="test")
    return put.arn


async def test_a_past_moment_shows_what_was_known_and_true_then(catalog: Catalog, caller: Caller) -> None:
    arn = await component(catalog, caller)
    now = now_ms()
    store = catalog.store
    values: list[float] = []
    for number in range(4):
        values.append(number / 3)
        await catalog.put_metrics(caller, arn, [Point("loss", values[-1], now - 10_000 + 1000 * number, number)])
        await component(catalog, caller, f"other-{number}")  # the ledger goes on
    for number in range(4):
        # Point n came while entry n + 1 was the last.
        when = await catalog.moment(caller.account, sequence=number + 1)
        entity = await catalog.entity(caller.account, arn, when)
        (found,) = (await metrics.summaries(store, caller.account, [entity], when))[arn]
        known = [Fraction(value) for value in values[: number + 1]]
        assert (found.count, found.average) == (number + 1, float(statistics.mean(known)))
        assert len(await metrics.series(store, caller.account, entity, "loss", when)) == number + 1
    past = await catalog.moment(caller.account, as_of=now - 8_000)
    entity = await catalog.entity(caller.account, arn)
    (found,) = (await metrics.summaries(store, caller.account, [entity], past))[arn]
    assert found.count == 3
    before = await catalog.moment(caller.account, as_of=now - 20_000)
    assert await metrics.summaries(store, caller.account, [entity], before) == {arn: []}


async def test_series_page_in_the_order_of_time_and_step(catalog: Catalog, caller: Caller) -> None:
    arn = await component(catalog, caller)
    points = [Point("m", float(number), 1000 * (number // 3), number % 3 or None) for number in range(25)]
    await catalog.put_metrics(caller, arn, points[::-1])
    entity = await catalog.entity(caller.account, arn)
    read: list[Point] = []
    after = None
    while page := await metrics.series(catalog.store, caller.account, entity, "m", first=4, after=after):
        read += [point for _, point in page]
        after = page[-1][0]
    assert read == points
    with pytest.raises(InvalidError, match="another series"):
        await metrics.series(catalog.store, caller.account, entity, "m", after="x")
    with pytest.raises(InvalidError, match="first is 0"):
        await metrics.series(catalog.store, caller.account, entity, "m", first=0)


async def test_what_is_refused(catalog: Catalog, caller: Caller) -> None:
    arn = await component(catalog, caller)
    good = Point("m", 1.0, now_ms())
    bad = [Point("", 1, 0), Point("a\nb", 1, 0), Point("m", math.nan, 0), Point("m", math.inf, 0), Point("m", 1, -1)]
    bad += [Point("m", 1, now_ms() + 10_000_000), Point("m", 1, 0, -1), Point("m", 1, 0, 2**31)]
    assert await catalog.put_metrics(caller, arn, [*bad, good]) == [*[Refused.INVALID] * len(bad), None]
    with pytest.raises(NotFoundError):
        await catalog.put_metrics(caller, f"{arn}x", [good])
    with pytest.raises(NotFoundError):
        await catalog.put_metrics(Caller("0" * 12, "eve", "test", Role.ADMIN), arn, [good])
    with pytest.raises(ForbiddenError):
        await catalog.put_metrics(Caller(caller.account, "eve", "test", Role.READER), arn, [good])
    with pytest.raises(InvalidError, match="0 points"):
        await catalog.put_metrics(caller, arn, [])
    await catalog.write(caller, [delete(arn)], operation="test")
    with pytest.raises(NotFoundError):
        await catalog.put_metrics(caller, arn, [good])


@pytest.mark.parametrize("database", ["embedded", "neo4j"])
async def test_several_processes_lose_and_double_nothing(database: str, databases: Databases, caller: Caller) -> None:
    """Two catalogs have two queues, as two processes do: only the database is between them."""
    catalogs = [
        await Catalog.open(await databases.another(database), databases.folder / f"metrics-{number}")
        for number in range(2)
    ]
    try:
        arn = await component(catalogs[0], caller)

        async def work(catalog: Catalog, writer: int) -> list[Refused | None]:
            refused: list[Refused | None] = []
            for number in range(10):
                step = 10 * writer + number
                points = [Point("shared", step / 7, 1000 + step, step), Point("count", 1.0, 1000)]
                refused += await catalog.put_metrics(caller, arn, points)
                # The same again, from the other process.
                again = await catalogs[writer % 2].put_metrics(caller, arn, points[:1])
                refused += again
            return refused

        done = await asyncio.gather(*(work(catalogs[writer % 2], writer) for writer in range(6)))
        assert not [reason for refused in done for reason in refused if reason is not None]
        entity = await catalogs[1].entity(caller.account, arn)
        found = {
            item.name: item for item in (await metrics.summaries(catalogs[1].store, caller.account, [entity]))[arn]
        }
        values = [Fraction(step / 7) for step in range(60)]
        assert (found["shared"].count, found["shared"].total) == (60, sum(values))
        assert found["count"].count == 60
        pages = await metrics.series(catalogs[0].store, caller.account, entity, "shared")
        assert sorted(point.step or 0 for _, point in pages) == list(range(60))
    finally:
        for catalog in catalogs:
            await catalog.close()
