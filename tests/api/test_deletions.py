"""Deleting through GraphQL: what is asked about first, and what goes along."""

from typing import Any

from tests.api.conftest import Reply, Service

DELETE = """mutation($input: DeleteEntityInput!) {
  deleteEntity(input: $input) { arn preview entityCount associationCount entities kept sequence recordedAt }
}"""


async def delete(service: Service, **given: Any) -> Reply:
    return await service.ask(DELETE, input=given)


async def head(service: Service) -> int:
    return (await service.catalog.moment(service.account)).sequence


async def test_descendants_are_previewed_and_go_along(service: Service) -> None:
    raw, clean, job, model, other, joined = await service.contexts("raw", "clean", "job", "model", "other", "joined")
    await service.link((raw, clean), (clean, joined), (other, joined), association="DERIVED_FROM")
    await service.link((clean, job))
    await service.link((job, model), association="PRODUCED")
    before = await head(service)
    shown = (await delete(service, arn=raw, cascade="DESCENDANTS", preview=True)).data["deleteEntity"]
    assert shown == {
        "arn": raw,
        "preview": True,
        "entityCount": 2,
        "associationCount": 3,
        "entities": [raw, clean],
        "kept": [joined],
        "sequence": None,
        "recordedAt": None,
    }
    assert await head(service) == before
    asked = {"arn": raw, "cascade": "DESCENDANTS", "clientRequestId": "once"}
    done = (await delete(service, **asked)).data["deleteEntity"]
    assert {**done, "preview": True, "sequence": None, "recordedAt": None} == shown
    assert await head(service) == before + 1
    again = (await delete(service, **asked)).data["deleteEntity"]
    assert (again["sequence"], again["entityCount"], again["associationCount"]) == (done["sequence"], None, None)
    assert (await delete(service, arn=raw, cascade="DESCENDANTS")).code == "NOT_FOUND"


async def test_a_preview_is_refused_as_the_deletion_is(service: Service) -> None:
    a, b = await service.contexts("a", "b")
    await service.link((a, b))
    for preview in (True, False):
        refused = await delete(service, arn=a, preview=preview)
        assert (refused.code, "1 associations" in refused.error["message"]) == ("CONFLICT", True)
        assert (await delete(service, arn=service.arn("context/none"), preview=preview)).code == "NOT_FOUND"
        assert (await delete(service, arn=a, validTo="2999-01-01T00:00:00Z", preview=preview)).code == "INVALID"
    shown = (await delete(service, arn=a, cascade="ASSOCIATIONS", preview=True)).data["deleteEntity"]
    assert (shown["entities"], shown["associationCount"]) == ([a], 1)
    done = (await delete(service, arn=a, cascade="ASSOCIATIONS")).data["deleteEntity"]
    assert (done["preview"], done["entityCount"], done["associationCount"], done["kept"]) == (False, 1, 1, [])


async def test_a_preview_names_a_hundred(service: Service) -> None:
    hub, *spokes = await service.contexts("hub", *(f"n{n:03d}" for n in range(120)))
    await service.link(*((hub, spoke) for spoke in spokes), association="PRODUCED")
    shown = (await delete(service, arn=hub, cascade="DESCENDANTS", preview=True)).data["deleteEntity"]
    assert (shown["entityCount"], shown["associationCount"]) == (121, 120)
    assert shown["entities"] == [hub, *spokes[:99]]
