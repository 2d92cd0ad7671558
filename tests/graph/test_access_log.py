"""The access log, on both databases."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from graph import access_log
from graph.access import Caller, Role
from graph.access_log import AccessFilter, AccessLog, AccessRecord, Outcome
from graph.catalog import Catalog
from graph.errors import DatabaseUnavailableError, ForbiddenError, InvalidError
from graph.times import FOREVER, now_us


def record(account: str, **given: Any) -> AccessRecord:
    plain = AccessRecord(account, now_us(), "person/ana", "STMAX", "graphql", "entity", (), Outcome.OK, None, "r-1")
    return replace(plain, **given)


@pytest.fixture
def admin(account: str) -> Caller:
    return Caller(account, "operator", "test", Role.ADMIN)


async def test_records_come_back_newest_first_and_filtered(catalog: Catalog, admin: Caller) -> None:
    noted = [
        record(admin.account, at=1_000_000 + n, operation=("read", "write")[n % 2], principal=f"person/{n % 3}")
        for n in range(30)
    ]
    noted[7] = replace(noted[7], outcome=Outcome.REFUSED, code="FORBIDDEN", named=("arn:a", "arn:b"), principal=None)
    for each in noted:
        catalog.access_log.note(each)
    catalog.access_log.note(record(f"{int(admin.account) ^ 1:012d}"))
    expected = noted[::-1]

    async def shown(only: AccessFilter) -> list[AccessRecord]:
        pages: list[AccessRecord] = []
        more, before = True, None
        while more:
            page, more = await catalog.access_log.page(admin, only, first=4, before=before)
            pages += page
            before = page[-1].key if page else None
        assert len({each.key for each in pages}) == len(pages)
        return [replace(each, key="") for each in pages]

    assert await shown(AccessFilter()) == expected
    assert await shown(AccessFilter(operation="write")) == [each for each in expected if each.operation == "write"]
    assert await shown(AccessFilter(principal="person/1")) == [e for e in expected if e.principal == "person/1"]
    assert await shown(AccessFilter(outcome=Outcome.REFUSED)) == [noted[7]]
    assert await shown(AccessFilter(since=1_000_010, until=1_000_020)) == expected[10:20]
    assert await shown(AccessFilter(since=1_000_020, until=1_000_010)) == []


async def test_only_administrators_read_it(catalog: Catalog, admin: Caller) -> None:
    for role in (Role.READER, Role.WRITER, Role.APPROVER):
        with pytest.raises(ForbiddenError, match="read the access log"):
            await catalog.access_log.page(replace(admin, role=role), AccessFilter(), first=1)
    for first in (0, 501):
        with pytest.raises(InvalidError):
            await catalog.access_log.page(admin, AccessFilter(), first=first)


async def test_records_are_written_without_anybody_waiting(catalog: Catalog, admin: Caller) -> None:
    catalog.access_log.note(record(admin.account))
    everything = dict.fromkeys(("principal", "operation", "outcome"))
    ends = {"from": access_log.place(admin.account, 0), "to": access_log.place(admin.account, FOREVER), "limit": 1}
    deadline = time.monotonic() + 20
    while not (found := await catalog.store.read("access/page", {**everything, **ends})):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    assert found[0][1] == admin.account


async def test_long_and_many_names_are_cut(catalog: Catalog, admin: Caller) -> None:
    catalog.access_log.note(record(admin.account, named=tuple("a" * n for n in range(250, 300)), operation="o" * 999))
    (found,), _ = await catalog.access_log.page(admin, AccessFilter(), first=1)
    assert [len(name) for name in found.named] == [*range(250, 257), *[256] * 13]
    assert len(found.operation) == 256


async def test_what_can_t_be_kept_is_counted(catalog: Catalog, admin: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_log, "QUEUE_RECORDS", 10)
    log = AccessLog(catalog.store)
    for _ in range(25):
        log.note(record(admin.account))
    assert log.dropped == 15
    await log.close()
    assert len((await log.page(admin, AccessFilter(), first=100))[0]) == 10

    async def gone(*_: Any, **__: Any) -> None:
        raise DatabaseUnavailableError("gone")

    with monkeypatch.context() as broken:
        broken.setattr(catalog.store, "run", gone)
        log.note(record(admin.account))
        await log.close()
    assert log.dropped == 16
    assert len((await log.page(admin, AccessFilter(), first=100))[0]) == 10


async def test_those_that_nobody_knows_can_t_fill_it(catalog: Catalog, admin: Caller) -> None:
    log = AccessLog(catalog.store)
    for _ in range(200):
        log.note(record(admin.account, principal=None, outcome=Outcome.REFUSED))
        log.note(record(admin.account))
    await log.close()
    page, _ = await log.page(admin, AccessFilter(outcome=Outcome.REFUSED), first=500)
    assert 20 <= len(page) <= 60
    assert log.dropped == 200 - len(page)
    assert len((await log.page(admin, AccessFilter(outcome=Outcome.OK), first=500))[0]) == 200


async def test_old_records_are_removed(catalog: Catalog, admin: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_log, "PURGE_ROWS", 3)
    day = 86_400_000_000
    now = now_us()
    for age in range(8):
        catalog.access_log.note(record(admin.account, at=now - age * day - day // 2))
    await catalog.access_log.flush()
    assert await AccessLog(catalog.store).purge() == 0
    assert await AccessLog(catalog.store, days=3).purge() >= 5
    page, _ = await catalog.access_log.page(admin, AccessFilter(), first=100)
    assert len(page) == 3
    assert min(each.at for each in page) > now - 3 * day
