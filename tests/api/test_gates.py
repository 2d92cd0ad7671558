"""Gates through every door, by every role: at creation, by update, by what looks like an approval; nobody gets around them."""

import asyncio
import itertools
from typing import Any

import pytest
from botocore.exceptions import ClientError

from graph.access import Role
from graph.keys import MadeKey, PrincipalKind
from graph.registry import lists
from tests.api.keys import Keys, sagemaker
from tests.api.test_registry import CONTAINER, DECIDE, GROUP, REGISTER

GATES = """mutation($i: SetGatesInput!) { setGates(input: $i) { sequence group { gates {
  requiredApprovals metrics { name atLeast atMost } noViolationsSince approvedModelCard licensedData } } } }"""
DECIDED = """mutation($i: DecideInput!) { decide(input: $i) { sequence missing version { approval standing {
  passed missing overridden results { gate wanted found passed evidence { arn uri content state by { id } } } stale { kind } }
  approvalStale { reasons { kind text arn at } }
  approvals { decision effective overridden reason by { id } gateResults { gate passed wanted found } } } } }"""
SHOW = """{ modelVersion(group: "churn") { approval approvalStale { reasons { kind text arn } }
  standing { passed missing stale { kind } } } }"""
EVALUATE = """mutation($i: IngestInput!) { ingest(input: $i) { entities { arn } } }"""
SPEC = {"InferenceSpecification": {"Containers": [{"Image": "xgb:1"}], "SupportedContentTypes": ["text/csv"]}}
METRICS = {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": "s3://b/m.json"}}}


class Door:
    """The service with a key of each role, and a service of one."""

    def __init__(self, keys: Keys, made: dict[str, MadeKey]) -> None:
        self.keys, self.made = keys, made

    async def ask(self, who: str, query: str, given: dict[str, Any] | None = None) -> dict[str, Any]:
        reply = await self.keys.post(self.keys.as_(self.made[who]), query, **({} if given is None else {"i": given}))
        found: dict[str, Any] = reply.json()
        return found

    async def code(self, who: str, query: str, given: dict[str, Any]) -> str:
        (error,) = (await self.ask(who, query, given))["errors"]
        code: str = error["extensions"]["code"]
        return code

    async def data(self, who: str, query: str, given: dict[str, Any] | None = None) -> Any:
        found = await self.ask(who, query, given)
        assert "errors" not in found, found
        return found["data"]

    async def aws(self, who: str, operation: str, **given: Any) -> Any:
        key = self.made[who]
        return await asyncio.to_thread(getattr(sagemaker(self.keys, key.key.id, key.secret), operation), **given)

    async def evaluate(self, who: str, value: str, digest: str) -> None:
        types = [{"type": "CUSTOM", "value": digest}]
        properties = [{"key": "auc", "value": value}]
        entities = [
            {"artifact": {"sourceUri": "s3://b/m.json", "type": "Report"}},
            {"artifact": {"sourceUri": "s3://b/m.json", "sourceTypes": types, "properties": properties}},
        ]
        made = (await self.data(who, EVALUATE, {"entities": entities}))["ingest"]["entities"]
        same = {"source": made[0]["arn"], "destination": made[1]["arn"], "association": "SAME_AS"}
        await self.data(who, EVALUATE, {"associations": [same]})

    async def approval(self, name: str = "churn/1") -> str | None:
        catalog, account = self.keys.service.catalog, self.keys.service.account
        when = await catalog.moment(account)
        found = (await lists.package(catalog.store, catalog.place(account), name, when)).approval
        return None if found is None else found.value


@pytest.fixture
async def door(keys: Keys) -> Door:
    made = {role.value: await keys.make(role.value, role) for role in Role}
    made["second"] = await keys.make("second", Role.APPROVER)
    made["robot"] = await keys.make("robot", Role.APPROVER, kind=PrincipalKind.SERVICE)
    return Door(keys, made)


async def test_gates_are_set_by_administrators_and_told(door: Door) -> None:
    await door.data("writer", GROUP, {"name": "Churn"})
    asked = {
        "group": "Churn",
        "requiredApprovals": 2,
        "metrics": [{"name": "auc", "atLeast": 0.9}],
        "noViolationsSince": "2026-01-01T00:00:00Z",
        "approvedModelCard": True,
        "licensedData": True,
    }
    for who in ("reader", "writer", "approver", "robot"):
        assert await door.code(who, GATES, asked) == "FORBIDDEN"
    held = (await door.data("admin", GATES, asked))["setGates"]["group"]["gates"]
    assert held == {
        **{key: value for key, value in asked.items() if key != "group"},
        "metrics": [{"name": "auc", "atLeast": 0.9, "atMost": None}],
        "noViolationsSince": "2026-01-01T00:00:00.000Z",
    }
    assert (await door.data("admin", GATES, {"group": "churn"}))["setGates"]["group"]["gates"] is None
    for wrong in ({"requiredApprovals": -1}, {"metrics": [{"name": "auc"}]}):
        assert await door.code("admin", GATES, {"group": "churn", **wrong}) == "INVALID"


async def test_no_door_and_no_role_gets_around_the_gates(door: Door) -> None:
    """Every way to say Approved, by everybody, while evidence and persons are missing: the version stays pending."""
    await door.data("writer", GROUP, {"name": "churn"})
    await door.data(
        "admin", GATES, {"group": "churn", "requiredApprovals": 2, "metrics": [{"name": "auc", "atLeast": 0.9}]}
    )
    await door.data("writer", REGISTER, {"group": "churn", "containers": [CONTAINER]})
    arn = door.keys.service.arn("model-package/churn/1")
    for who in door.made:
        assert await door.code(who, DECIDE, {"version": "churn/1", "decision": "APPROVED"}) in ("FORBIDDEN", "CONFLICT")
        made = {"group": "churn", "containers": [CONTAINER], "approval": "APPROVED", "reason": "x"}
        assert await door.code(who, REGISTER, made) == "FORBIDDEN"
        tries: dict[str, dict[str, Any]] = {
            "update_model_package": {"ModelPackageArn": arn, "ModelApprovalStatus": "Approved"},
            "create_model_package": {
                **SPEC,
                "ModelPackageGroupName": "churn",
                "ModelApprovalStatus": "Approved",
                "ModelMetrics": METRICS,
            },
        }
        for operation, given in tries.items():
            with pytest.raises(ClientError) as refused:
                await door.aws(who, operation, **given)
            assert refused.value.response["Error"]["Code"] in ("AccessDeniedException", "ConflictException")
        if who != "admin":
            override = {"version": "churn/1", "decision": "APPROVED", "override": True, "reason": "x"}
            assert await door.code(who, DECIDE, override) == "FORBIDDEN"
        assert await door.approval() == "PENDING_MANUAL_APPROVAL"
    assert (
        await door.code("admin", DECIDE, {"version": "churn/1", "decision": "APPROVED", "override": True}) == "INVALID"
    )
    with pytest.raises(ClientError, match="only an approved version can be deployed"):
        await door.aws("admin", "create_model", ModelName="m", PrimaryContainer={"ModelPackageName": arn})
    with pytest.raises(ClientError, match="does not exist"):
        await door.aws("reader", "describe_model_package", ModelPackageName=f"{arn[:-1]}2")


async def test_two_persons_approve_what_a_third_registered(door: Door) -> None:
    await door.data("writer", GROUP, {"name": "churn"})
    await door.data(
        "admin", GATES, {"group": "churn", "requiredApprovals": 2, "metrics": [{"name": "auc", "atLeast": 0.9}]}
    )
    await door.aws("writer", "create_model_package", **SPEC, ModelPackageGroupName="churn", ModelMetrics=METRICS)
    await door.evaluate("writer", "0.95", "sha256:aa")
    decision = {"version": "churn/1", "decision": "APPROVED", "reason": "fine"}
    assert await door.code("robot", DECIDED, decision) == "FORBIDDEN"
    first = (await door.data("approver", DECIDED, decision))["decide"]
    (missing,) = first["missing"]
    assert missing.startswith("approval by 2 persons with the role approver who did not register it: 1 of 2 so far")
    assert (first["version"]["approval"], first["version"]["standing"]["missing"]) == (
        "PENDING_MANUAL_APPROVAL",
        [missing],
    )
    (vote,) = first["version"]["approvals"]
    assert (vote["decision"], vote["effective"], vote["by"]["id"]) == ("APPROVED", False, "person/approver")
    arn = door.keys.service.arn("model-package/churn/1")
    with pytest.raises(
        ClientError, match=r"is recorded, and the version is not approved yet; missing: .*1 of 2"
    ) as told:
        await door.aws("approver", "update_model_package", ModelPackageArn=arn, ModelApprovalStatus="Approved")
    assert told.value.response["Error"]["Code"] == "ConflictException"
    await door.aws("second", "update_model_package", ModelPackageArn=arn, ModelApprovalStatus="Approved")
    shown = (await door.data("reader", SHOW))["modelVersion"]
    assert shown == {
        "approval": "APPROVED",
        "approvalStale": None,
        "standing": {"passed": True, "missing": [], "stale": []},
    }
    query = """{ modelVersion(group: "churn") { approvals { effective overridden gateResults { gate passed evidence { arn
      content by { id } } } } } }"""
    _, approval = (await door.data("reader", query))["modelVersion"]["approvals"]
    assert (approval["effective"], approval["overridden"]) == (True, False)
    assert [(each["gate"], each["passed"]) for each in approval["gateResults"]] == [
        ("APPROVALS", True),
        ("METRIC", True),
    ]
    (piece,) = approval["gateResults"][1]["evidence"]
    assert (piece["content"], piece["by"]["id"]) == ("sha256:aa", "person/writer")
    await door.aws("writer", "create_model", ModelName="m", PrimaryContainer={"ModelPackageName": arn})
    await door.evaluate("writer", "0.5", "sha256:bb")
    shown = (await door.data("reader", SHOW))["modelVersion"]
    assert (shown["approval"], shown["standing"]["passed"]) == ("APPROVED", False)
    (reason,) = shown["approvalStale"]["reasons"]
    assert (reason["kind"], reason["text"]) == ("REWRITTEN", "s3://b/m.json was written anew")
    overridden = (await door.data("admin", DECIDED, {**decision, "override": True, "reason": "outage"}))["decide"]
    assert overridden["missing"] == []
    last = overridden["version"]["approvals"][-1]
    assert (last["overridden"], last["by"]["id"]) == (True, "person/admin")
    assert [each["passed"] for each in last["gateResults"]] == [False, False]


async def test_an_update_does_not_change_what_was_approved(door: Door) -> None:
    await door.data("writer", GROUP, {"name": "churn"})
    await door.data("admin", GATES, {"group": "churn", "requiredApprovals": 1})
    await door.data("writer", REGISTER, {"group": "churn", "containers": [CONTAINER]})
    await door.data("approver", DECIDED, {"version": "churn/1", "decision": "APPROVED"})
    arn = door.keys.service.arn("model-package/churn/1")
    more = {"Name": "other", "Containers": [{"Image": "evil:1"}]}
    changes: list[dict[str, Any]] = [
        {"InferenceSpecification": {"Containers": [{"Image": "evil:1"}]}},
        {"AdditionalInferenceSpecificationsToAdd": [more]},
        {"SourceUri": "s3://elsewhere/model"},
    ]
    for change, who in itertools.product(changes, ("writer", "approver", "admin")):
        with pytest.raises(ClientError, match="was approved under the gates"):
            await door.aws(who, "update_model_package", ModelPackageArn=arn, **change)
    stage = {"Stage": "Production", "StageStatus": "Live"}
    await door.aws("writer", "update_model_package", ModelPackageArn=arn, ModelLifeCycle=stage)


async def test_versions_and_groups_end_by_operations_of_the_registry(door: Door) -> None:
    made = (await door.data("writer", GROUP, {"name": "churn"}))["createModelGroup"]["arn"]
    version = (await door.data("writer", REGISTER, {"group": "churn", "containers": [CONTAINER]}))[
        "registerModelVersion"
    ]
    delete = "mutation($i: DeleteEntityInput!) { deleteEntity(input: $i) { sequence } }"
    for arn in (made, version["arn"]):
        for preview in (True, False):
            given = {"arn": arn, "cascade": "ASSOCIATIONS", "preview": preview}
            assert await door.code("admin", delete, given) == "CONFLICT"
    group = "mutation($i: DeleteModelGroupInput!) { deleteModelGroup(input: $i) { arn sequence } }"
    one = "mutation($i: DeleteModelVersionInput!) { deleteModelVersion(input: $i) { arn sequence } }"
    assert await door.code("writer", group, {"group": "churn"}) == "CONFLICT"
    assert (await door.data("writer", one, {"version": "churn/1"}))["deleteModelVersion"]["arn"] == version["arn"]
    await door.data("admin", GATES, {"group": "churn", "requiredApprovals": 1})
    assert await door.code("writer", group, {"group": "churn"}) == "FORBIDDEN"
    assert (await door.data("admin", group, {"group": "churn"}))["deleteModelGroup"]["arn"] == made


async def test_model_data_is_looked_at_as_far_as_the_policy_allows(door: Door) -> None:
    await door.data("writer", GROUP, {"name": "churn"})
    url = "s3://lake/model.tar.gz"
    await door.data("writer", REGISTER, {"group": "churn", "containers": [{**CONTAINER, "modelDataUrl": url}]})
    query = """mutation($i: CheckModelDataInput!) { checkModelData(input: $i) { passed sequence
      files { uri state message registered found } } }"""
    found = (await door.data("writer", query, {"version": "churn/1"}))["checkModelData"]
    (file,) = found["files"]
    assert (found["passed"], file["uri"], file["state"]) == (False, url, "UNREADABLE")
    assert "STEMMA_POLICY" in file["message"]


async def test_an_approval_that_is_repeated_under_its_token_is_told_the_same(door: Door) -> None:
    await door.data("writer", GROUP, {"name": "churn"})
    await door.data("admin", GATES, {"group": "churn", "requiredApprovals": 2})
    await door.data("writer", REGISTER, {"group": "churn", "containers": [CONTAINER]})
    given = {"ModelPackageArn": door.keys.service.arn("model-package/churn/1"), "ModelApprovalStatus": "Approved"}
    for _ in range(2):
        with pytest.raises(ClientError, match=r"is recorded, and the version is not approved yet; missing: .*1 of 2"):
            await door.aws(
                "approver", "update_model_package", **given, ClientToken="0123456789abcdef0123456789abcdef0123"
            )
    await door.aws("second", "update_model_package", **given)
    # What was asked for holds by now.
    await door.aws("approver", "update_model_package", **given, ClientToken="0123456789abcdef0123456789abcdef0123")
