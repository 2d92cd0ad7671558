"""Schedule expressions: AWS's, and ours."""

from datetime import UTC, datetime, timedelta

import pytest

from graph.errors import InvalidError
from graph.monitoring.expressions import offset, times
from graph.times import from_ms, to_ms


def at(text: str) -> int:
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=UTC))


def following(expression: str, start: str, count: int = 3) -> list[str]:
    found, when = [], at(start)
    for _ in range(count):
        after = times(expression).after(when)
        assert after is not None
        when = after
        found.append(f"{from_ms(when):%Y-%m-%dT%H:%M}")
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 * ? * * *)", ["2026-11-25T04:00", "2026-11-25T05:00", "2026-11-25T06:00"]),
        ("cron(0 * * * ? *)", ["2026-11-25T04:00", "2026-11-25T05:00", "2026-11-25T06:00"]),
        ("cron(0 17 ? * * *)", ["2026-11-25T17:00", "2026-11-26T17:00", "2026-11-27T17:00"]),
        ("cron(0 17/6 ? * * *)", ["2026-11-25T17:00", "2026-11-25T23:00", "2026-11-26T17:00"]),
        ("cron(*/20 8 ? * MON-FRI *)", ["2026-11-25T08:00", "2026-11-25T08:20", "2026-11-25T08:40"]),
        ("cron(0 1 ? * 2-6 *)", ["2026-11-26T01:00", "2026-11-27T01:00", "2026-11-30T01:00"]),
        ("cron(0 1 ? * FRI-MON *)", ["2026-11-27T01:00", "2026-11-28T01:00", "2026-11-29T01:00"]),
        ("cron(0 1 ? * 3#2 *)", ["2026-12-08T01:00", "2027-01-12T01:00", "2027-02-09T01:00"]),
        ("cron(0 1 ? * 6L *)", ["2026-11-27T01:00", "2026-12-25T01:00", "2027-01-29T01:00"]),
        ("cron(0 1 L * ? *)", ["2026-11-30T01:00", "2026-12-31T01:00", "2027-01-31T01:00"]),
        ("rate(45 minutes)", ["2026-11-25T03:45", "2026-11-25T04:30", "2026-11-25T05:15"]),
        ("rate(1 day)", ["2026-11-26T00:00", "2026-11-27T00:00", "2026-11-28T00:00"]),
        ("cron(0 9 ? * * *) Asia/Kolkata", ["2026-11-25T03:30", "2026-11-26T03:30", "2026-11-27T03:30"]),
    ],
)
def test_when_an_expression_is_due(expression: str, expected: list[str]) -> None:
    assert following(expression, "2026-11-25T03:00") == expected
    last = at(expected[-1])
    assert times(expression).before(last) == at(expected[-2])


def test_a_time_that_a_zone_leaves_out_comes_later_and_one_that_it_has_twice_comes_once() -> None:
    nightly = "cron(30 2 ? * * *) Europe/Berlin"
    assert following(nightly, "2026-03-28T12:00") == ["2026-03-29T01:30", "2026-03-30T00:30", "2026-03-31T00:30"]
    assert following(nightly, "2026-10-24T12:00") == ["2026-10-25T00:30", "2026-10-26T01:30", "2026-10-27T01:30"]
    hourly = "cron(30 * ? * * *) Europe/Berlin"
    assert following(hourly, "2026-10-24T23:00") == ["2026-10-24T23:30", "2026-10-25T00:30", "2026-10-25T02:30"]
    # The window of the hour that follows reaches over both.
    assert times(hourly).before(at("2026-10-25T02:30")) == at("2026-10-25T00:30")


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("hourly", "expected cron"),
        ("cron(0 * ? * *)", "5 fields"),
        ("cron(60 * ? * * *)", "higher than the maximum"),
        ("cron(0 0 1 * MON *)", "one has to be"),
        ("cron(0 0 ? * 8 *)", "'8' is no weekday"),
        ("cron(0 0 15W * ? *)", "nearest working day"),
        ("cron(0 0 31 2 ? *)", "no time that is still to come"),
        ("cron(0 0 1 1 ? 1999)", "no time that is still to come"),
        ("cron(0 0 ? * * *) Europe/Atlantis", "no time zone"),
        ("rate(0 minutes)", "at least a minute"),
    ],
)
def test_an_expression_that_is_none_says_why(expression: str, said: str) -> None:
    with pytest.raises(InvalidError, match=said):
        times(expression)


def test_offsets() -> None:
    assert offset("-PT1H") == timedelta(hours=-1)
    assert offset("-P8D") == timedelta(days=-8)
    assert offset("-P1DT12H30M") == timedelta(days=-1, hours=-12, minutes=-30)
    assert offset("-PT0H") == offset("PT0H") == timedelta()
    assert offset("-PT2D") == timedelta(days=-2)
    for wrong in ("", "1H", "-P", "-PT", "PT1H", "-PT1Y"):
        with pytest.raises(InvalidError):
            offset(wrong)
