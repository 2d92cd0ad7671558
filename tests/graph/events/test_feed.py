"""The feed: which write tells of which events, in which form, and that pages lose and repeat nothing."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from graph.catalog import Catalog
from graph.commands import create_named, delete
from graph.entities import Approval, Kind, Status
from graph.errors import InvalidError
from graph.events import feed
from graph.events.event import LARGEST, Event
from graph.events.feed import Wanted
from graph.events.types import EventType
from graph.hosting import endpoints, records
from graph.hosting.deployments import Undeploy
from graph.hosting.names import Hosted
from graph.registry.amending import amend
from graph.registry.groups import set_alias
from graph.registry.names import Package
from graph.registry.versions import DeletePackage, register
from tests.conftest import Databases
from tests.graph.registry.test_versions import REQUEST, Registry, registry

__all__ = ["registry"]
CREATED, APPROVED, REJECTED, STAGED, DEPLOYED, REPLACED, MOVED, *_ = EventType


async def events(registry: Registry, after: str | None = None, **given: Any) -> list[Event]:
    place = registry.place
    start = feed.behind(place.account, 0) if after is None else after
    return (await feed.page(registry.catalog.store.read, place, start, first=500, **given)).events


async def types(registry: Registry, **given: Any) -> list[EventType]:
    return [event.type for event in await events(registry, **given)]


async def deploy(registry: Registry, model: str, version: str) -> None:
    """A model of a version, and a configuration that names it."""
    container = {"ModelPackageName": registry.place.arn(f"model-package/{version}")}
    request = {"ModelName": model, "PrimaryContainer": container}
    await registry.write(records.create(registry.place, Hosted.MODEL, model, request))
    variant = {"VariantName": "all", "ModelName": model, "InitialVariantWeight": 1.0}
    config = {"EndpointConfigName": model, "ProductionVariants": [variant]}
    await registry.write(records.create(registry.place, Hosted.CONFIG, model, config))


async def test_a_models_life_is_told_in_its_order(registry: Registry) -> None:
    store, place = registry.catalog.store, registry.place
    await registry.group()
    await registry.register()
    await registry.register(by=registry.approver, approval=Approval.APPROVED)
    await registry.write(amend(place, "churn/1", approval=Approval.APPROVED, reason="auc"), by=registry.approver)
    await registry.write(set_alias(place, "churn", "champion", 1))
    await registry.write(set_alias(place, "churn", "champion", 2))
    for number in (1, 2):
        await deploy(registry, f"m{number}", f"churn/{number}")
    await registry.write(await endpoints.create(store, place, "live", "m1"))
    await registry.write(await endpoints.update(store, place, "live", "m2"))
    await registry.write(amend(place, "churn/1", approval=Approval.REJECTED, reason="drift"), by=registry.approver)
    await registry.write(amend(place, "churn/1", replaced={"ModelLifeCycle": {"Stage": "Old", "StageStatus": "Done"}}))
    await registry.write(amend(place, "churn/1", metadata={"a": "b"}))
    await registry.write(Undeploy(place, "live"))
    await registry.write(DeletePackage(place, Package("churn", 2)))
    found = await events(registry)
    assert [event.type for event in found] == [
        *(CREATED, CREATED, APPROVED, APPROVED, MOVED, MOVED, DEPLOYED),
        *(DEPLOYED, REPLACED, REJECTED, STAGED, MOVED),
    ]
    assert len({event.id for event in found}) == len(found)
    assert [event.key for event in found] == sorted(event.key for event in found)
    assert {event.told.group for event in found} == {"churn"}
    assert [event.actor for event in found if event.type in (APPROVED, REJECTED)] == ["boss"] * 3


async def test_an_event_has_the_form_of_eventbridge(registry: Registry) -> None:
    await registry.group()
    made = await registry.register(request={**REQUEST, "ModelPackageDescription": "first"})
    await registry.write(
        amend(registry.place, "churn/1", approval=Approval.APPROVED, reason="auc 0.9"), by=registry.approver
    )
    document = (await events(registry))[-1].document()
    at = document.pop("time")
    assert len(at) == 20
    assert at.endswith("Z")
    detail = document["detail"]
    created, changed = detail.pop("CreationTime"), detail.pop("LastModifiedTime")
    assert created <= changed == at
    assert document == {
        "version": "0",
        "id": document["id"],
        "detail-type": "SageMaker Model Package State Change",
        "source": "aws.sagemaker",
        "account": registry.account,
        "region": "us-east-1",
        "resources": [made.resource_arn],
        "detail": {
            "ModelPackageName": "Churn",
            "ModelPackageGroupName": "Churn",
            "ModelPackageVersion": 1,
            "ModelPackageArn": made.resource_arn,
            "ModelPackageDescription": "first",
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
            "CertifyForMarketplace": False,
            "ModelApprovalStatus": "Approved",
            "ApprovalDescription": "auc 0.9",
            **REQUEST,
        },
        "stemma": {
            "type": "model_version.approved",
            "sequence": 3,
            "actor": "boss",
            "door": "test",
            "group": "churn",
        },
    }


async def test_what_runs_and_what_an_alias_names_have_details_of_their_own(registry: Registry) -> None:
    store, place = registry.catalog.store, registry.place
    await registry.group()
    for _ in range(2):
        await registry.register(by=registry.approver, approval=Approval.APPROVED)
    await registry.write(set_alias(place, "churn", "champion", 1))
    for number in (1, 2):
        await deploy(registry, f"m{number}", f"churn/{number}")
    await registry.write(await endpoints.create(store, place, "live", "m1"))
    await registry.write(await endpoints.update(store, place, "live", "m2"))
    wanted = Wanted(frozenset({DEPLOYED, REPLACED, MOVED}))
    moved, first, second, replaced = [event.document() for event in await events(registry, wanted=wanted)]
    group, (one, two) = place.arn("model-package-group/churn"), (place.arn(f"model-package/churn/{n}") for n in (1, 2))
    assert moved["resources"] == [group, one]
    assert moved["source"] == first["source"] == "stemma"
    assert moved["detail"] == {
        "ModelPackageGroupName": "Churn",
        "ModelPackageGroupArn": group,
        "Alias": "champion",
        "ModelPackageVersion": 1,
        "ModelPackageArn": one,
    }
    endpoint = place.arn("endpoint/live")
    assert (first["detail-type"], first["resources"][:2]) == ("Stemma Model Deployed", [one, endpoint])
    said = first["detail"]
    assert (said["EndpointName"], said["VariantName"], said["ModelName"]) == ("live", "all", "m1")
    assert (said["Cause"], said["ModelPackageArns"], said["EndpointArn"]) == ("Create", [one], endpoint)
    assert second["detail"]["ModelPackageVersion"] == 2
    assert (replaced["detail-type"], replaced["resources"][:2]) == ("Stemma Model Replaced", [two, one])
    assert (replaced["detail"]["Replaced"], replaced["detail"]["Replacement"]) == (one, two)


async def test_pages_lose_and_repeat_nothing_while_others_write(registry: Registry) -> None:
    await registry.group()
    place, read = registry.place, registry.catalog.store.read
    seen: list[str] = []
    at = feed.behind(place.account, 0)
    for number in range(1, 8):
        await registry.register(by=registry.approver, approval=Approval.APPROVED)
        found = await feed.page(read, place, at, first=3 if number % 2 else 1)
        at = found.end
        seen += [event.id for event in found.events]
    while (found := await feed.page(read, place, at, first=1)).events:
        at = found.end
        seen += [event.id for event in found.events]
    assert not found.more
    everything = await events(registry)
    assert seen == [event.id for event in everything]
    assert len(everything) == 14
    # From the end nothing follows until something is written, and then that follows.
    await registry.register()
    assert [event.type for event in (await feed.page(read, place, at)).events] == [CREATED]
    for event in everything:
        again = await feed.event(read, place, event.key)
        assert again is not None
        assert again.document() == event.document()
    with pytest.raises(InvalidError, match="first is 501"):
        await feed.page(read, place, at, first=501)


async def test_a_filter_shows_what_is_wanted_and_goes_past_the_rest(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "SLICE", 2)
    monkeypatch.setattr(feed, "ROUNDS", 2)
    for group in ("churn", "fraud"):
        await registry.group(group)
        for _ in range(4):
            await registry.register(group)
    place, read = registry.place, registry.catalog.store.read
    wanted = Wanted(frozenset({CREATED}), "fraud")
    at, pages, seen = feed.behind(place.account, 0), 0, []
    while True:
        found = await feed.page(read, place, at, wanted=wanted, first=500)
        seen += [event.told.resources[0].rsplit("/", 2)[1:] for event in found.events]
        at, pages = found.end, pages + 1
        if not found.more:
            break
    assert seen == [["fraud", str(number)] for number in range(1, 5)]
    assert pages > 2


async def test_what_a_ledger_entry_told_can_be_asked_for(registry: Registry) -> None:
    await registry.group()
    for _ in range(3):
        await registry.register()
    place = registry.place
    found = await feed.page(registry.catalog.store.read, place, feed.behind(place.account, 2), upto=3)
    assert [event.sequence for event in found.events] == [3]


async def test_an_action_made_by_hand_tells_once_that_it_runs(registry: Registry) -> None:
    place = registry.place
    made = create_named(
        place, Kind.ACTION, "batch", type="ModelDeployment", source_uri="s3://out", status=Status.IN_PROGRESS
    )
    other = create_named(place, Kind.ACTION, "look", type="Review", source_uri="s3://out", status=Status.COMPLETED)
    await registry.write(made, other)
    await registry.write(delete(made.arn))
    await registry.write(made)
    assert await types(registry) == [DEPLOYED, DEPLOYED]
    document = (await events(registry))[0].document()
    assert document["resources"] == ["s3://out", made.arn]
    assert "EndpointArn" not in document["detail"]


async def test_a_group_made_again_has_a_beginning_of_its_own(registry: Registry) -> None:
    place = registry.place
    await registry.write(register(place, REQUEST, name="alone"))
    await registry.write(DeletePackage(place, Package("alone")))
    await registry.write(register(place, REQUEST, name="alone"))
    first, second = await events(registry)
    assert first.type is second.type is CREATED
    assert first.id != second.id
    assert first.told.group is None


async def test_a_document_is_never_larger_than_eventbridge_has_it(registry: Registry) -> None:
    await registry.group()
    container = {**REQUEST["InferenceSpecification"]["Containers"][0], "Environment": {"A": "x" * LARGEST}}
    request = {**REQUEST, "InferenceSpecification": {"Containers": [container]}}
    await registry.register(request=request)
    document = (await events(registry))[0].document()
    assert document["stemma"]["leftOut"] == ["InferenceSpecification"]
    assert document["detail"]["ModelMetrics"] == REQUEST["ModelMetrics"]
    assert len(orjson.dumps(document)) <= LARGEST


async def test_nothing_of_another_account_is_told(registry: Registry) -> None:
    await registry.group()
    await registry.register()
    other = Registry(registry.catalog, f"{int(registry.account) ^ 1:012d}")
    assert await events(other) == []
    with pytest.raises(InvalidError, match="another feed"):
        await events(other, feed.behind(registry.account, 0))


async def test_a_database_of_version_7_tells_what_was_written_before(
    registry: Registry, databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await registry.group()
    await registry.register(by=registry.approver, approval=Approval.APPROVED)
    await registry.write(set_alias(registry.place, "churn", "champion", 1))
    await deploy(registry, "m1", "churn/1")
    store = registry.catalog.store
    await registry.write(await endpoints.create(store, registry.place, "live", "m1"))
    before = await events(registry)
    assert len(before) == 4
    monkeypatch.setattr(
        "graph.store.store.statement",
        lambda name: "MATCH (r:Revision {account: $account}) REMOVE r.outbox RETURN count(r) AS n",
    )
    assert await store.run("as version 7 had it", {"account": registry.account}) > 4
    monkeypatch.undo()
    assert await events(registry) == []
    await store.run("schema/write_version", {"version": 7})
    monkeypatch.setattr("graph.store.schema.PAGE", 1)
    upgraded = await Catalog.open(await databases.another(store.provider.name), tmp_path)
    await upgraded.close()
    assert await events(registry) == before
