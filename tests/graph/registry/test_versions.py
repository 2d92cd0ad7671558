"""Groups, versions and their lineage, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
import pytest_asyncio

from graph import commands, jobs, listing
from graph.access import Caller, Role
from graph.associations import AssociationType
from graph.catalog import Catalog
from graph.changes import Command
from graph.contents import content
from graph.entities import Approval, Entity, Kind, Status
from graph.errors import (
    AlreadyExistsError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
)
from graph.jobs import File, JobKind
from graph.lineage import Direction, walk
from graph.listing import Sort
from graph.registry import groups, lists, names
from graph.registry.amending import amend
from graph.registry.groups import DeleteGroup, SetPolicy, set_alias
from graph.registry.lists import RegistryFilter
from graph.registry.names import Package
from graph.registry.versions import DeletePackage, register
from graph.store.writer import Outcome
from graph.verification import verify

IMAGE = "1.dkr.ecr.us-east-1.amazonaws.com/xgb:1"
DATA = "s3://b/out/model.tar.gz"
REQUEST: dict[str, Any] = {
    "InferenceSpecification": {"Containers": [{"Image": IMAGE, "ModelDataUrl": DATA}]},
    "ModelMetrics": {
        "ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": "s3://b/metrics.json"}}
    },
}


class Registry:
    """One account's registry."""

    def __init__(self, catalog: Catalog, account: str) -> None:
        self.catalog, self.account = catalog, account
        self.place = catalog.place(account)
        self.writer = Caller(account, "writer", "test", Role.WRITER)
        self.approver = Caller(account, "boss", "test", Role.APPROVER)

    async def write(self, *made: Command, by: Caller | None = None, request_id: str | None = None) -> Outcome:
        return await self.catalog.write(by or self.writer, made, operation="test", request_id=request_id)

    async def group(self, name: str = "Churn") -> str:
        return (await self.write(groups.create(self.place, name))).applied[0].arn or ""

    async def register(self, group: str = "churn", by: Caller | None = None, **details: Any) -> Entity:
        request = details.pop("request", REQUEST)
        outcome = await self.write(register(self.place, request, group=group, **details), by=by)
        return await self.catalog.entity(self.account, outcome.applied[0].arn or "")

    async def version(self, group: str, wanted: str) -> Entity:
        return await lists.version(self.catalog.store, self.place, group, wanted, await self.now())

    async def now(self) -> Any:
        return await self.catalog.moment(self.account)

    async def edges(self, arn: str, *, outgoing: bool) -> set[tuple[str, str]]:
        page = await listing.associations(
            self.catalog.store, self.account, arn, await self.now(), outgoing=outgoing, first=500
        )
        return {(edge.association.value, edge.destination if outgoing else edge.source) for _, edge in page.items}

    async def names(self, filter_: RegistryFilter, **details: Any) -> list[str]:
        page = await lists.page(
            self.catalog.store, self.account, names.PACKAGE, await self.now(), filter=filter_, **details
        )
        return [entity.name for _, entity in page.items]


@pytest_asyncio.fixture
async def registry(catalog: Catalog, account: str) -> AsyncIterator[Registry]:
    yield Registry(catalog, account)
    assert (await verify(catalog.store, None, account)).problem is None


async def test_a_version_has_its_names_and_its_lineage(registry: Registry) -> None:
    group = await registry.group()
    made = await registry.register(tags={"team": "risk"})
    place = registry.place
    assert (made.name, made.type, made.kind) == ("Churn/1", "Model", Kind.ARTIFACT)
    assert made.resource_arn == made.source_uri == place.arn("model-package/churn/1")
    assert made.approval is Approval.PENDING_MANUAL_APPROVAL
    assert made.tags == {"team": "risk"}
    assert orjson.loads(made.specification or "") == {**REQUEST, "ModelPackageGroupName": "Churn"}
    held = await registry.catalog.entity(registry.account, group)
    assert (held.type, held.display_name) == ("ModelGroup", "Churn")
    assert held.resource_arn == held.source_uri == place.arn("model-package-group/churn")
    image = commands.create_artifact(place, IMAGE).arn
    data = commands.create_artifact(place, DATA).arn
    action = place.arn("action/churn-1-aws-model-package-creation")
    assert await registry.edges(made.arn, outgoing=False) == {
        ("CONTRIBUTED_TO", image),
        ("CONTRIBUTED_TO", data),
        ("PRODUCED", action),
    }
    assert await registry.edges(made.arn, outgoing=True) == {("ASSOCIATED_WITH", group)}
    assert await registry.edges(action, outgoing=False) == {("CONTRIBUTED_TO", image), ("CONTRIBUTED_TO", data)}
    assert (await registry.catalog.entity(registry.account, action)).type == "ModelPackageCreation"
    assert (await registry.catalog.entity(registry.account, image)).type == "Image"
    again = await registry.register()
    assert again.name == "Churn/2"
    # By its own ARN it is found, and by its source.
    assert await registry.catalog.lineage_arn(place.arn("model-package/churn/2")) == again.arn
    assert again.arn == commands.create_artifact(place, again.source_uri or "").arn


async def test_the_training_job_that_produced_the_model_data_is_among_the_ascendants(registry: Registry) -> None:
    await registry.group()
    digests = [("S3ETag", letter * 32) for letter in "ab"]
    for name, digest in zip(("old", "new"), digests, strict=True):
        await registry.write(
            *jobs.create(registry.place, JobKind.TRAINING, name, specification="{}", inputs=[File("train", "s3://b/t")])
        )
        output = File("model", DATA, "Model", source_types=(digest,))
        await registry.write(*jobs.report(registry.place, JobKind.TRAINING, name, Status.COMPLETED, outputs=[output]))
    made = await registry.register()
    newest = content(registry.place, DATA, [digests[1]]).arn
    assert ("CONTRIBUTED_TO", newest) in await registry.edges(made.arn, outgoing=False)
    found = await walk(
        *(registry.catalog.store, registry.account, [made.arn], Direction.ASCENDANTS, await registry.now())
    )
    arns = {node.arn for node in found.nodes}
    assert jobs.component_arn(registry.place, JobKind.TRAINING, "new") in arns
    assert commands.create_artifact(registry.place, "s3://b/t").arn in arns


async def test_model_data_and_images_with_digests_are_contents(registry: Registry) -> None:
    await registry.group()
    container = {"Image": IMAGE, "ImageDigest": f"sha256:{'c' * 64}", "ModelDataUrl": DATA, "ModelDataETag": '"e1"'}
    request = {"InferenceSpecification": {"Containers": [container]}}
    first, second = await registry.register(request=request), await registry.register(request=request)
    pinned = commands.create_artifact(registry.place, IMAGE, source_types=[("Custom", f"sha256:{'c' * 64}")]).arn
    known = content(registry.place, DATA, [("S3ETag", "e1")])
    for made in (first, second):
        incoming = await registry.edges(made.arn, outgoing=False)
        assert {("CONTRIBUTED_TO", pinned), ("CONTRIBUTED_TO", known.arn)} < incoming
    assert await registry.edges(known.location.arn, outgoing=True) >= {("SAME_AS", known.arn)}


async def test_numbers_only_grow(registry: Registry) -> None:
    await registry.group()
    made = await asyncio.gather(*(registry.register() for _ in range(32)))
    assert sorted(int(entity.name.split("/")[1]) for entity in made) == list(range(1, 33))
    for number in (32, 31):
        await registry.write(DeletePackage(registry.place, Package("churn", number)))
    assert (await registry.register()).name == "Churn/33"
    group = DeleteGroup(registry.place, "churn")
    with pytest.raises(ConflictError, match="31 model packages"):
        await registry.write(group)
    versions = [DeletePackage(registry.place, Package("churn", number)) for number in (*range(1, 31), 33)]
    await registry.write(*versions)
    await registry.write(group)
    with pytest.raises(NotFoundError, match="does not exist"):
        await registry.register()
    await registry.group("CHURN")
    assert (await registry.register()).name == "CHURN/34"


async def test_registrations_in_one_request_take_numbers_in_order_and_fail_as_a_whole(registry: Registry) -> None:
    await registry.group()
    first, second = (register(registry.place, REQUEST, group="churn") for _ in range(2))
    outcome = await registry.write(first, second)
    assert outcome.sequence is not None
    assert await lists.registered(registry.catalog.store, registry.account, outcome.sequence) == [
        registry.place.arn("model-package/churn/1"),
        registry.place.arn("model-package/churn/2"),
    ]
    absent = register(registry.place, REQUEST, group="absent")
    results = await asyncio.gather(registry.write(first, absent), registry.write(first), return_exceptions=True)
    assert isinstance(results[0], NotFoundError)
    assert await registry.names(RegistryFilter(group="churn")) == ["Churn/3", "Churn/2", "Churn/1"]


async def test_an_artifact_made_by_hand_becomes_the_version(registry: Registry) -> None:
    await registry.group()
    put = commands.create_artifact(registry.place, registry.place.arn("model-package/churn/1"), type="Model")
    image = commands.create_artifact(registry.place, IMAGE)
    link = commands.associate(image.arn, put.arn, AssociationType.CONTRIBUTED_TO)
    await registry.write(put, image, link)
    made = await registry.register()
    assert (made.arn, made.name) == (put.arn, "Churn/1")
    assert (await registry.register()).name == "Churn/2"


async def test_a_registration_is_done_once_under_a_token(registry: Registry) -> None:
    await registry.group()
    outcomes = [
        await registry.write(register(registry.place, REQUEST, group="churn"), request_id="token") for _ in range(2)
    ]
    assert [outcome.repeated for outcome in outcomes] == [False, True]
    assert outcomes[0].sequence == outcomes[1].sequence
    other = register(registry.place, {**REQUEST, "Domain": "x"}, group="churn")
    with pytest.raises(ConflictError, match="another request"):
        await registry.write(other, request_id="token")
    assert await registry.names(RegistryFilter(group="churn")) == ["Churn/1"]


async def test_packages_of_their_own(registry: Registry) -> None:
    alone = register(registry.place, REQUEST, name="Alone")
    await registry.write(alone)
    made = await lists.package(registry.catalog.store, registry.place, "alone", await registry.now())
    assert (made.name, made.approval) == ("Alone", None)
    with pytest.raises(AlreadyExistsError):
        await registry.write(alone)
    await registry.write(DeletePackage(registry.place, Package("alone")))
    await registry.write(alone)
    incoming = await registry.edges(made.arn, outgoing=False)
    assert len(incoming) == 3
    with pytest.raises(InvalidError, match="no group"):
        register(registry.place, REQUEST, name="other", approval=Approval.APPROVED)


async def test_a_source_that_is_a_package_gives_its_specification(registry: Registry) -> None:
    await registry.group()
    await registry.group("Prod")
    first = await registry.register()
    made = await registry.register("prod", request={"SourceUri": first.resource_arn})
    held = orjson.loads(made.specification or "")
    assert held["InferenceSpecification"] == REQUEST["InferenceSpecification"]
    assert held["SourceUri"] == first.resource_arn
    incoming = await registry.edges(made.arn, outgoing=False)
    assert {
        ("CONTRIBUTED_TO", first.arn),
        ("CONTRIBUTED_TO", commands.create_artifact(registry.place, DATA).arn),
    } < incoming
    absent = registry.place.arn("model-package/churn/9")
    with pytest.raises(NotFoundError, match="churn/9 does not exist"):
        await registry.register("prod", request={"SourceUri": absent})
    # Who brings a specification needs none of the source's.
    own = await registry.register("prod", request={**REQUEST, "SourceUri": absent})
    assert len(await registry.edges(own.arn, outgoing=False)) == 3


async def test_a_source_that_is_a_model_gives_its_containers(registry: Registry) -> None:
    await registry.group()
    container = {"Image": IMAGE, "ModelDataUrl": DATA, "Environment": {"A": "b"}, "Mode": "SingleModel"}
    own = registry.place.arn("model/served")
    model = commands.create_artifact(
        *(registry.place, own),
        type="Model",
        resource_arn=own,
        specification=orjson.dumps({"PrimaryContainer": container}).decode(),
    )
    await registry.write(model)
    made = await registry.register(request={"SourceUri": own})
    del container["Mode"]
    assert orjson.loads(made.specification or "")["InferenceSpecification"] == {"Containers": [container]}
    sources = {("CONTRIBUTED_TO", model.arn), ("CONTRIBUTED_TO", commands.create_artifact(registry.place, DATA).arn)}
    assert sources < await registry.edges(made.arn, outgoing=False)
    for absent, said in ((registry.place.arn("model/absent"), "Could not find model"), ("s3://b/x", None)):
        if said is None:
            assert (await registry.register(request={"SourceUri": absent})).name == "Churn/2"
        else:
            with pytest.raises(NotFoundError, match=said):
                await registry.register(request={"SourceUri": absent})


async def test_a_deleted_version_is_seen_in_the_past(registry: Registry) -> None:
    await registry.group()
    made = await registry.register()
    before = await registry.now()
    await registry.write(set_alias(registry.place, "churn", "champion", 1))
    await registry.write(DeletePackage(registry.place, Package("churn", 1)))
    with pytest.raises(NotFoundError, match="model-package/churn/1 does not exist"):
        await lists.package(registry.catalog.store, registry.place, "churn/1", await registry.now())
    with pytest.raises(NotFoundError, match="no alias"):
        await registry.version("churn", "champion")
    found = await walk(registry.catalog.store, registry.account, [made.arn], Direction.ASCENDANTS, before)
    assert len(found.nodes) == 4
    with pytest.raises(NotFoundError):
        await registry.write(DeletePackage(registry.place, Package("churn", 1)))


async def test_lists_filter_and_sort(registry: Registry) -> None:
    await registry.group()
    await registry.group("Fraud")
    for _ in range(11):
        await registry.register()
    await registry.register("fraud")
    await registry.write(register(registry.place, REQUEST, name="alone"))
    await registry.write(amend(registry.place, "churn/2", approval=Approval.APPROVED), by=registry.approver)
    churn = RegistryFilter(group="churn")
    assert await registry.names(churn, descending=False, first=3) == ["Churn/1", "Churn/2", "Churn/3"]
    assert (await registry.names(churn, sort=Sort.NAME))[:2] == ["Churn/11", "Churn/10"]
    assert await registry.names(RegistryFilter(group="churn", approval=Approval.APPROVED)) == ["Churn/2"]
    assert await registry.names(RegistryFilter(numbered=False)) == ["alone"]
    assert (await registry.names(RegistryFilter(numbered=True)))[0] == "Fraud/1"
    assert (await registry.names(RegistryFilter()))[:2] == ["alone", "Fraud/1"]
    assert await registry.names(RegistryFilter(contains="RAU")) == ["Fraud/1"]
    named = await registry.names(RegistryFilter(), sort=Sort.NAME, descending=False)
    assert (named[0], named[1], named[11], named[12]) == ("alone", "Churn/1", "Churn/11", "Fraud/1")
    store, account, when = registry.catalog.store, registry.account, await registry.now()
    for sort in Sort:
        seen, after = [], None
        while True:
            page = await lists.page(store, account, names.PACKAGE, when, sort=sort, first=4, after=after)
            seen += [entity.name for _, entity in page.items]
            if not page.more:
                break
            after = page.items[-1][0]
        assert len(seen) == len(set(seen)) == 13
    with pytest.raises(InvalidError, match="another list"):
        await lists.page(store, account, names.PACKAGE, when, after="x")
    found = await lists.page(store, account, names.GROUP, when, filter=RegistryFilter(contains="chu"))
    assert [entity.display_name for _, entity in found.items] == ["Churn"]


async def test_versions_by_number_alias_latest_and_latest_approved(registry: Registry) -> None:
    await registry.group()
    with pytest.raises(NotFoundError, match="no version"):
        await registry.version("churn", "latest")
    for _ in range(3):
        await registry.register()
    with pytest.raises(NotFoundError, match="no approved version"):
        await registry.version("churn", "latestApproved")
    await registry.write(amend(registry.place, "churn/2", approval=Approval.APPROVED), by=registry.approver)
    await registry.write(set_alias(registry.place, "churn", "champion", 1))
    wanted = ("2", "latest", "latestApproved", "champion")
    assert [(await registry.version("churn", text)).name for text in wanted] == [
        "Churn/2",
        "Churn/3",
        "Churn/2",
        "Churn/1",
    ]


async def test_aliases_move_and_the_last_is_told_that_it_lost(registry: Registry) -> None:
    group = await registry.group()
    for _ in range(2):
        await registry.register()
    place = registry.place
    moves = [set_alias(place, "churn", "champion", number, expected=None) for number in (1, 2)]
    results = await asyncio.gather(*(registry.write(move) for move in moves), return_exceptions=True)
    assert sorted(isinstance(result, ConflictError) for result in results) == [False, True]
    with pytest.raises(NotFoundError, match="churn/9 does not exist"):
        await registry.write(set_alias(place, "churn", "champion", 9))
    await registry.write(set_alias(place, "churn", "champion", 2))
    await registry.write(set_alias(place, "churn", "champion", None, expected=2))
    assert (await registry.catalog.entity(registry.account, group)).aliases == {}
    for alias in ("latest", "7", "a b"):
        with pytest.raises(InvalidError):
            set_alias(place, "churn", alias, 1)


async def test_what_people_call_a_group_is_not_its_name(registry: Registry) -> None:
    group = await registry.group()
    await registry.write(commands.update(group, Kind.CONTEXT, display_name="who leaves?"))
    assert (await registry.register()).name == "Churn/1"


async def test_groups_are_made_once_and_keep_their_policy(registry: Registry) -> None:
    group = await registry.group()
    with pytest.raises(AlreadyExistsError):
        await registry.group("CHURN")
    await registry.write(SetPolicy(registry.place, "churn", "{}"))
    held = {"ModelPackageGroupName": "Churn"}
    found = await registry.catalog.entity(registry.account, group)
    assert orjson.loads(found.specification or "") == {**held, "ResourcePolicy": "{}"}
    await registry.write(SetPolicy(registry.place, "churn", None))
    found = await registry.catalog.entity(registry.account, group)
    assert orjson.loads(found.specification or "") == held
    with pytest.raises(NotFoundError):
        await registry.write(SetPolicy(registry.place, "absent", None))


@pytest.mark.parametrize("role", [Role.READER, Role.WRITER])
async def test_approving_takes_the_role_also_at_creation(registry: Registry, role: Role) -> None:
    await registry.group()
    await registry.register()
    caller = Caller(registry.account, "somebody", "test", role)
    for approval in (Approval.APPROVED, Approval.REJECTED):
        for command in (
            register(registry.place, REQUEST, group="churn", approval=approval),
            amend(registry.place, "churn/1", approval=approval),
        ):
            # Alone, and behind what everybody may write.
            for batch in ([command], [groups.create(registry.place, "other"), command]):
                with pytest.raises(ForbiddenError, match="has the role"):
                    await registry.write(*batch, by=caller)
    assert (await registry.version("churn", "latest")).name == "Churn/1"
