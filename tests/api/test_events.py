"""The feed and webhooks at the GraphQL door."""

from pathlib import Path
from typing import Any

import pytest

from graph.access import Role
from tests.api.conftest import Serve, Service
from tests.api.keys import Keys
from tests.graph.events.receivers import receiving

FEED = """query($after: String, $since: DateTime, $first: Int = 50, $types: [EventType!], $group: ID) {
  events(after: $after, since: $since, first: $first, types: $types, group: $group) {
    nodes { id type time sequence actor { id } group resources document } pageInfo { hasNextPage endCursor }
  }
}"""
GROUP = "mutation($n: String!) { createModelGroup(input: {name: $n}) { arn } }"
REGISTER = """mutation($i: RegisterModelVersionInput!) { registerModelVersion(input: $i) { sequence recordedAt } }"""
WEBHOOK = "{ id url types group description deliveries { nodes { id type state attempts status problem dueAt } } }"
ADD = f"mutation($i: AddWebhookInput!) {{ addWebhook(input: $i) {{ secret webhook {WEBHOOK} }} }}"
LIST = f"{{ webhooks {WEBHOOK} }}"


async def version(service: Service, group: str = "churn", **given: Any) -> dict[str, Any]:
    containers = [{"image": "xgb:1", "modelDataUrl": "s3://b/m"}]
    made = await service.data(REGISTER, i={"group": group, "containers": containers, **given})
    found: dict[str, Any] = made["registerModelVersion"]
    return found


async def feed(service: Service, **given: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    found = (await service.data(FEED, **given))["events"]
    return found["nodes"], found["pageInfo"]


async def test_the_feed_goes_on_from_its_cursor(service: Service) -> None:
    for group in ("Churn", "fraud"):
        await service.data(GROUP, n=group)
    await version(service)
    nodes, page = await feed(service, first=1)
    assert [(node["type"], node["group"], node["sequence"]) for node in nodes] == [
        ("MODEL_VERSION_CREATED", "churn", 3)
    ]
    assert nodes[0]["resources"] == [service.arn("model-package/churn/1")]
    assert nodes[0]["actor"] == {"id": "local-admin"}
    assert nodes[0]["document"]["id"] == nodes[0]["id"]
    assert page["hasNextPage"] is False
    # Nothing came: the cursor stays good.
    nodes, page = await feed(service, after=page["endCursor"])
    assert nodes == []
    second = await version(service, approval="APPROVED")
    await version(service, "fraud")
    nodes, _ = await feed(service, after=page["endCursor"])
    assert [node["type"].removeprefix("MODEL_VERSION_") for node in nodes] == ["CREATED", "APPROVED", "CREATED"]
    assert len(await _ids(service, types=["MODEL_VERSION_APPROVED"])) == 1
    assert len(await _ids(service, group=service.arn("model-package-group/churn"))) == 3
    assert len(await _ids(service, since=second["recordedAt"])) == 3
    assert (await service.ask(FEED, after="made-up")).code == "INVALID"
    assert (await service.ask(FEED, first=501)).code == "INVALID"


async def _ids(service: Service, **given: Any) -> list[str]:
    return [node["id"] for node in (await feed(service, **given))[0]]


async def test_webhooks_are_added_tried_and_removed(serve: Serve, tmp_path: Path) -> None:
    async with receiving() as receiver:
        policy = tmp_path / "policy.toml"
        service = serve()
        policy.write_text(f'[accounts.{service.account}]\noutbound = ["{receiver.origin}"]\n')
        policy.chmod(0o600)
        service = serve(policy=policy)
        wanted = {"url": receiver.url, "types": ["MODEL_VERSION_APPROVED"], "group": "churn", "description": "pager"}
        made = (await service.data(ADD, i=wanted))["addWebhook"]
        assert made["secret"].startswith("whsec_")
        webhook = made["webhook"]
        assert {key: webhook[key] for key in wanted} == wanted
        assert (await service.data(LIST))["webhooks"] == [webhook]
        tested = await service.data(
            "mutation($id: ID!) { testWebhook(id: $id) { delivered status problem } }", id=webhook["id"]
        )
        assert tested["testWebhook"] == {"delivered": True, "status": 204, "problem": None}
        assert receiver.messages[0].signed_with(made["secret"])
        replayed = await service.data(
            "mutation($id: ID!) { replayDeliveries(webhook: $id) { count } }", id=webhook["id"]
        )
        assert replayed["replayDeliveries"] == {"count": 0}
        elsewhere = await service.ask(ADD, i={"url": "http://127.0.0.1:1/hook"})
        assert elsewhere.code == "FORBIDDEN"
        await service.data("mutation($id: ID!) { removeWebhook(id: $id) { id } }", id=webhook["id"])
        assert (await service.data(LIST))["webhooks"] == []
        gone = await service.ask("mutation($id: ID!) { removeWebhook(id: $id) { id } }", id=webhook["id"])
        assert gone.code == "NOT_FOUND"


@pytest.mark.parametrize("role", [Role.READER, Role.WRITER, Role.APPROVER])
async def test_only_administrators_see_and_change_webhooks(keys: Keys, role: Role) -> None:
    shown = keys.as_(await keys.make(role=role))
    tries = [
        (LIST, {}),
        (ADD, {"i": {"url": "https://hooks.example.com/x"}}),
        ("mutation { removeWebhook(id: 1) { id } }", {}),
        ("mutation { testWebhook(id: 1) { status } }", {}),
        ("mutation { replayDeliveries(webhook: 1) { count } }", {}),
    ]
    for query, variables in tries:
        body = (await keys.post(shown, query, **variables)).json()
        assert [error["extensions"]["code"] for error in body["errors"]] == ["FORBIDDEN"]
    # The feed holds nothing that a reader could not read anyway.
    assert (await keys.post(shown, FEED)).json()["data"]["events"]["nodes"] == []
