"""Model cards and collections through GraphQL."""

import json
from typing import Any

import pytest

from graph import jobs
from graph.access import Caller, Role
from graph.entities import Status
from graph.jobs import File, JobKind
from graph.verification import verify
from tests.api.conftest import Service
from tests.api.keys import Keys
from tests.api.test_registry import group, register

CARD = "arn displayName version status content text modelId riskRating exports { name }"
CREATE = (
    f"mutation($i: CreateModelCardInput!) {{ createModelCard(input: $i) {{ created sequence card {{ {CARD} }} }} }}"
)
WRITE = f"mutation($i: WriteModelCardInput!) {{ writeModelCard(input: $i) {{ sequence card {{ {CARD} }} }} }}"
STATUS = f"mutation($i: SetModelCardStatusInput!) {{ setModelCardStatus(input: $i) {{ sequence card {{ {CARD} }} }} }}"
FILL = f"mutation($i: FillModelCardInput!) {{ fillModelCard(input: $i) {{ created card {{ {CARD} }} }} }}"
DELETE = "mutation($i: DeleteModelCardInput!) { deleteModelCard(input: $i) { arn } }"
FIND = f"query($c: ID!) {{ modelCard(card: $c) {{ {CARD} versions(first: 2) {{ nodes {{ version status text }} }} }} }}"
LIST = """query($s: ModelCardStatus, $a: String) {
  modelCards(status: $s, first: 2, after: $a) { nodes { displayName } pageInfo { hasNextPage endCursor } } }"""
TREE = """
fragment Shown on Collection { displayName path parent { displayName } groups { nodes { displayName } }
  children { nodes { displayName path } } }
"""
MAKE = f"mutation($i: CreateCollectionInput!) {{ createCollection(input: $i) {{ created collection {{ ...Shown }} }} }} {TREE}"
MOVE = f"mutation($i: MoveCollectionInput!) {{ moveCollection(input: $i) {{ collection {{ ...Shown }} }} }} {TREE}"
RENAME = (
    f"mutation($i: RenameCollectionInput!) {{ renameCollection(input: $i) {{ collection {{ ...Shown }} }} }} {TREE}"
)
ADD = f"mutation($i: CollectionGroupsInput!) {{ addToCollection(input: $i) {{ collection {{ ...Shown }} }} }} {TREE}"
REMOVE = (
    f"mutation($i: CollectionGroupsInput!) {{ removeFromCollection(input: $i) {{ collection {{ ...Shown }} }} }} {TREE}"
)
END = "mutation($i: DeleteCollectionInput!) { deleteCollection(input: $i) { arn } }"
COLLECTION = f"query($c: ID!) {{ collection(collection: $c) {{ ...Shown }} }} {TREE}"


async def test_a_card_is_made_written_reviewed_listed_and_ended(service: Service) -> None:
    uses = {"intended_uses": {"risk_rating": "Low"}}
    made = await service.data(CREATE, i={"name": "Churn-Card", "content": json.dumps(uses, indent=2)})
    card = made["createModelCard"]["card"]
    assert (card["displayName"], card["version"], card["status"], card["riskRating"]) == (
        "Churn-Card",
        1,
        "DRAFT",
        "Low",
    )
    assert card["content"] == uses
    assert "\n" not in card["text"]
    written = (await service.data(WRITE, i={"card": "churn-card", "content": "{}"}))["writeModelCard"]["card"]
    assert (written["version"], written["content"]) == (2, {})
    reply = await service.ask(STATUS, i={"card": "churn-card", "status": "APPROVED", "version": 1})
    assert reply.code == "CONFLICT"
    await service.data(STATUS, i={"card": "churn-card", "status": "APPROVED", "version": 2})
    found = (await service.data(FIND, c=service.arn("model-card/churn-card")))["modelCard"]
    assert found["status"] == "APPROVED"
    assert [(row["version"], row["status"]) for row in found["versions"]["nodes"]] == [(2, "APPROVED"), (1, "DRAFT")]
    for name in ("a", "b", "c"):
        await service.data(CREATE, i={"name": name})
    page = (await service.data(LIST, s="DRAFT"))["modelCards"]
    assert [row["displayName"] for row in page["nodes"]] == ["c", "b"]
    rest = (await service.data(LIST, s="DRAFT", a=page["pageInfo"]["endCursor"]))["modelCards"]
    assert ([row["displayName"] for row in rest["nodes"]], rest["pageInfo"]["hasNextPage"]) == (["a"], False)
    await service.data(DELETE, i={"card": "churn-card"})
    assert (await service.data(FIND, c="churn-card"))["modelCard"] is None


async def test_a_card_is_filled_from_lineage(service: Service) -> None:
    catalog, place = service.catalog, service.catalog.place(service.account)
    caller = Caller(service.account, "trainer", "test", Role.APPROVER)
    request: dict[str, Any] = {"specification": "{}", "inputs": [File("train", "s3://lake/train.parquet")]}
    request["parameters"] = {"depth": {"number": "3"}}
    job = jobs.create(place, JobKind.TRAINING, "train-1", **request)
    output = File("model", "s3://lake/model.tar.gz", "Model")
    done = jobs.report(place, JobKind.TRAINING, "train-1", Status.COMPLETED, outputs=[output], metrics={"auc": 0.9})
    await catalog.write(caller, [*job, *done], operation="test")
    await group(service)
    await service.data(
        "mutation($i: SetTagsInput!) { tag(input: $i) { arn } }",
        i={"arn": service.arn("model-package-group/churn"), "tags": [{"key": "owner", "value": "risk"}]},
    )
    tags = [{"key": "intended-use", "value": "letters"}, {"key": "risk-rating", "value": "low"}]
    container = {"image": "xgb:1", "modelDataUrl": "s3://lake/model.tar.gz"}
    await register(service, containers=[container], tags=tags, description="who leaves")
    decide = "mutation($i: DecideInput!) { decide(input: $i) { sequence } }"
    await service.data(decide, i={"version": "churn/1", "decision": "APPROVED", "reason": "good"})
    made = (await service.data(FILL, i={"card": "of-churn", "version": "churn/1"}))["fillModelCard"]
    card = made["card"]
    content = card["content"]
    assert made["created"]
    assert card["modelId"] == service.arn("model-package/churn/1")
    overview = content["model_overview"]
    assert (overview["model_name"], overview["model_version"], overview["model_owner"]) == ("Churn", 1, "risk")
    assert overview["model_artifact"] == ["s3://lake/model.tar.gz"]
    assert content["intended_uses"] == {"purpose_of_model": "letters", "risk_rating": "Low"}
    training = content["training_details"]["training_job_details"]
    assert training["training_arn"] == service.arn("training-job/train-1")
    assert training["training_datasets"] == ["s3://lake/train.parquet"]
    assert training["training_metrics"] == [{"name": "auc", "value": 0.9}]
    assert training["hyper_parameters"] == [{"name": "depth", "value": "3"}]
    details = content["additional_information"]["custom_details"]
    assert details["approvals"].startswith("Approved by ")
    assert details["approvals"].endswith(": good")
    assert details["source of training_job_details"].startswith(service.arn("experiment-trial-component/train-1"))
    assert ":artifact/" in details["source of training_datasets"]
    assert details["source of model_owner"] == service.arn("context/churn-aws-model-package-group")
    # What people wrote stays; what the graph knows is written anew.
    content["intended_uses"]["purpose_of_model"] = "letters and calls"
    content["training_details"]["training_job_details"] = {**training, "training_metrics": []}
    await service.data(WRITE, i={"card": "of-churn", "content": json.dumps(content)})
    again = (await service.data(FILL, i={"card": "of-churn", "version": "churn/1"}))["fillModelCard"]["card"]
    assert again["content"]["intended_uses"]["purpose_of_model"] == "letters and calls"
    assert (
        again["content"]["training_details"]["training_job_details"]["training_metrics"] == training["training_metrics"]
    )
    shown = 'query { modelVersion(group: "churn") { card { displayName } } }'
    assert (await service.data(shown))["modelVersion"]["card"] == {"displayName": "of-churn"}


async def tree(service: Service, name: str) -> Any:
    return (await service.data(COLLECTION, c=name))["collection"]


async def test_collections_are_a_tree(service: Service) -> None:
    for name in ("Risk", "Other"):
        await service.data(MAKE, i={"name": name})
    made = (await service.data(MAKE, i={"name": "Credit", "parent": "risk", "description": "loans"}))[
        "createCollection"
    ]
    assert (made["created"], made["collection"]["path"], made["collection"]["parent"]) == (
        True,
        "Risk/Credit",
        {"displayName": "Risk"},
    )
    await service.data(MAKE, i={"name": "Cars", "parent": "Credit"})
    await group(service)
    await group(service, "Fraud")
    added = (await service.data(ADD, i={"collection": "Cars", "groups": ["churn", "Fraud"]}))["addToCollection"]
    assert [row["displayName"] for row in added["collection"]["groups"]["nodes"]] == ["Churn", "Fraud"]
    await service.data(ADD, i={"collection": "other", "groups": ["churn"]})
    moved = (await service.data(MOVE, i={"collection": "Credit", "parent": "Other", "name": "Loans"}))["moveCollection"]
    assert (moved["collection"]["path"], moved["collection"]["displayName"]) == ("Other/Loans", "Loans")
    assert moved["collection"]["children"]["nodes"] == [{"displayName": "Cars", "path": "Other/Loans/Cars"}]
    cars = await tree(service, "cars")
    assert [row["displayName"] for row in cars["groups"]["nodes"]] == ["Churn", "Fraud"]
    assert (await tree(service, "risk"))["children"]["nodes"] == []
    assert await tree(service, "Credit") is None
    tags = "query($a: ID!) { entity(arn: $a) { tags { key value } } }"
    held = (await service.data(tags, a=service.arn("model-package-group/fraud")))["entity"]["tags"]
    assert [tag["value"] for tag in held] == ["Other/Loans/Cars"]
    reply = await service.ask(MOVE, i={"collection": "Other", "parent": "Cars"})
    assert reply.code == "INVALID"
    reply = await service.ask(RENAME, i={"collection": "Loans", "name": "Risk"})
    assert reply.code == "ALREADY_EXISTS"
    renamed = (await service.data(RENAME, i={"collection": "Loans", "name": "Lending"}))["renameCollection"]
    assert renamed["collection"]["path"] == "Other/Lending"
    assert (await tree(service, "cars"))["path"] == "Other/Lending/Cars"
    reply = await service.ask(END, i={"collection": "Cars"})
    assert reply.code == "CONFLICT"
    await service.data(REMOVE, i={"collection": "Cars", "groups": ["churn", "fraud"]})
    await service.data(END, i={"collection": "Cars"})
    listed = (await service.data('{ collections(contains: "R") { nodes { path } } }'))["collections"]["nodes"]
    assert [row["path"] for row in listed] == ["Other", "Risk"]
    of = 'query { modelGroup(group: "churn") { collections { path } } }'
    assert (await service.data(of))["modelGroup"]["collections"] == [{"path": "Other"}]
    assert (await verify(service.catalog.store, None, service.account)).problem is None


async def test_approving_a_card_takes_the_role(keys: Keys) -> None:
    writer = await keys.make("writer", Role.WRITER)
    response = await keys.post(keys.as_(writer), CREATE, i={"name": "a", "status": "APPROVED"})
    assert response.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize("content", ["x", "[]", '{"model_overview": 1}'])
async def test_a_content_that_does_not_fit_is_refused(service: Service, content: str) -> None:
    assert (await service.ask(CREATE, i={"name": "a", "content": content})).code == "INVALID"
