"""The access log through GraphQL, and what the gate puts into it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from graph.access import Caller, Role
from graph.access_log import AccessFilter
from tests.api.conftest import Serve
from tests.api.keys import Keys

LOG = """query($first: Int! = 3, $after: String, $principal: String, $operation: String, $outcome: AccessOutcome,
               $since: DateTime, $until: DateTime) {
  accessLog(first: $first, after: $after, principal: $principal, operation: $operation, outcome: $outcome,
            since: $since, until: $until) {
    nodes { at principal { id kind } accessKeyId door operation named outcome code requestId }
    edges { cursor } pageInfo { hasNextPage endCursor }
  }
}"""


async def test_administrators_page_through_it(keys: Keys) -> None:
    admin, reader = await keys.make("root", Role.ADMIN), await keys.make("reader", Role.READER)
    begun = datetime.now(UTC).isoformat()
    for number in range(5):
        arn = keys.service.arn(f"context/c{number}")
        await keys.post(keys.as_(reader), "query($arn: ID!) { entity(arn: $arn) { name } }", arn=arn)
    read = [f"c{number}" for number in reversed(range(5))]

    async def ask(**given: Any) -> dict[str, Any]:
        body = (await keys.post(keys.as_(admin), LOG, **given)).json()
        found: dict[str, Any] = body["data"]["accessLog"]
        return found

    pages: list[dict[str, Any]] = []
    after = None
    while True:
        page = await ask(principal="person/reader", after=after)
        pages += page["nodes"]
        info = page["pageInfo"]
        after = info["endCursor"]
        if not info["hasNextPage"]:
            break
        # A record that is added does not move the pages that follow.
        await keys.post(keys.as_(reader), "{ viewer { account } }")
    assert [row["named"][0].rsplit("/", 1)[1] for row in pages if row["operation"] == "entity"] == read
    assert pages[0] == {
        **pages[0],
        "principal": {"id": "person/reader", "kind": "person"},
        "accessKeyId": reader.key.id,
        "door": "graphql",
        "operation": "entity",
        "outcome": "ERROR",
        "code": "NOT_FOUND",
    }
    assert begun[:19] <= pages[-1]["at"][:19] <= pages[0]["at"][:19]
    errors = await ask(outcome="ERROR", operation="entity", since=begun, first=500)
    assert len(errors["nodes"]) == 5
    assert (await ask(until=begun, principal="person/reader"))["nodes"] == []
    # What administrators look at is noted as well.
    assert (await ask(operation="accessLog", first=1))["nodes"][0]["principal"]["id"] == "person/root"

    refused = (await keys.post(keys.as_(reader), LOG)).json()["errors"][0]
    assert refused["extensions"]["code"] == "FORBIDDEN"
    wrong = (await keys.post(keys.as_(admin), LOG, after=after, principal="person/other")).json()["errors"][0]
    assert wrong["extensions"]["code"] == "INVALID"


async def test_an_account_sees_its_own_records_only(keys: Keys) -> None:
    other = Caller(f"{int(keys.admin.account) ^ 1:012d}", "operator", "test", Role.ADMIN)
    mine, theirs = await keys.make("root", Role.ADMIN), await keys.principals.create(other, "root", role=Role.ADMIN)
    await keys.post(keys.as_(mine), "{ viewer { account } }")
    body = (await keys.post(keys.as_(theirs), LOG, first=500)).json()
    assert [row["operation"] for row in body["data"]["accessLog"]["nodes"]] == ["CreateKey"]


@pytest.mark.parametrize("catalog", ["embedded"], indirect=True, scope="session")
async def test_what_the_gate_refuses_is_noted_without_its_query(serve: Serve) -> None:
    service = serve()
    await service.client.post("/graphql?token=hush", json={"query": "{ x }"}, headers={"Host": "evil.example.com"})
    await service.client.post("/graphql", json={"query": "{ x }"}, headers={"Origin": "http://evil.example.com"})
    await service.client.get("/secret%20path")
    admin = Caller(service.account, "operator", "test", Role.ADMIN)
    page, _ = await service.catalog.access_log.page(admin, AccessFilter(), first=10)
    assert [(r.door, r.operation, r.outcome, r.principal) for r in reversed(page)] == [
        ("http", "POST /graphql", "refused", None),
        ("http", "POST /graphql", "refused", None),
        ("http", "GET /secret path", "error", "local-admin"),
    ]
    numbers = (await service.client.get("/metrics")).text
    assert "stemma_access_records_dropped_total " in numbers
