"""Location and content: one chain of contents a location, whoever writes and in whatever order it is learnt."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from graph import listing
from graph.access import Caller, Role
from graph.associations import AssociationType
from graph.catalog import Catalog
from graph.commands import Place, associate, create_named, delete
from graph.contents import Content, content, sha256
from graph.entities import Kind
from graph.errors import InvalidError, NotFoundError
from graph.lineage import Direction, walk
from graph.store.writer import Outcome
from graph.times import to_ms
from graph.verification import verify

URI = "s3://bucket/train.parquet"
SAME, DERIVED = AssociationType.SAME_AS, AssociationType.DERIVED_FROM
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


def lies(place: Place, letter: str, since: datetime | None = None, uri: str = URI) -> Content:
    return content(place, uri, [sha256(letter * 64)], type="DataSet", valid_from=since)


class Location:
    """One location of an account."""

    def __init__(self, catalog: Catalog, caller: Caller) -> None:
        self.catalog, self.caller, self.place = catalog, caller, catalog.place(caller.account)

    async def learn(self, *made: Content) -> Outcome:
        return await self.catalog.write(self.caller, made, operation="test")

    async def edges(self, arn: str, kind: AssociationType, at: datetime | None = None) -> set[str]:
        """The last letters of the contents that an artifact leads to."""
        when = await self.catalog.moment(self.caller.account, as_of=None if at is None else to_ms(at))
        page = await listing.associations(
            self.catalog.store, self.caller.account, arn, when, outgoing=True, types=[kind], first=500
        )
        found = set()
        for _, edge in page.items:
            entity = await self.catalog.entity(self.caller.account, edge.destination)
            found.add(entity.name.rsplit("@", 1)[1][0])
        return found

    async def chain(self) -> dict[str, set[str]]:
        """Which content each content was derived into."""
        location = lies(self.place, "a").location.arn
        return {
            letter: await self.edges(lies(self.place, letter).arn, DERIVED)
            for letter in sorted(await self.edges(location, SAME))
        }


@pytest_asyncio.fixture
async def location(catalog: Catalog, caller: Caller) -> AsyncIterator[Location]:
    yield Location(catalog, caller)
    assert (await verify(catalog.store, None, caller.account)).problem is None


async def test_location_and_content_are_two_artifacts(location: Location) -> None:
    made = lies(location.place, "a")
    outcome = await location.learn(made)
    assert outcome.applied[0].arn == made.arn
    assert outcome.applied[0].created
    place = await location.catalog.entity(location.caller.account, made.location.arn)
    held = await location.catalog.entity(location.caller.account, made.arn)
    assert (place.name, place.source_uri, place.source_types, place.type) == ("train.parquet", URI, (), "DataSet")
    assert (held.name, held.source_uri) == (f"train.parquet@{'a' * 12}", URI)
    assert held.source_types == (("Custom", f"sha256:{'a' * 64}"),)
    assert await location.chain() == {"a": set()}


async def test_new_content_is_derived_from_the_one_before(location: Location) -> None:
    for letter in "abc":
        await location.learn(lies(location.place, letter))
    assert await location.chain() == {"a": {"b"}, "b": {"c"}, "c": set()}


async def test_the_same_content_again_changes_nothing(location: Location) -> None:
    await location.learn(lies(location.place, "a"))
    outcome = await location.learn(lies(location.place, "a"))
    assert outcome.sequence is None
    assert not outcome.applied[0].changed


async def test_several_contents_in_one_request(location: Location) -> None:
    first, second = lies(location.place, "b", MARCH), lies(location.place, "a", MARCH + timedelta(days=1))
    await location.learn(first, second, first)
    assert await location.chain() == {"a": set(), "b": {"a"}}


async def test_content_that_comes_back_is_what_it_was(location: Location) -> None:
    for day, letter in enumerate("abac"):
        await location.learn(lies(location.place, letter, MARCH + timedelta(days=day)))
    # The second "a" is no modification of "b", but what came after it is one of "a".
    assert await location.chain() == {"a": {"b", "c"}, "b": set(), "c": set()}
    arn = lies(location.place, "a").location.arn
    assert await location.edges(arn, SAME, MARCH + timedelta(hours=1)) == {"a"}
    assert await location.edges(arn, SAME, MARCH + timedelta(days=1, hours=1)) == {"a", "b"}
    assert await location.edges(arn, SAME) == {"a", "b", "c"}


async def test_content_learnt_late_takes_its_place(location: Location) -> None:
    await location.learn(lies(location.place, "a", MARCH))
    await location.learn(lies(location.place, "c", MARCH + timedelta(days=9)))
    await location.learn(lies(location.place, "b", MARCH + timedelta(days=5)))
    assert await location.chain() == {"a": {"b", "c"}, "b": {"c"}, "c": set()}
    await location.learn(lies(location.place, "d", MARCH - timedelta(days=5)))
    assert (await location.chain())["d"] == {"a"}
    assert await location.edges(lies(location.place, "a").location.arn, SAME, MARCH - timedelta(days=1)) == {"d"}


async def test_content_known_to_be_older(location: Location) -> None:
    await location.learn(lies(location.place, "a", MARCH))
    await location.learn(lies(location.place, "b", MARCH + timedelta(days=9)))
    await location.learn(lies(location.place, "b", MARCH + timedelta(days=2)))
    assert await location.chain() == {"a": {"b"}, "b": set()}
    assert await location.edges(lies(location.place, "a").location.arn, SAME, MARCH + timedelta(days=3)) == {"a", "b"}


async def test_deleted_content_is_passed_over(location: Location) -> None:
    for letter in "ab":
        await location.learn(lies(location.place, letter))
    gone = delete(lies(location.place, "b").arn, cascade="ASSOCIATIONS")
    await location.catalog.write(location.caller, [gone], operation="test")
    await location.learn(lies(location.place, "c"))
    assert await location.chain() == {"a": {"c"}, "c": set()}
    await location.learn(lies(location.place, "b"))
    assert await location.chain() == {"a": {"c"}, "b": set(), "c": {"b"}}


async def test_it_goes_with_other_commands_as_a_whole(location: Location) -> None:
    made = lies(location.place, "a")
    job = create_named(location.place, Kind.TRIAL_COMPONENT, "train")
    used = associate(made.arn, job.arn, AssociationType.CONTRIBUTED_TO)
    await location.catalog.write(location.caller, [made, job, used], operation="test")
    when = await location.catalog.moment(location.caller.account)
    found = await walk(
        location.catalog.store, location.caller.account, [made.location.arn], Direction.DESCENDANTS, when
    )
    assert [node.arn for node in found.nodes] == [made.location.arn, made.arn, job.arn]
    absent = associate(made.arn, location.place.arn("action/absent"))
    with pytest.raises(NotFoundError) as error:
        await location.catalog.write(location.caller, [lies(location.place, "b"), absent], operation="test")
    assert error.value.position == 1
    assert await location.chain() == {"a": set()}


async def test_writers_at_once_make_one_chain(location: Location) -> None:
    letters = "0123456789abcdef"
    await asyncio.gather(*(location.learn(lies(location.place, letter)) for letter in letters))
    chain = await location.chain()
    assert set(chain) == set(letters)
    followers = [letter for nexts in chain.values() for letter in nexts]
    assert len(followers) == len(set(followers)) == len(letters) - 1
    assert max(len(nexts) for nexts in chain.values()) == 1


async def test_locations_and_accounts_are_apart(location: Location) -> None:
    other = "s3://bucket/other.parquet"
    await location.learn(lies(location.place, "a"), lies(location.place, "b", uri=other))
    stranger = Location(
        location.catalog, Caller(f"{int(location.caller.account) ^ 1:012d}", "tester", "test", Role.WRITER)
    )
    await stranger.learn(lies(stranger.place, "c"))
    assert await location.chain() == {"a": set()}
    assert await stranger.chain() == {"c": set()}


async def test_the_future_is_refused(location: Location) -> None:
    with pytest.raises(InvalidError, match="past"):
        await location.learn(lies(location.place, "a", datetime.now(UTC) + timedelta(hours=1)))


async def test_a_request_can_be_repeated(location: Location) -> None:
    made = [lies(location.place, "a")]
    first = await location.catalog.write(location.caller, made, operation="test", request_id="r1")
    again = await location.catalog.write(location.caller, made, operation="test", request_id="r1")
    assert again.repeated
    assert again.sequence == first.sequence
    assert again.applied[0].arn == made[0].arn
