"""Model cards: content, versions, statuses, and which card counts for a model version."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
import pytest_asyncio

from graph import commands
from graph.access import Caller, Role
from graph.associations import AssociationType
from graph.catalog import Catalog
from graph.entities import CardStatus, Kind
from graph.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from graph.registry.cards import changes, content, lists, names
from graph.registry.cards.deletion import Delete
from graph.registry.cards.lists import Card
from graph.registry.lists import RegistryFilter
from graph.registry.versions import DeletePackage, register
from graph.store.writer import Outcome
from graph.verification import verify
from tests.graph.registry.test_versions import REQUEST, Registry

DRAFT, PENDING, APPROVED, ARCHIVED = CardStatus


class Cards(Registry):
    """One account's registry with its cards."""

    def about(self, number: int = 1, **more: Any) -> str:
        overview = {"model_id": self.place.arn(f"model-package/churn/{number}")}
        return orjson.dumps({"model_overview": overview, **more}).decode()

    async def make(self, name: str = "Card", text: str = "{}", by: Caller | None = None, **details: Any) -> str:
        outcome = await self.write(changes.create(self.place, name, text, **details), by=by)
        return outcome.applied[0].arn or ""

    async def revise(self, text: str, by: Caller | None = None, name: str = "card") -> Outcome:
        caller = by or self.writer
        return await self.write(changes.revise(self.place, name, text, role=caller.role), by=caller)

    async def set(self, status: CardStatus, by: Caller | None = None, **details: Any) -> Outcome:
        return await self.write(changes.set_status(self.place, "card", status, **details), by=by or self.approver)

    async def card(self, name: str = "card", version: int | None = None) -> Card:
        return await lists.card(self.catalog.store, self.place, name, await self.now(), version)

    async def versions(self, **details: Any) -> list[int]:
        found = await lists.versions(self.catalog.store, self.place, await self.card(), await self.now(), **details)
        return [card.version for _, card in found.items]

    async def in_force(self, number: int = 1) -> Card | None:
        package = await self.version("churn", str(number))
        return await lists.in_force(self.catalog.store, self.place, package, await self.now())


@pytest_asyncio.fixture
async def cards(catalog: Catalog, account: str) -> AsyncIterator[Cards]:
    made = Cards(catalog, account)
    await made.group()
    await made.register()
    yield made
    assert (await verify(catalog.store, None, account)).problem is None


async def test_a_card_is_an_artifact_about_its_version(cards: Cards) -> None:
    arn = await cards.make("My-Card", cards.about(), tags={"team": "risk"}, security={"KmsKeyId": "k"})
    card = await cards.card("my-card")
    assert card == await cards.card(cards.place.arn("model-card/my-card"))
    assert (card.name, card.status, card.version, card.security) == ("My-Card", DRAFT, 1, {"KmsKeyId": "k"})
    assert card.text == cards.about()
    entity = card.entity
    assert (entity.kind, entity.type, entity.tags) == (Kind.ARTIFACT, "ModelCard", {"team": "risk"})
    assert entity.resource_arn == entity.source_uri == cards.place.arn("model-card/my-card")
    version = await cards.version("churn", "1")
    assert await cards.edges(arn, outgoing=True) == {("ASSOCIATED_WITH", version.arn)}
    for name in ("MY-CARD", "my-card"):
        with pytest.raises(ConflictError, match="already exists"):
            await cards.make(name)


async def test_a_card_follows_what_it_speaks_about(cards: Cards) -> None:
    await cards.register()
    arn = await cards.make(text=cards.about(1))
    one, two = [(await cards.version("churn", number)).arn for number in ("1", "2")]
    other = commands.create_artifact(cards.place, "s3://b/x")
    await cards.write(other, commands.associate(arn, other.arn))
    await cards.revise(cards.about(2))
    assert await cards.edges(arn, outgoing=True) == {("ASSOCIATED_WITH", two), ("ASSOCIATED_WITH", other.arn)}
    # A version that is not there leaves its group, also when only the group is named.
    group = cards.place.arn("context/churn-aws-model-package-group")
    details = {"model_package_details": {"model_package_group_name": "Churn"}}
    for text in (cards.about(9), orjson.dumps(details).decode()):
        await cards.revise(text)
        assert await cards.edges(arn, outgoing=True) == {("ASSOCIATED_WITH", group), ("ASSOCIATED_WITH", other.arn)}
    await cards.revise('{"model_overview": {"model_id": "something"}}')
    assert await cards.edges(arn, outgoing=True) == {("ASSOCIATED_WITH", other.arn)}
    assert not [edge for edge in await cards.edges(one, outgoing=False) if edge[0] == "ASSOCIATED_WITH"]
    foreign = cards.about().replace(cards.account, "999999999999")
    await cards.revise(foreign)
    assert (await cards.card()).text == foreign


async def test_each_content_is_a_version_and_a_status_is_none(cards: Cards) -> None:
    await cards.make(text='{"n": 1}')
    await cards.set(PENDING)
    for number in (2, 3):
        await cards.revise(orjson.dumps({"n": number}).decode())
    assert (await cards.revise('{"n":3}')).sequence is None
    await cards.set(APPROVED)
    assert (await cards.set(APPROVED)).sequence is None
    assert await cards.versions() == [3, 2, 1]
    assert await cards.versions(first=2) == [3, 2]
    assert await cards.versions(first=2, after=2) == [1]
    assert await cards.versions(descending=False, first=1, after=1) == [2]
    for number, status in ((1, PENDING), (2, PENDING), (3, APPROVED)):
        card = await cards.card(version=number)
        assert (orjson.loads(card.text), card.version, card.status) == ({"n": number}, number, status)
    for wrong in (0, -1, 4, 2**31 - 1):
        with pytest.raises(NotFoundError, match="has no version"):
            await cards.card(version=wrong)


async def test_versions_written_in_one_moment_are_all_kept(cards: Cards) -> None:
    await cards.make(text="{}")
    texts = [orjson.dumps({"n": number}).decode() for number in range(20)]
    await asyncio.gather(*(cards.revise(text) for text in texts))
    assert await cards.versions() == list(range(21, 0, -1))
    held = {(await cards.card(version=number)).text for number in range(2, 22)}
    assert held == set(texts)


async def test_a_card_made_again_is_another_whose_numbers_go_on(cards: Cards) -> None:
    await cards.make(text='{"old": 1}')
    await cards.revise('{"old": 2}')
    before = await cards.now()
    await cards.write(Delete(cards.place, "card"))
    with pytest.raises(NotFoundError):
        await cards.card()
    with pytest.raises(NotFoundError):
        await cards.set(DRAFT)
    await cards.make(text='{"new": 1}')
    assert (await cards.card()).version == 3
    await cards.revise('{"new": 2}')
    assert await cards.versions() == [4, 3]
    with pytest.raises(NotFoundError, match="no version 2"):
        await cards.card(version=2)
    old = await lists.card(cards.catalog.store, cards.place, "card", before, 1)
    assert (old.text, old.version) == ('{"old": 1}', 1)


async def test_only_an_approver_approves_and_changes_what_is_approved(cards: Cards) -> None:
    with pytest.raises(ForbiddenError):
        await cards.make("early", status=APPROVED)
    await cards.make(text="{}")
    with pytest.raises(ForbiddenError):
        await cards.set(APPROVED, by=cards.writer)
    await cards.set(APPROVED, version=1)
    with pytest.raises(ForbiddenError, match="takes the role approver"):
        await cards.revise('{"a": 1}')
    assert (await cards.card()).version == 1
    await cards.revise('{"a": 1}', by=cards.approver)
    assert ((await cards.card()).version, (await cards.card()).status) == (2, APPROVED)
    await cards.set(DRAFT, by=cards.writer)
    await cards.revise('{"a": 2}')
    with pytest.raises(ConflictError, match="has version 3 by now, not 2"):
        await cards.set(APPROVED, version=2)
    await cards.make("born", by=cards.approver, status=APPROVED)
    assert (await cards.card("born")).status is APPROVED


async def test_an_archived_card_keeps_its_content(cards: Cards) -> None:
    await cards.make(text="{}")
    await cards.set(ARCHIVED, by=cards.writer)
    with pytest.raises(ConflictError, match="Model Card is in Archived state"):
        await cards.revise('{"a": 1}', by=cards.approver)
    await cards.set(DRAFT, by=cards.writer)
    await cards.revise('{"a": 1}')


async def test_the_card_in_force_speaks_about_the_version_itself(cards: Cards) -> None:
    assert await cards.in_force() is None
    await cards.register()
    await cards.make("first", cards.about(1))
    assert (await cards.in_force() or await cards.card("none")).name == "first"
    # An approved card about another version does not count, whoever associates it by hand.
    other = await cards.make("other", cards.about(2), by=cards.approver, status=APPROVED)
    version = await cards.version("churn", "1")
    await cards.write(commands.associate(other, version.arn, AssociationType.ASSOCIATED_WITH))
    found = await cards.in_force()
    assert found is not None
    assert (found.name, found.status) == ("first", DRAFT)
    await cards.make("second", cards.about(1), by=cards.approver, status=APPROVED)
    await cards.revise(cards.about(1, business_details={}), name="first")
    found = await cards.in_force()
    assert found is not None
    assert found.name == "second"
    await cards.write(changes.set_status(cards.place, "second", ARCHIVED))
    found = await cards.in_force()
    assert found is not None
    assert found.name == "first"
    await cards.write(DeletePackage(cards.place, names_of(version.resource_arn or "")))
    assert (await cards.card("first")).text == cards.about(1, business_details={})


def names_of(arn: str) -> Any:
    from graph.registry.names import of_arn

    return of_arn(arn)


async def test_what_is_made_by_hand_under_a_cards_arn_is_no_card(cards: Cards) -> None:
    """Whoever may write can make an artifact with any name; it has no status, so it is evidence for nothing."""
    resource = cards.place.arn("model-card/card")
    specification = {"ModelCardName": "card", "Content": cards.about(), "ModelCardStatus": "Approved"}
    put = commands.create_artifact(
        cards.place,
        resource,
        resource_arn=resource,
        type="ModelCard",
        specification=orjson.dumps(specification).decode(),
    )
    version = await cards.version("churn", "1")
    await cards.write(put, commands.associate(put.arn, version.arn))
    assert put.arn == names.lineage(cards.place, "card")
    assert await cards.in_force() is None
    with pytest.raises(NotFoundError):
        await cards.card()
    for change in (changes.set_status(cards.place, "card", PENDING), Delete(cards.place, "card")):
        with pytest.raises(NotFoundError):
            await cards.write(change)
    await cards.make("zeta")
    page = await lists.page(cards.catalog.store, cards.account, await cards.now(), first=1, descending=False)
    assert [card.name for _, card in page.items] == ["zeta"]
    await cards.make(text='{"mine": 1}')
    assert (await cards.card()).text == '{"mine": 1}'
    with pytest.raises(InvalidError, match="can't be given"):
        commands.update(put.arn, Kind.ARTIFACT, card_status="APPROVED")


async def test_cards_are_listed_by_name_creation_and_status(cards: Cards) -> None:
    for number in range(5):
        await cards.make(f"Card-{number}", by=cards.approver, status=APPROVED if number % 2 else DRAFT)
    store, account, when = cards.catalog.store, cards.account, await cards.now()

    async def listed(**details: Any) -> list[str]:
        filter_ = RegistryFilter(**details.pop("filter", {}))
        found, after = [], None
        while True:
            page = await lists.page(store, account, when, filter=filter_, first=2, after=after, **details)
            found += [card.name[-1] for _, card in page.items]
            if not page.more:
                return found
            after = page.items[-1][0]

    assert await listed() == ["4", "3", "2", "1", "0"]
    assert await listed(descending=False, filter={"approval": APPROVED}) == ["1", "3"]
    assert await listed(filter={"contains": "D-3"}) == ["3"]
    assert await listed(filter={"approval": ARCHIVED}) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "no JSON object"),
        ('{"a": NaN}', "not JSON"),
        (f'{{"a": "{"x" * 100_000}"}}', "100009 characters"),
        ('{"intended_uses": {"risk_rating": "Severe"}}', "at intended_uses.risk_rating"),
        ('{"model_overview": []}', "at model_overview"),
        ('{"evaluation_details": [{}]}', "at evaluation_details.0"),
        (f'{{"intended_uses": {{"purpose_of_model": "{"x" * 2049}"}}}}', "is too long"),
        (
            '{"training_details": {"training_job_details": {"training_metrics": [{"name": "auc", "value": "1"}]}}}',
            "value",
        ),
    ],
)
async def test_a_content_that_can_not_be_is_refused(cards: Cards, text: str, said: str) -> None:
    with pytest.raises(InvalidError, match=said) as caught:
        await cards.make(text=text)
    assert len(str(caught.value)) < 600


def test_a_content_of_either_sdk_and_what_is_unknown_pass() -> None:
    metric = {"name": "auc", "type": "number", "value": 0.9}
    told: dict[str, Any] = {
        "training_details": {
            "objective_function": {"function": {"function": "Maximize", "facet": "AUC"}, "notes": "n"}
        },
        "evaluation_details": [
            {
                "name": "e",
                "metric_groups": [{"name": "g", "metric_data": [metric], "more": 1}],
                "datasets": ["s3://b/x"],
            }
        ],
        "of_ours": {"anything": [1, None]},
    }
    assert content.read(orjson.dumps(told).decode()) == told
    told["training_details"]["objective_function"] = {"function": "Minimize"}
    assert content.read(orjson.dumps(told).decode()) == told


async def test_deleting_leaves_what_was_registered(cards: Cards) -> None:
    await cards.make(text=cards.about())
    before = await cards.now()
    await cards.write(Delete(cards.place, "card"))
    version = await cards.version("churn", "1")
    assert not [edge for edge in await cards.edges(version.arn, outgoing=False) if edge[0] == "ASSOCIATED_WITH"]
    found = await lists.in_force(cards.catalog.store, cards.place, version, before)
    assert found is not None
    assert await cards.in_force() is None
    await cards.write(register(cards.place, REQUEST, group="churn"), by=Caller(cards.account, "w", "test", Role.WRITER))
