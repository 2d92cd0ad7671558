from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from graph.times import FOREVER, from_ms, from_us, now_ms, now_us, to_ms, to_us

moments = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31))


@given(moments)
def test_microseconds_come_back_as_they_were(moment: datetime) -> None:
    assert from_us(to_us(moment)) == moment.replace(tzinfo=UTC)


@given(st.integers(0, 253_402_300_799_999))
def test_milliseconds_come_back_as_they_were(milliseconds: int) -> None:
    assert to_ms(from_ms(milliseconds)) == milliseconds


def test_milliseconds_are_rounded_down() -> None:
    assert to_ms(datetime(1970, 1, 1, microsecond=1999)) == 1
    assert to_ms(datetime(1969, 12, 31, 23, 59, 59, 999_500)) == -1


def test_zones_are_respected() -> None:
    there = datetime(2024, 3, 3, 12, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert to_us(there) == to_us(datetime(2024, 3, 3, 6, 30))


def test_now_is_now_in_both_units() -> None:
    before = datetime.now(UTC)
    assert to_ms(before) <= now_ms() <= to_ms(datetime.now(UTC))
    assert now_us() // 1000 - now_ms() in (-1, 0, 1)


def test_forever_is_exact_in_every_json_reader() -> None:
    assert float(FOREVER) == FOREVER
    assert float(FOREVER + 2) != FOREVER + 2 or FOREVER + 1 == 2**53
