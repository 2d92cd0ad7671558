import asyncio
import base64
from typing import Any

import pytest

from api.graphql import cursors
from graph.errors import InvalidError
from graph.times import Moment
from tests.api.conftest import Service

LIST = """
query($first: Int! = 2, $after: String, $sortBy: EntitySort! = NAME, $order: SortOrder! = ASCENDING, $filter: EntityFilter,
      $asOf: DateTime, $sequence: BigInt) {
  contexts(first: $first, after: $after, sortBy: $sortBy, order: $order, filter: $filter, asOf: $asOf,
           knownAtSequence: $sequence) {
    edges { cursor node { name } }
    nodes { name }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


async def walk(service: Service, **variables: Any) -> list[str]:
    names: list[str] = []
    after = None
    while True:
        page = (await service.data(LIST, after=after, **variables))["contexts"]
        names += [node["name"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            return names
        after = page["pageInfo"]["endCursor"]


async def test_all_pages_hold_all_once(service: Service) -> None:
    await service.contexts(*"ebdac")
    assert await walk(service) == list("abcde")
    assert await walk(service, order="DESCENDING") == list("edcba")
    assert sorted(await walk(service, sortBy="CREATED")) == list("abcde")
    assert await walk(service, first=5) == list("abcde")
    page = (await service.data(LIST))["contexts"]
    assert page["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "startCursor": page["edges"][0]["cursor"],
        "endCursor": page["edges"][1]["cursor"],
    }
    assert (await service.data(LIST, filter={"name": "none"}))["contexts"]["pageInfo"]["endCursor"] is None


async def test_pages_do_not_shift_while_others_write(service: Service) -> None:
    await service.contexts(*(f"m{number}" for number in range(6)))
    first = (await service.data(LIST))["contexts"]
    await asyncio.gather(
        service.contexts(*(f"a{number}" for number in range(4))),
        service.contexts(*(f"m2-{number}" for number in range(4)), validFrom="2026-01-01T00:00:00Z"),
        service.data(
            "mutation($arn: ID!) { deleteEntity(input: { arn: $arn }) { arn } }", arn=service.arn("context/m4")
        ),
    )
    names = [node["name"] for node in first["nodes"]]
    after = first["pageInfo"]["endCursor"]
    while after is not None:
        page = (await service.data(LIST, after=after))["contexts"]
        names += [node["name"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
    assert names == [f"m{number}" for number in range(6)]
    assert len(await walk(service)) == 13


async def test_filters_of_lists(service: Service) -> None:
    await service.contexts("a", "b", type="X", sourceUri="s3://x")
    await service.contexts("c", type="Y", validFrom="2026-01-01T00:00:00Z")
    assert await walk(service, filter={"type": "X"}) == ["a", "b"]
    assert await walk(service, filter={"sourceUri": "s3://x", "name": "b"}) == ["b"]
    assert await walk(service, filter={"createdBefore": "2026-02-01T00:00:00Z"}) == ["c"]
    assert await walk(service, filter={"createdAfter": "2026-02-01T00:00:00Z"}) == ["a", "b"]
    assert await walk(service, asOf="2026-02-01T00:00:00Z") == ["c"]
    assert await walk(service, sequence=1) == ["a", "b"]


async def test_the_four_lists_keep_apart(service: Service) -> None:
    await service.data(
        """mutation { createArtifact(input: { sourceUri: "s3://a" }) { arn } createAction(input: { name: "b" }) { arn }
                      createContext(input: { name: "c" }) { arn } createTrialComponent(input: { name: "d" }) { arn } }"""
    )
    found = await service.data(
        """{ artifacts { nodes { name sourceUri } } actions { nodes { name status } } contexts { nodes { name } }
             trialComponents { nodes { name parameters { key } } } }"""
    )
    assert {field: [node["name"] for node in page["nodes"]] for field, page in found.items()} == {
        "artifacts": ["a"],
        "actions": ["b"],
        "contexts": ["c"],
        "trialComponents": ["d"],
    }


async def test_associations_of_an_entity_page_over_both_sides(service: Service) -> None:
    hub, *others = await service.contexts("hub", *"abcdef")
    await service.link(*((hub, other) for other in others[:3]), *((other, hub) for other in others[3:]))
    query = """query($arn: ID!, $first: Int!, $after: String, $direction: Direction! = BOTH, $types: [AssociationType!]) {
      entity(arn: $arn) { associations(first: $first, after: $after, direction: $direction, types: $types) {
        nodes { source destination } pageInfo { endCursor hasNextPage } } } }"""

    async def pages(first: int, **variables: Any) -> list[tuple[str, str]]:
        found, after = [], None
        while True:
            reply = await service.data(query, arn=hub, first=first, after=after, **variables)
            page = reply["entity"]["associations"]
            found += [(node["source"], node["destination"]) for node in page["nodes"]]
            assert len(page["nodes"]) <= first
            if not page["pageInfo"]["hasNextPage"]:
                return found
            after = page["pageInfo"]["endCursor"]

    everything = await pages(50)
    assert len(everything) == 6
    for first in (1, 2, 3, 4, 5, 6):
        assert await pages(first) == everything
    assert {source for source, _ in await pages(2, direction="DESCENDANTS")} == {hub}
    assert {destination for _, destination in await pages(2, direction="ASCENDANTS")} == {hub}
    assert await pages(2, types=["PRODUCED"]) == []
    assert (await service.ask(query, arn=hub, first=2, types=[])).code == "INVALID"


async def test_foreign_and_altered_cursors_are_refused(service: Service) -> None:
    (arn, *_) = await service.contexts(*"abcde")
    cursor = (await service.data(LIST))["contexts"]["pageInfo"]["endCursor"]
    assert (await service.data(LIST, after=cursor))["contexts"]["nodes"] == [{"name": "c"}, {"name": "d"}]
    raw = bytearray(base64.urlsafe_b64decode(cursor))
    raw[-3] ^= 1
    for after in (
        base64.urlsafe_b64encode(raw).decode(),
        cursor[:-4],
        cursor + "AAAA",
        " " + cursor,
        "",
        "é",
        "x" * 10_000,
        base64.urlsafe_b64encode(b"123456[]").decode(),
    ):
        reply = await service.ask(LIST, after=after)
        assert reply.code == "INVALID", after
        assert reply.error["extensions"]["path"] == "after"
    for other in ({"order": "DESCENDING"}, {"sortBy": "CREATED"}, {"filter": {"type": "X"}}, {"sequence": 1}):
        assert (await service.ask(LIST, after=cursor, **other)).code == "INVALID"
    nested = "query($arn: ID!, $after: String) { entity(arn: $arn) { history(after: $after) { nodes { sequence } } } }"
    assert (await service.ask(nested, arn=arn, after=cursor)).code == "INVALID"
    assert (
        await service.ask("query($after: String) { artifacts(after: $after) { nodes { arn } } }", after=cursor)
    ).code == "INVALID"


async def test_pages_have_a_size(service: Service) -> None:
    for first in (0, -1, 501):
        assert (await service.ask(LIST, first=first)).error["extensions"]["path"] == "first"


def test_a_cursor_holds_its_moment() -> None:
    list_ = cursors.identity("1", "x", None)
    when = Moment(1, 2, 3)
    assert cursors.decode(cursors.encode(list_, when, "k\x00é"), list_) == (when, "k\x00é")
    with pytest.raises(InvalidError):
        cursors.decode(cursors.encode(list_, when, "k"), cursors.identity("1", "x", 0))
    with pytest.raises(InvalidError):
        cursors.decode(cursors.encode(list_, Moment(2**60, 2, 3), "k"), list_)
