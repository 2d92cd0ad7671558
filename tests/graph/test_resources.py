"""Resources' own ARNs through time, on both databases."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from graph import commands
from graph.access import Caller
from graph.catalog import Catalog
from graph.changes import Command
from graph.entities import Kind
from graph.errors import NotFoundError
from graph.store.schema import VERSION
from graph.times import to_ms
from graph.verification import verify
from tests.conftest import Databases

JANUARY, FEBRUARY, MARCH, APRIL, MAY = (datetime(2024, month, 1, tzinfo=UTC) for month in (1, 2, 3, 4, 5))


class Endpoint:
    """An endpoint's name, which one context after another has."""

    def __init__(self, catalog: Catalog, caller: Caller) -> None:
        self.catalog = catalog
        self.caller = caller
        self.arn = catalog.place(caller.account).arn("endpoint/churn")

    async def write(self, command: Command) -> str:
        outcome = await self.catalog.write(self.caller, [command], operation="test")
        return outcome.applied[0].arn or ""

    async def create(self, name: str, since: datetime) -> str:
        place = self.catalog.place(self.caller.account)
        return await self.write(
            commands.create_named(place, Kind.CONTEXT, name, resource_arn=self.arn, valid_from=since)
        )

    async def holder(self, when: datetime | None = None, sequence: int | None = None) -> str:
        as_of = None if when is None else to_ms(when)
        moment = await self.catalog.moment(self.caller.account, as_of=as_of, sequence=sequence)
        return await self.catalog.lineage_arn(self.arn, moment)

    async def exists(self, when: datetime | None = None, sequence: int | None = None) -> bool:
        as_of = None if when is None else to_ms(when)
        moment = await self.catalog.moment(self.caller.account, as_of=as_of, sequence=sequence)
        try:
            await self.catalog.entity(self.caller.account, await self.holder(when, sequence), moment)
        except NotFoundError:
            return False
        return True


@pytest.fixture
def endpoint(catalog: Catalog, caller: Caller) -> Endpoint:
    return Endpoint(catalog, caller)


async def test_a_name_leads_to_whose_it_was_at_the_moment(endpoint: Endpoint) -> None:
    first = await endpoint.create("first", JANUARY)
    await endpoint.write(commands.update(first, Kind.CONTEXT, description="d", valid_from=JANUARY))
    await endpoint.write(commands.delete(first, valid_to=FEBRUARY))
    second = await endpoint.create("second", APRIL)
    assert await endpoint.holder() == await endpoint.holder(MAY) == second
    assert await endpoint.holder(JANUARY) == first
    assert await endpoint.exists(JANUARY)
    # As known before the second was recorded, and before the first was deleted.
    assert not await endpoint.exists(MAY, sequence=3)
    assert await endpoint.holder(MAY, sequence=3) == first
    assert await endpoint.exists(MAY, sequence=2)
    assert await endpoint.holder(MAY, sequence=2) == first
    with pytest.raises(NotFoundError, match=endpoint.arn):
        await endpoint.holder(MAY, sequence=0)


async def test_a_name_that_nobody_has_leads_to_who_had_it_last(endpoint: Endpoint) -> None:
    first = await endpoint.create("first", JANUARY)
    await endpoint.write(commands.delete(first, valid_to=FEBRUARY))
    for moment in (None, MARCH):
        assert await endpoint.holder(moment) == first
        assert not await endpoint.exists(moment)
    # Only in the past: a change is made to what is there.
    with pytest.raises(NotFoundError, match=endpoint.arn):
        await endpoint.catalog.lineage_arn(endpoint.arn)


async def test_a_name_is_found_in_the_past_of_a_database_of_the_first_version(
    endpoint: Endpoint, databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, account = endpoint.catalog.store, endpoint.caller.account
    first = await endpoint.create("first", JANUARY)
    await endpoint.write(commands.delete(first, valid_to=FEBRUARY))
    monkeypatch.setattr(
        "graph.store.store.statement",
        lambda name: "MATCH (r:Revision {account: $account}) REMOVE r.resource_arn RETURN count(r) AS n",
    )
    assert await store.run("as version 1 had it", {"account": account}) == 3
    monkeypatch.undo()
    with pytest.raises(NotFoundError):
        await endpoint.holder(JANUARY)
    await store.run("schema/write_version", {"version": 1})
    monkeypatch.setattr("graph.store.schema.PAGE", 1)
    upgraded = await Catalog.open(await databases.another(store.provider.name), tmp_path)
    await upgraded.close()
    assert await store.run("schema/read_version") == VERSION
    assert await endpoint.holder(JANUARY) == first
    assert (await verify(store, endpoint.catalog.checkpoints, account)).problem is None
