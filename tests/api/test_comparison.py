"""Two versions side by side, at the GraphQL door."""

from tests.api.conftest import Service
from tests.api.test_events import GROUP, version

COMPARE = """query($a: ID!, $b: ID!) { compareModelVersions(a: $a, b: $b) {
  a { version } b { version } metrics { name } data { name a b same } onlyA { arn } onlyB { arn } truncated } }"""


async def test_two_versions_are_compared(service: Service) -> None:
    await service.data(GROUP, n="churn")
    await version(service)
    await version(service, containers=[{"image": "xgb:1", "modelDataUrl": "s3://b/other"}])
    found = (await service.data(COMPARE, a="churn/1", b=service.arn("model-package/churn/2")))["compareModelVersions"]
    assert (found["a"]["version"], found["b"]["version"], found["truncated"]) == (1, 2, False)
    assert [(one["name"], one["same"]) for one in found["data"]] == [
        ("s3://b/m", False),
        ("s3://b/other", False),
        ("xgb:1", True),
    ]
    assert len(found["onlyA"]) == len(found["onlyB"]) == 1
    assert (await service.ask(COMPARE, a="churn/1", b="churn/9")).code == "NOT_FOUND"
