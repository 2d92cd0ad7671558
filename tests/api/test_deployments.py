"""What ran when, where a version was exposed, and going back, through GraphQL."""

from typing import Any

from graph.hosting import endpoints, names
from graph.hosting.names import Hosted
from graph.registry.names import Package, of_arn, package_arn
from graph.times import from_ms
from tests.api.conftest import Service
from tests.graph.hosting.test_endpoints import Hosting, tick

RUNNING = """query($at: DateTime, $endpoint: ID, $group: ID, $first: Int!, $after: String) {
  deployments(at: $at, endpoint: $endpoint, group: $group, first: $first, after: $after) {
    nodes { endpoint variant model versions weight address cause startedAt endedAt action { arn type status } }
    pageInfo { hasNextPage endCursor }
  }
}"""
EXPOSURE = "query($arn: ID!) { exposure(arn: $arn) { nodes { endpoint variant startedAt endedAt } } }"
ROLLBACK = """mutation($input: RollbackInput!) {
  rollback(input: $input) { arn sequence entity { displayName resourceArn } }
}"""


def hosting_of(service: Service) -> Hosting:
    return Hosting(service.catalog, service.account)


async def running(service: Service, **variables: Any) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    after = None
    while True:
        data = await service.data(RUNNING, first=1, after=after, **variables)
        found += [(node["model"], node["weight"]) for node in data["deployments"]["nodes"]]
        page = data["deployments"]["pageInfo"]
        if not page["hasNextPage"]:
            return found
        after = page["endCursor"]


async def test_what_ran_is_answered_for_any_time(service: Service) -> None:
    hosting = hosting_of(service)
    first, second = await hosting.versions("churn", 2)
    await hosting.model("one", ModelPackageName=first)
    await hosting.model("two", ModelPackageName=second)
    await hosting.config("a", ("v", "one", 1))
    await hosting.config("b", ("v", "two", 1), ("w", "one", 0.25))
    await hosting.endpoint("Scores", "a", tags={endpoints.ADDRESS: "https://scores.example"})
    created = from_ms(await tick()).isoformat()
    await hosting.update("scores", "b")
    arn = service.arn("endpoint/scores")

    assert sorted(await running(service)) == [("one", 0.25), ("two", 1.0)]
    for endpoint in ("Scores", arn, names.lineage(hosting.place, Hosted.ENDPOINT, "scores")):
        assert sorted(await running(service, endpoint=endpoint)) == [("one", 0.25), ("two", 1.0)]
    assert await running(service, at=created) == [("one", 1.0)]
    assert await running(service, at="2020-01-01T00:00:00Z") == []
    assert await running(service, endpoint="other") == []
    assert len(await running(service, group="churn")) == 2
    assert await running(service, group="other") == []
    data = await service.data(RUNNING, first=5, at=created)
    (node,) = data["deployments"]["nodes"]
    assert (node["endpoint"], node["versions"], node["address"]) == (arn, [first], "https://scores.example")
    assert (node["cause"], node["action"]["type"], node["action"]["status"]) == (
        *("Create", "ModelDeployment"),
        "IN_PROGRESS",
    )

    for name in (first, package_arn(hosting.place, of_arn(first) or Package(""))):
        (once, again) = (await service.data(EXPOSURE, arn=name))["exposure"]["nodes"]
        assert (once["variant"], again["variant"]) == ("v", "w")
        assert once["endedAt"] == again["startedAt"] > once["startedAt"]
        assert again["endedAt"] is None

    made = (await service.data(ROLLBACK, input={"endpoint": "scores", "reason": "errors"}))["rollback"]
    assert made["entity"] == {"displayName": "Scores", "resourceArn": arn}
    assert await running(service) == [("one", 1.0)]
    back = (await service.data(ROLLBACK, input={"endpoint": arn, "to": created}))["rollback"]
    assert back["sequence"] is None
    data = await service.data(RUNNING, first=5)
    assert [node["cause"] for node in data["deployments"]["nodes"]] == ["Rollback"]


async def test_what_can_not_be_rolled_back_is_said(service: Service) -> None:
    hosting = hosting_of(service)
    await hosting.model("m")
    await hosting.config("c", ("v", "m", 1))
    await hosting.endpoint("e", "c")
    absent = names.lineage(hosting.place, Hosted.MODEL, "none")
    assert (await service.ask(EXPOSURE, arn=absent)).code == "NOT_FOUND"
    for given, code in (
        ({"endpoint": "other"}, "NOT_FOUND"),
        ({"endpoint": "e"}, "CONFLICT"),
        ({"endpoint": "e", "to": "2020-01-01T00:00:00Z"}, "NOT_FOUND"),
        ({"endpoint": service.arn("model/e")}, "INVALID"),
    ):
        assert (await service.ask(ROLLBACK, input=given)).code == code
