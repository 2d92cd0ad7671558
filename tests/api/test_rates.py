"""How often a key may ask."""

import asyncio
import time

import pytest

from api import auth
from api.rates import Rates
from graph.access import Caller, Role
from graph.errors import SettingError, ThrottledError
from tests.api.conftest import Serve
from tests.api.keys import Keys, sagemaker


@pytest.mark.parametrize("catalog", ["embedded"], indirect=True, scope="session")
async def test_a_key_that_asks_too_often_is_told_when_to_ask_again(serve: Serve, account: str) -> None:
    service = serve(keys="required", rate="3/minute")
    admin = Caller(account, "operator", "test", Role.ADMIN)
    keys = Keys(service, auth.principals(service.settings, service.catalog), admin)
    fast, other = await keys.make("fast"), await keys.make("other")
    answers = await asyncio.gather(*(keys.post(keys.as_(fast)) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [429] * 5
    throttled = next(answer for answer in answers if answer.status_code == 429)
    assert throttled.json()["code"] == "THROTTLED"
    assert 50 <= int(throttled.headers["retry-after"]) <= 60
    # Each key counts for itself, and what is refused before is not counted.
    assert (await keys.post(keys.as_(other))).status_code == 200
    for _ in range(4):
        assert (await keys.post(f"Bearer {other.key.id}:wrong")).status_code == 401
    assert (await keys.post(keys.as_(other))).status_code == 200
    # The same window counts at the door of AWS's clients, in their words.
    client = sagemaker(keys, other.key.id, other.secret)
    await asyncio.to_thread(client.list_contexts)
    with pytest.raises(client.exceptions.ClientError, match="ThrottlingException"):
        await asyncio.to_thread(client.list_contexts)
    outcomes = [row[4] for row in await keys.log()]
    assert outcomes.count("throttled") == 6


def test_the_window_moves() -> None:
    rates = Rates("5/second")
    admitted, waits = [], []
    ends = time.monotonic() + 2.5
    while time.monotonic() < ends:
        try:
            rates.admit("k")
            admitted.append(time.monotonic())
        except ThrottledError as error:
            waits.append(error.retry_after)
            time.sleep(0.005)
    assert 10 <= len(admitted) <= 15
    assert 0 <= min(waits) <= max(waits) <= 1
    # Never more than five within any second (the clock is read a little later than the window's).
    assert all(later - earlier > 0.98 for earlier, later in zip(admitted, admitted[5:], strict=False))


def test_several_windows_and_none() -> None:
    rates = Rates("100/second;3/hour")
    for _ in range(3):
        rates.admit("k")
    with pytest.raises(ThrottledError, match="3 times in 1 hour"):
        rates.admit("k")
    unlimited = Rates("")
    for _ in range(5_000):
        unlimited.admit("k")


@pytest.mark.parametrize("text", ["many", "5", "5/fortnight", "0/second", "-1/second", ";"])
def test_what_is_no_rate(text: str) -> None:
    with pytest.raises(SettingError, match="write it like 200/second"):
        Rates(text)
