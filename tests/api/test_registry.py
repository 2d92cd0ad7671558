"""The model registry through GraphQL."""

from typing import Any

import pytest

from graph.access import Role
from tests.api.conftest import Service
from tests.api.keys import Keys

VERSION = """
fragment Shown on ModelVersion {
  arn resourceArn name version approval approvalReason aliases description tags { key value }
  group { displayName } containers { image imageDigest modelDataUrl }
  approvals { decision reason by { id } action { type } }
}
"""
GROUP = "mutation($i: CreateModelGroupInput!) { createModelGroup(input: $i) { arn created group { displayName } } }"
REGISTER = f"""
mutation($i: RegisterModelVersionInput!) {{ registerModelVersion(input: $i) {{ arn created sequence version {{ ...Shown }} }} }}
{VERSION}
"""
DECIDE = f"mutation($i: DecideInput!) {{ decide(input: $i) {{ sequence version {{ ...Shown }} }} }} {VERSION}"
ALIAS = """
mutation($i: SetAliasInput!) { setAlias(input: $i) { sequence group { aliases { name version } } } }
"""
FIND = f'query($g: ID!, $v: String! = "latest") {{ modelVersion(group: $g, version: $v) {{ ...Shown }} }} {VERSION}'
CONTAINER = {"image": "xgb:1", "modelDataUrl": "s3://b/model.tar.gz"}


async def group(service: Service, name: str = "Churn") -> Any:
    return (await service.data(GROUP, i={"name": name, "description": "who leaves"}))["createModelGroup"]


async def register(service: Service, **given: Any) -> Any:
    made = {"group": "churn", "containers": [CONTAINER], **given}
    return (await service.data(REGISTER, i=made))["registerModelVersion"]


async def find(service: Service, version: str) -> Any:
    found = (await service.data(FIND, g="churn", v=version))["modelVersion"]
    return None if found is None else found["version"]


async def test_a_version_is_registered_decided_on_and_found(service: Service) -> None:
    made = await group(service)
    assert (made["created"], made["group"]["displayName"]) == (True, "Churn")
    assert (await group(service))["created"] is False
    payload = await register(service, description="first", tags=[{"key": "a", "value": "b"}])
    version = payload["version"]
    assert payload["created"]
    assert version["resourceArn"] == service.arn("model-package/churn/1")
    assert (version["name"], version["version"], version["approval"]) == ("Churn/1", 1, "PENDING_MANUAL_APPROVAL")
    assert version["containers"] == [{**CONTAINER, "imageDigest": None}]
    assert version["tags"] == [{"key": "a", "value": "b"}]
    assert version["group"] == {"displayName": "Churn"}
    decided = (await service.data(DECIDE, i={"version": "churn/1", "decision": "APPROVED", "reason": "auc 0.91"}))[
        "decide"
    ]
    assert (decided["version"]["approval"], decided["version"]["approvalReason"]) == ("APPROVED", "auc 0.91")
    (approval,) = decided["version"]["approvals"]
    assert (approval["decision"], approval["reason"], approval["action"]) == (
        "APPROVED",
        "auc 0.91",
        {"type": "Approval"},
    )
    again = (await service.data(DECIDE, i={"version": payload["version"]["resourceArn"], "decision": "APPROVED"}))[
        "decide"
    ]
    assert again["sequence"] is None
    refused = await service.ask(DECIDE, i={"version": "churn/1", "decision": "PENDING_MANUAL_APPROVAL"})
    assert refused.code == "CONFLICT"
    await register(service)
    for wanted, number in (("latest", 2), ("latestApproved", 1), ("2", 2), ("champion", None), ("9", None)):
        assert await find(service, wanted) == number


async def test_a_decision_can_not_be_forged_by_hand(service: Service) -> None:
    """Whoever may write can make an action that looks like one, and change the texts of a true one."""
    await group(service)
    arn = (await register(service))["version"]["arn"]
    create = "mutation($i: CreateActionInput!) { createAction(input: $i) { arn } }"
    looks = {"name": "forged", "type": "Approval", "properties": [{"key": "Decision", "value": "Approved"}]}
    forged = (await service.data(create, i=looks))["createAction"]["arn"]
    await service.link((arn, forged))
    assert (await service.data(FIND, g="churn"))["modelVersion"]["approvals"] == []
    await service.data(DECIDE, i={"version": "churn/1", "decision": "REJECTED", "reason": "biased"})
    query = '{ modelVersion(group: "churn") { approvals { decision reason action { arn } } } }'
    (true,) = (await service.data(query))["modelVersion"]["approvals"]
    update = "mutation($i: UpdateActionInput!) { updateAction(input: $i) { sequence } }"
    changed = {"description": "all fine", "properties": [{"key": "Decision", "value": "Approved"}]}
    assert (await service.data(update, i={"arn": true["action"]["arn"], **changed}))["updateAction"][
        "sequence"
    ] is not None
    assert (await service.data(query))["modelVersion"]["approvals"] == [true]
    assert (true["decision"], true["reason"]) == ("REJECTED", "biased")


async def test_an_alias_moves_and_its_moves_are_history(service: Service) -> None:
    made = await group(service)
    for _ in range(2):
        await register(service)
    move = {"group": "churn", "alias": "champion", "version": 1, "expected": 0}
    moved = (await service.data(ALIAS, i=move))["setAlias"]
    assert moved["group"]["aliases"] == [{"name": "champion", "version": 1}]
    assert (await service.ask(ALIAS, i={**move, "version": 2})).code == "CONFLICT"
    await service.data(ALIAS, i={**move, "version": 2, "expected": 1})
    assert await find(service, "champion") == 2
    found = await service.data(FIND + "", g="churn", v="champion")
    assert found["modelVersion"]["aliases"] == ["champion"]
    past = (
        'query($g: ID!, $s: BigInt) { modelVersion(group: $g, version: "champion", knownAtSequence: $s) { version } }'
    )
    assert (await service.data(past, g="churn", s=moved["sequence"]))["modelVersion"] == {"version": 1}
    await service.data(ALIAS, i={"group": "churn", "alias": "champion"})
    assert await find(service, "champion") is None
    history = "query($a: ID!) { entity(arn: $a) { history { nodes { operation } } } }"
    nodes = (await service.data(history, a=made["arn"]))["entity"]["history"]["nodes"]
    assert len(nodes) == 4


async def test_groups_and_versions_are_paged(service: Service) -> None:
    for name in ("Churn", "Fraud"):
        await group(service, name)
    for _ in range(5):
        await register(service)
    query = """query($after: String) { modelGroup(group: "churn") { displayName latest { version } latestApproved { version }
      versions(first: 2, after: $after) { nodes { version } pageInfo { hasNextPage endCursor } } } }"""
    seen, after = [], None
    while True:
        found = (await service.data(query, after=after))["modelGroup"]
        page = found["versions"]
        seen.append([node["version"] for node in page["nodes"]])
        if not page["pageInfo"]["hasNextPage"]:
            break
        await register(service)  # what is written meanwhile shifts nothing
        after = page["pageInfo"]["endCursor"]
    assert seen == [[5, 4], [3, 2], [1]]
    assert found["latestApproved"] is None
    groups = "query($c: String) { modelGroups(contains: $c, sortBy: NAME, order: ASCENDING) { nodes { displayName } } }"
    shown = (await service.data(groups))["modelGroups"]["nodes"]
    assert [node["displayName"] for node in shown] == ["Churn", "Fraud"]
    assert len((await service.data(groups, c="FRA"))["modelGroups"]["nodes"]) == 1
    assert (await service.data('{ modelGroup(group: "absent") { arn } }'))["modelGroup"] is None


async def test_a_registration_can_be_repeated(service: Service) -> None:
    await group(service)
    first, again = [await register(service, clientRequestId="r1") for _ in range(2)]
    assert first["arn"] == again["arn"]
    assert first["sequence"] == again["sequence"]
    assert await find(service, "latest") == 1


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"containers": None}, "InferenceSpecification"),
        ({"specification": '{"Nonsense": 1}'}, "specification"),
        ({"specification": '{"ModelApprovalStatus": "Approved"}'}, "specification"),
        ({"specification": '{"ModelLifeCycle": {"Stage": "x"}}'}, "specification"),
        ({"specification": "[1]"}, "specification"),
        ({"specification": "{"}, "specification"),
        ({"containers": [{"image": "a b"}]}, "specification"),
    ],
)
async def test_what_does_not_fit_is_named(service: Service, given: dict[str, Any], path: str) -> None:
    await group(service)
    reply = await service.ask(REGISTER, i={"group": "churn", "containers": [CONTAINER], **given})
    assert reply.code == "INVALID"
    assert reply.error["extensions"]["path"].lower() == path.lower()


async def test_registry_names_can_not_be_taken_by_hand(service: Service) -> None:
    query = "mutation($i: CreateArtifactInput!) { createArtifact(input: $i) { arn } }"
    for resource in ("model-package/churn/7", "model-package-group/churn"):
        reply = await service.ask(query, i={"sourceUri": "s3://b/x", "resourceArn": service.arn(resource)})
        assert reply.code == "INVALID"
        assert "register a model version" in reply.error["message"]


async def test_deciding_takes_the_role_also_at_registration(keys: Keys) -> None:
    writer, approver = [keys.as_(await keys.make(role.value, role)) for role in (Role.WRITER, Role.APPROVER)]

    async def ask(authorization: str, query: str, given: dict[str, Any]) -> Any:
        return (await keys.post(authorization, query, i=given)).json()

    assert "errors" not in await ask(writer, GROUP, {"name": "churn"})
    plain = {"group": "churn", "containers": [CONTAINER]}
    assert "errors" not in await ask(writer, REGISTER, plain)
    decision = {"version": "churn/1", "decision": "APPROVED"}
    for query, given in ((DECIDE, decision), (REGISTER, {**plain, "approval": "REJECTED"})):
        (error,) = (await ask(writer, query, given))["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN"
    found = (await ask(approver, DECIDE, decision))["data"]["decide"]["version"]
    assert (found["approval"], found["approvals"][0]["by"]["id"]) == ("APPROVED", "person/approver")
