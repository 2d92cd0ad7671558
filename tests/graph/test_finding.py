"""What is found is what has the words, as a plain look through all entities says, at every moment."""

import asyncio

import pytest

from graph import commands
from graph.access import Caller, Role
from graph.catalog import Catalog
from graph.changes import Command
from graph.entities import Kind
from graph.errors import InvalidError
from graph.finding import Finder


async def write(catalog: Catalog, caller: Caller, *made: Command) -> None:
    await catalog.write(caller, list(made), operation="test")


async def names(catalog: Catalog, account: str, text: str, **only: object) -> list[str]:
    found = await catalog.finder.search(account, text, **only)  # type: ignore[arg-type]
    return [each.name for _, each in found.items]


async def test_parts_of_names_uris_types_and_tags_are_found(catalog: Catalog, caller: Caller) -> None:
    place = catalog.place(caller.account)
    await write(
        catalog,
        caller,
        commands.create_artifact(place, "s3://lake/Churn/train.parquet", type="DataSet", tags={"owner": "data-team"}),
        commands.create_named(place, Kind.ACTION, "deploy-churn", type="ModelDeployment"),
        commands.create_named(place, Kind.CONTEXT, "fraud", type="Endpoint"),
    )
    account = caller.account
    assert await names(catalog, account, "fraud") == ["fraud"]
    assert await names(catalog, account, "CHURN") == ["deploy-churn", "train.parquet"]
    assert await names(catalog, account, "churn dataset") == ["train.parquet"]
    assert await names(catalog, account, "owner=data") == ["train.parquet"]
    assert await names(catalog, account, "context/fra") == ["fraud"]
    assert await names(catalog, account, "churn nothing") == []
    assert await names(catalog, account, "", kinds=[Kind.CONTEXT]) == ["fraud"]
    assert await names(catalog, account, "churn", types=["ModelDeployment"]) == ["deploy-churn"]


async def test_an_answer_is_never_older_than_the_question(catalog: Catalog, caller: Caller) -> None:
    place = catalog.place(caller.account)
    assert await names(catalog, caller.account, "a") == []
    made = commands.create_named(place, Kind.ACTION, "alpha")
    await write(catalog, caller, made)
    assert await names(catalog, caller.account, "alpha") == ["alpha"]
    await write(catalog, caller, commands.update(made.arn, Kind.ACTION, description="x", tags={"stage": "gold"}))
    assert await names(catalog, caller.account, "gold") == ["alpha"]
    await write(catalog, caller, commands.delete(made.arn))
    assert await names(catalog, caller.account, "alpha") == []
    await write(catalog, caller, made)
    assert await names(catalog, caller.account, "alpha") == ["alpha"]
    # Another process that reads everything anew sees the same.
    fresh = Finder(catalog.store)
    assert dict(await fresh.entries(caller.account)) == dict(await catalog.finder.entries(caller.account))


async def test_the_best_come_first_and_pages_hold_all(catalog: Catalog, caller: Caller) -> None:
    place = catalog.place(caller.account)
    for name in ("train", "train-two", "my-train", "restrain", "other"):
        tags = {"note": "about train"} if name == "other" else {}
        await write(catalog, caller, commands.create_named(place, Kind.ACTION, name, tags=tags))
    expected = ["train", "train-two", "my-train", "restrain", "other"]
    assert await names(catalog, caller.account, "train") == expected
    found: list[str] = []
    after = None
    while True:
        page = await catalog.finder.search(caller.account, "train", first=2, after=after)
        found += [each.name for _, each in page.items]
        if not page.more:
            break
        after = page.items[-1][0]
    assert found == expected
    with pytest.raises(InvalidError, match="first is 0"):
        await catalog.finder.search(caller.account, "train", first=0)


async def test_another_accounts_things_are_not_found(catalog: Catalog, caller: Caller) -> None:
    another = f"{(int(caller.account) + 1) % 10**12:012d}"
    place = catalog.place(another)
    await write(
        catalog,
        Caller(another, "other", "test", Role.WRITER),
        commands.create_named(place, Kind.ACTION, f"secret-{caller.account}"),
    )
    assert await names(catalog, caller.account, "secret") == []
    assert await names(catalog, caller.account, caller.account) == []


async def test_questions_while_others_write_agree(catalog: Catalog, caller: Caller) -> None:
    place = catalog.place(caller.account)

    async def writing(name: str) -> None:
        await write(catalog, caller, commands.create_named(place, Kind.ACTION, name))
        assert name in await names(catalog, caller.account, name)

    await asyncio.gather(*(writing(f"job-{n:03d}") for n in range(40)))
    assert len(await names(catalog, caller.account, "job", first=100)) == 40
