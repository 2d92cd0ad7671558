"""Models, configurations and endpoints: what they leave in the graph, and what ran when."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from graph import commands, listing
from graph.access import Caller, Role
from graph.associations import AssociationType
from graph.catalog import Catalog
from graph.commands import Place
from graph.entities import Approval, Entity, Kind, Status
from graph.errors import AlreadyExistsError, ConflictError, InvalidError, NotFoundError
from graph.hosting import endpoints, names, production, records
from graph.hosting.deployments import Deploy, Undeploy
from graph.hosting.names import Hosted
from graph.hosting.production import Deployment
from graph.registry.amending import amend
from graph.registry.groups import create as create_group
from graph.registry.versions import register
from graph.store.writer import Outcome
from graph.times import FOREVER, from_ms, now_ms
from graph.verification import verify
from tests.conftest import Databases

IMAGE = "1.dkr.ecr.us-east-1.amazonaws.com/xgb:1"
DATA = "s3://b/model.tar.gz"


@dataclass
class Hosting:
    catalog: Catalog
    account: str

    @property
    def place(self) -> Place:
        return self.catalog.place(self.account)

    async def write(self, *made: Any, by: str = "ops") -> Outcome:
        caller = Caller(self.account, by, "test", Role.APPROVER)
        return await self.catalog.write(caller, made, operation="test")

    async def model(self, name: str, **container: Any) -> None:
        request = {"PrimaryContainer": container or {"Image": IMAGE, "ModelDataUrl": DATA}}
        await self.write(records.create(self.place, Hosted.MODEL, name, request))

    async def config(self, name: str, *variants: tuple[str, str, float], **more: Any) -> None:
        said = [
            {"VariantName": variant, "ModelName": model, "InitialVariantWeight": weight, "InitialInstanceCount": 1}
            for variant, model, weight in variants
        ]
        await self.write(records.create(self.place, Hosted.CONFIG, name, {"ProductionVariants": said, **more}))

    async def endpoint(self, name: str, config: str, **more: Any) -> Outcome:
        return await self.write(await endpoints.create(self.catalog.store, self.place, name, config, **more))

    async def update(self, name: str, config: str, **more: Any) -> Outcome:
        return await self.write(await endpoints.update(self.catalog.store, self.place, name, config, **more))

    async def running(self, at: int | None = None, **only: Any) -> list[Deployment]:
        when = await self.catalog.moment(self.account, as_of=at)
        return [item for _, item in (await production.at(self.catalog.store, self.account, when, **only)).items]

    async def shown(self, at: int | None = None, **only: Any) -> set[tuple[str | None, ...]]:
        found = await self.running(at, **only)
        return {tuple(item.told(key) for key in ("Variant", "Model", "Weight")) for item in found}

    async def edges(self, arn: str, *, outgoing: bool) -> set[tuple[str, str]]:
        when = await self.catalog.moment(self.account)
        page = await listing.associations(self.catalog.store, self.account, arn, when, outgoing=outgoing)
        return {(item.association, item.destination if outgoing else item.source) for _, item in page.items}

    async def actions(self, type_: str) -> list[Entity]:
        when = await self.catalog.moment(self.account)
        only = listing.Filter(type=type_)
        page = await listing.entities(self.catalog.store, self.account, Kind.ACTION, when, filter=only)
        return [entity for _, entity in reversed(page.items)]

    async def versions(self, group: str, count: int) -> list[str]:
        """So many approved versions of a group; their own ARNs."""
        await self.write(create_group(self.place, group))
        request = {"InferenceSpecification": {"Containers": [{"Image": IMAGE, "ModelDataUrl": DATA}]}}
        for _ in range(count):
            await self.write(register(self.place, request, group=group, approval=Approval.APPROVED), by="boss")
        return [self.place.arn(f"model-package/{group}/{number}") for number in range(1, count + 1)]


@pytest.fixture
def hosting(catalog: Catalog, account: str) -> Hosting:
    return Hosting(catalog, account)


async def tick() -> int:
    """A time between what was done before and what is done after."""
    await asyncio.sleep(0.004)
    at = now_ms()
    await asyncio.sleep(0.004)
    return at


async def test_a_model_is_linked_with_what_it_is_made_of(hosting: Hosting) -> None:
    (version,) = await hosting.versions("churn", 1)
    await hosting.model("Plain")
    await hosting.model("packaged", ModelPackageName=version)
    arn = names.lineage(hosting.place, Hosted.MODEL, "plain")
    entity = await hosting.catalog.entity(hosting.account, arn)
    assert (entity.name, entity.type, entity.kind) == ("Plain", "Model", Kind.ARTIFACT)
    assert entity.resource_arn == entity.source_uri == hosting.place.arn("model/plain")
    sources = {commands.create_artifact(hosting.place, uri).arn for uri in (IMAGE, DATA)}
    assert await hosting.edges(arn, outgoing=False) == {("CONTRIBUTED_TO", source) for source in sources}
    packaged = names.lineage(hosting.place, Hosted.MODEL, "packaged")
    artifact = commands.create_artifact(hosting.place, version).arn
    assert await hosting.edges(packaged, outgoing=False) == {("CONTRIBUTED_TO", artifact)}


async def test_names_are_taken_once_and_free_again_after_deletion(hosting: Hosting) -> None:
    await hosting.model("m")
    with pytest.raises(AlreadyExistsError, match=r'Cannot create already existing model "arn:.*:model/m"'):
        await hosting.model("M")
    await hosting.write(records.Delete(hosting.place, Hosted.MODEL, "m"))
    with pytest.raises(NotFoundError, match=r'Could not find model "arn:.*:model/m"'):
        await hosting.write(records.Delete(hosting.place, Hosted.MODEL, "m"))
    await hosting.model("m")
    with pytest.raises(NotFoundError, match=r'Could not find endpoint configuration "arn:.*:endpoint-config/c"'):
        await hosting.endpoint("e", "c")
    with pytest.raises(NotFoundError, match=r'Could not find model "arn:.*:model/other"'):
        await hosting.config("c", ("a", "other", 1))
    await hosting.model("other")
    await hosting.config("c", ("a", "other", 1))
    await hosting.write(records.Delete(hosting.place, Hosted.MODEL, "other"))
    with pytest.raises(NotFoundError, match=r'Could not find model "arn:.*:model/other"'):
        await hosting.endpoint("e", "c")
    with pytest.raises(AlreadyExistsError, match="Cannot create already existing endpoint configuration"):
        await hosting.config("c", ("a", "m", 1))


async def test_what_somebody_made_by_hand_becomes_the_model(hosting: Hosting) -> None:
    own = hosting.place.arn("model/m")
    await hosting.write(commands.create_artifact(hosting.place, own, type="Model"))
    await hosting.model("m")
    found = await hosting.catalog.entity(hosting.account, names.lineage(hosting.place, Hosted.MODEL, "m"))
    assert found.resource_arn == own
    assert (await verify(hosting.catalog.store, hosting.catalog.checkpoints, hosting.account)).problem is None


async def test_a_version_that_is_not_approved_is_not_deployed(hosting: Hosting) -> None:
    (version,) = await hosting.versions("churn", 1)
    await hosting.model("m", ModelPackageName=version)
    await hosting.config("c", ("a", "m", 1))
    await hosting.write(amend(hosting.place, "churn/1", approval=Approval.REJECTED, reason="drifts"))
    for refused in (hosting.model("n", ModelPackageName=version), hosting.endpoint("e", "c")):
        with pytest.raises(ConflictError, match="churn/1 is Rejected; only an approved version can be deployed"):
            await refused
    with pytest.raises(NotFoundError, match=r"ModelPackage .*/churn/9 does not exist"):
        await hosting.model("n", ModelPackageName=hosting.place.arn("model-package/churn/9"))


async def test_an_approval_that_falls_during_a_deployment_stops_it(hosting: Hosting) -> None:
    (version,) = await hosting.versions("churn", 1)
    await hosting.model("m", ModelPackageName=version)
    await hosting.config("c", ("a", "m", 1))
    made = await endpoints.create(hosting.catalog.store, hosting.place, "e", "c")
    await hosting.write(amend(hosting.place, "churn/1", approval=Approval.REJECTED))
    with pytest.raises(ConflictError, match="has changed while it was being deployed"):
        await hosting.write(made)
    assert await hosting.running() == []


async def test_a_deployment_holds_the_approval_that_was_in_force(hosting: Hosting) -> None:
    (version,) = await hosting.versions("churn", 1)
    await hosting.model("m", ModelPackageName=version)
    await hosting.config("c", ("a", "m", 1), DataCaptureConfig={"DestinationS3Uri": "s3://b/captured"})
    await hosting.endpoint("E", "c", tags={"stemma:address": "https://scores.example/invoke"})
    (running,) = await hosting.running()
    assert running.versions == (version,)
    assert (running.told("Address"), running.told("Cause")) == ("https://scores.example/invoke", "Create")
    assert (running.action.status, running.ended) == (Status.IN_PROGRESS, None)
    (approval,) = await hosting.actions("Approval")
    model = names.lineage(hosting.place, Hosted.MODEL, "m")
    artifact = commands.create_artifact(hosting.place, version).arn
    assert await hosting.edges(running.action.arn, outgoing=False) == {
        ("CONTRIBUTED_TO", source) for source in (model, artifact, approval.arn)
    }
    endpoint = names.lineage(hosting.place, Hosted.ENDPOINT, "e")
    assert await hosting.edges(running.action.arn, outgoing=True) == {("ASSOCIATED_WITH", endpoint)}
    assert await hosting.shown(group=hosting.place.arn("model-package-group/churn")) == {("a", "m", "1.0")}
    assert await hosting.running(group=hosting.place.arn("model-package-group/chur")) == []


async def test_a_decision_that_was_made_by_hand_is_not_in_force(hosting: Hosting) -> None:
    (version,) = await hosting.versions("churn", 1)
    await hosting.model("m", ModelPackageName=version)
    await hosting.config("c", ("a", "m", 1))
    (genuine,) = await hosting.actions("Approval")
    forged = commands.create_named(
        *(hosting.place, Kind.ACTION, "forged"), type="Approval", properties={**(genuine.properties or {})}
    )
    artifact = commands.create_artifact(hosting.place, version).arn
    await hosting.write(forged, commands.associate(artifact, forged.arn, AssociationType.CONTRIBUTED_TO))
    await hosting.endpoint("e", "c")
    (running,) = await hosting.running()
    sources = {source for _, source in await hosting.edges(running.action.arn, outgoing=False)}
    assert genuine.arn in sources
    assert forged.arn not in sources


async def test_changes_end_deployments_and_begin_others(hosting: Hosting) -> None:
    first, second = await hosting.versions("churn", 2)
    await hosting.model("one", ModelPackageName=first)
    await hosting.model("two", ModelPackageName=second)
    await hosting.config("before", ("blue", "one", 1), ("green", "one", 0))
    await hosting.config("after", ("blue", "two", 1), ("green", "one", 0))
    start = await tick()
    await hosting.endpoint("e", "before")
    created = await tick()
    await hosting.update("e", "after")
    updated = await tick()
    store, place = hosting.catalog.store, hosting.place
    await hosting.write(await endpoints.reweigh(store, place, "e", {"green": {"DesiredWeight": 0.5}}))
    weighed = await tick()
    await hosting.write(await endpoints.rollback(store, place, "e", reason="errors"))
    rolled = await tick()
    await hosting.write(Undeploy(place, "e"))

    expected: dict[int, set[tuple[str | None, ...]]] = {
        start: set(),
        created: {("blue", "one", "1.0"), ("green", "one", "0.0")},
        updated: {("blue", "two", "1.0"), ("green", "one", "0.0")},
        weighed: {("blue", "two", "1.0"), ("green", "one", "0.5")},
        rolled: {("blue", "one", "1.0"), ("green", "one", "0.0")},
        now_ms(): set(),
    }
    for at, variants in expected.items():
        assert await hosting.shown(at) == variants
        assert await hosting.shown(at, endpoint=place.arn("endpoint/e")) == variants
    assert await hosting.running(updated, endpoint=place.arn("endpoint/other")) == []

    replaced = await hosting.actions("ModelReplaced")
    assert [(item.properties or {})["Cause"] for item in replaced] == ["Update", "Rollback"]
    assert [(item.properties or {})["Replaced"] for item in replaced] == [first, second]
    assert replaced[1].description == "errors"
    old = {names.lineage(place, Hosted.MODEL, "one"), commands.create_artifact(place, first).arn}
    assert await hosting.edges(replaced[0].arn, outgoing=False) == {("CONTRIBUTED_TO", arn) for arn in old}
    deployments = await hosting.actions("ModelDeployment")
    assert all(item.status is Status.COMPLETED and item.ended_at is not None for item in deployments)
    for item in deployments:
        assert await hosting.edges(item.arn, outgoing=True) == set()
    # Nothing ran longer than the endpoint, and each stretch of a variant ends where the next begins.
    blue = sorted(
        (item.started_at, item.ended_at) for item in deployments if (item.properties or {})["Variant"] == "blue"
    )
    assert [end for _, end in blue[:-1]] == [begin for begin, _ in blue[1:]]
    assert (await verify(hosting.catalog.store, hosting.catalog.checkpoints, hosting.account)).problem is None


async def test_earlier_knowledge_of_what_ran_is_kept(hosting: Hosting) -> None:
    await hosting.model("one")
    await hosting.model("two")
    await hosting.config("a", ("v", "one", 1))
    await hosting.config("b", ("v", "two", 1))
    known = (await hosting.endpoint("e", "a")).sequence
    at = await tick()
    await hosting.update("e", "b")
    await hosting.write(Undeploy(hosting.place, "e"))
    store, account = hosting.catalog.store, hosting.account
    then = await hosting.catalog.moment(account, as_of=now_ms(), sequence=known)
    page = await production.at(store, account, then)
    assert [item.told("Model") for _, item in page.items] == ["one"]
    assert [item.ended for _, item in page.items] == [None]
    assert await hosting.shown(at) == {("v", "one", "1.0")}


async def test_pages_go_on_though_what_they_show_has_ended(hosting: Hosting) -> None:
    await hosting.model("m")
    await hosting.config("c", *((f"v{number}", "m", 1.0) for number in range(5)))
    await hosting.endpoint("e", "c")
    when = await hosting.catalog.moment(hosting.account)
    store, found, after = hosting.catalog.store, [], None
    while True:
        page = await production.at(store, hosting.account, when, first=2, after=after)
        found += [item.told("Variant") for _, item in page.items]
        if not page.more:
            break
        after = page.items[-1][0]
        if len(found) == 2:
            await hosting.write(Undeploy(hosting.place, "e"))
    assert sorted(filter(None, found)) == [f"v{number}" for number in range(5)]
    with pytest.raises(InvalidError):
        await production.at(store, hosting.account, when, after="other")


async def test_exposure_tells_where_and_how_long(hosting: Hosting) -> None:
    first, second = await hosting.versions("churn", 2)
    await hosting.model("one", ModelPackageName=first)
    await hosting.model("two", ModelPackageName=second)
    await hosting.config("a", ("v", "one", 1))
    await hosting.config("b", ("v", "two", 1))
    await hosting.endpoint("e", "a")
    await hosting.endpoint("f", "a")
    await hosting.update("e", "b")
    store, account = hosting.catalog.store, hosting.account
    when = await hosting.catalog.moment(account)
    artifact = commands.create_artifact(hosting.place, first).arn
    found = [item for _, item in (await production.exposure(store, account, artifact, when)).items]
    assert [(item.told("Endpoint"), item.ended is None) for item in found] == [("e", False), ("f", True)]
    page = await production.exposure(store, account, artifact, when, first=1)
    assert page.more
    rest = await production.exposure(store, account, artifact, when, first=1, after=page.items[-1][0])
    assert ([item.told("Endpoint") for _, item in rest.items], rest.more) == (["f"], False)


async def test_what_does_not_change_changes_nothing(hosting: Hosting) -> None:
    await hosting.model("m")
    await hosting.config("c", ("v", "m", 1))
    await hosting.endpoint("e", "c")
    (before,) = await hosting.running()
    assert (await hosting.update("e", "c")).sequence is None
    assert [item.action.arn for item in await hosting.running()] == [before.action.arn]
    store, place = hosting.catalog.store, hosting.place
    with pytest.raises(ConflictError, match="there is nothing to roll back to"):
        await endpoints.rollback(store, place, "e")
    with pytest.raises(InvalidError, match='The variant name\\(s\\) "w" is/are not present'):
        await endpoints.reweigh(store, place, "e", {"w": {"DesiredWeight": 1.0}})
    with pytest.raises(NotFoundError, match="Could not find endpoint"):
        await endpoints.rollback(store, place, "other")


async def test_of_two_changes_at_once_one_is_told(hosting: Hosting) -> None:
    await hosting.model("m")
    await hosting.config("c", ("v", "m", 1))
    await hosting.endpoint("e", "c")
    store, place = hosting.catalog.store, hosting.place
    made: list[Deploy] = [
        await endpoints.reweigh(store, place, "e", {"v": {"DesiredWeight": weight}}) for weight in (0.2, 0.3)
    ]
    await hosting.write(made[0])
    with pytest.raises(ConflictError, match="has changed meanwhile"):
        await hosting.write(made[1])
    assert await hosting.shown() == {("v", "m", "0.2")}


async def test_a_rejected_or_deleted_model_can_still_be_weighed_down(hosting: Hosting) -> None:
    (version,) = await hosting.versions("churn", 1)
    await hosting.model("m", ModelPackageName=version)
    await hosting.config("c", ("v", "m", 1))
    await hosting.endpoint("e", "c")
    await hosting.write(amend(hosting.place, "churn/1", approval=Approval.REJECTED))
    await hosting.write(records.Delete(hosting.place, Hosted.MODEL, "m"))
    await hosting.write(
        await endpoints.reweigh(hosting.catalog.store, hosting.place, "e", {"v": {"DesiredWeight": 0.0}})
    )
    (running,) = await hosting.running()
    artifact = commands.create_artifact(hosting.place, version).arn
    assert await hosting.edges(running.action.arn, outgoing=False) == {("CONTRIBUTED_TO", artifact)}


@pytest.mark.parametrize("count", [40])
async def test_what_ran_is_what_a_plain_look_says(hosting: Hosting, count: int) -> None:
    """Stretches of many lengths, written by hand, against looking at each."""
    now = now_ms()
    stretches = []
    made: list[Any] = []
    for number in range(count):
        begin = now - 7 ** (number % 11) * (number + 2) - 100
        length = 3 ** (number % 17)
        end = FOREVER if number % 9 == 0 or begin + length >= now else begin + length
        stretches.append((begin, end))
        action = commands.create_named(
            *(hosting.place, Kind.ACTION, f"batch-{number}"),
            type="ModelDeployment",
            status=Status.IN_PROGRESS,
            source_uri="s3://b/out",
            valid_from=from_ms(begin),
        )
        made.append(action)
        if end != FOREVER:
            made.append(commands.update(action.arn, Kind.ACTION, status=Status.COMPLETED, valid_from=from_ms(end)))
    await hosting.write(*made)
    times = {edge + step for begin, end in stretches for edge in (begin, end) for step in (-1, 0, 1)}
    for at in sorted(time for time in times if time <= now):
        expected = {f"batch-{n}" for n, (begin, end) in enumerate(stretches) if begin <= at < end}
        assert {item.action.name for item in await hosting.running(at, first=100)} == expected, at
    assert (await verify(hosting.catalog.store, hosting.catalog.checkpoints, hosting.account)).problem is None


async def test_a_database_of_the_fifth_version_is_told_when_deployments_ran(
    hosting: Hosting, databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hosting.model("m")
    await hosting.config("c", ("v", "m", 1))
    known = (await hosting.endpoint("e", "c")).sequence
    await hosting.endpoint("f", "c")
    await hosting.write(Undeploy(hosting.place, "e"))
    store, account = hosting.catalog.store, hosting.account
    monkeypatch.setattr(
        "graph.store.store.statement",
        lambda name: (
            "MATCH (r:Revision {account: $account, type: 'ModelDeployment'}) REMOVE r.running, r.superseded "
            "RETURN count(r) AS n"
        ),
    )
    assert await store.run("as version 5 had it", {"account": account}) == 4
    monkeypatch.undo()
    assert await hosting.running() == []
    await store.run("schema/write_version", {"version": 5})
    monkeypatch.setattr("graph.store.schema.PAGE", 1)
    upgraded = await Catalog.open(await databases.another(store.provider.name), tmp_path)
    await upgraded.close()
    assert [item.told("Endpoint") for item in await hosting.running()] == ["f"]
    then = await hosting.catalog.moment(account, sequence=known)
    page = await production.at(store, account, then)
    assert [item.told("Endpoint") for _, item in page.items] == ["e"]
    assert (await verify(store, hosting.catalog.checkpoints, account)).problem is None
