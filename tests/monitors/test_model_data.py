"""Whether model data is still what was registered, on files of this host and on moto's S3 over HTTP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from graph.access import Caller, Role
from graph.catalog import Catalog
from graph.entities import Approval, Entity
from graph.errors import ForbiddenError
from graph.reach.policy import Policy
from graph.reach.rules import Rules
from graph.reach.s3 import Credentials
from graph.registry import groups, lists, staleness
from graph.registry.amending import amend
from graph.registry.versions import register
from monitors.model_data import check


class Shelf:
    """A group whose versions name files."""

    def __init__(self, catalog: Catalog, account: str) -> None:
        self.catalog, self.account, self.place = catalog, account, catalog.place(account)
        self.caller = Caller(account, "writer", "test", Role.APPROVER)

    async def version(self, **container: str) -> Entity:
        request = {"InferenceSpecification": {"Containers": [{"Image": "xgb:1", **container}]}}
        await self.catalog.write(self.caller, [groups.create(self.place, "g", exclusive=False)], operation="test")
        made = await self.catalog.write(self.caller, [register(self.place, request, group="g")], operation="test")
        return await self.catalog.entity(self.account, made.applied[0].arn or "")

    async def states(self, version: Entity, policy: Policy) -> tuple[bool, list[str]]:
        found = await check(self.catalog, self.caller, policy, version)
        return found.passed, [each.state.value for each in found.files]


@pytest.fixture
def shelf(catalog: Catalog, account: str) -> Shelf:
    return Shelf(catalog, account)


async def test_a_file_of_this_host(shelf: Shelf, tmp_path: Path) -> None:
    file = tmp_path / "model.pkl"
    file.write_bytes(b"first")
    policy = Policy({shelf.account: Rules(roots=(str(tmp_path),))})
    version = await shelf.version(ModelDataUrl=f"file://{file}")
    assert await shelf.states(version, policy) == (True, ["FIRST_SEEN"])
    assert await shelf.states(version, policy) == (True, ["SAME"])
    before = await shelf.catalog.moment(shelf.account)
    assert (await check(shelf.catalog, shelf.caller, policy, version)).sequence is None
    assert (await shelf.catalog.moment(shelf.account)).sequence == before.sequence
    await shelf.catalog.write(shelf.caller, [amend(shelf.place, "g/1", approval=Approval.APPROVED)], operation="test")
    file.write_bytes(b"other")
    found = await check(shelf.catalog, shelf.caller, policy, version)
    assert (found.passed, found.files[0].state, found.files[0].message) == (
        False,
        "CHANGED",
        "this file changed since it was registered",
    )
    assert found.files[0].registered != found.files[0].found
    when = await shelf.catalog.moment(shelf.account)
    approved = await lists.package(shelf.catalog.store, shelf.place, "g/1", when)
    (reason,) = await staleness.stale(shelf.catalog.store, shelf.place, approved, when)
    assert reason.kind is staleness.StaleKind.REWRITTEN
    file.unlink()
    assert await shelf.states(version, policy) == (False, ["MISSING"])
    assert await shelf.states(version, Policy()) == (False, ["UNREADABLE"])
    file.write_bytes(b"first")
    with pytest.raises(ForbiddenError):
        await check(shelf.catalog, Caller(shelf.account, "r", "test", Role.READER), policy, version)


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Credentials]:
    monkeypatch.setenv("LAKE_ID", "id")
    monkeypatch.setenv("LAKE_SECRET", "secret")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield Credentials("lake", None, "LAKE_ID", "LAKE_SECRET", f"http://{host}:{port}", "us-east-1")
    server.stop()


async def test_an_object_in_s3(shelf: Shelf, lake: Credentials) -> None:
    client: Any = lake.client()
    bucket = f"models-{shelf.account}"
    client.create_bucket(Bucket=bucket)
    policy = Policy({shelf.account: Rules(prefixes=((bucket, "out/", lake),))})

    def put(content: bytes) -> str:
        tag: str = client.put_object(Bucket=bucket, Key="out/model.tar.gz", Body=content)["ETag"]
        return tag

    tag = put(b"first")
    url = f"s3://{bucket}/out/model.tar.gz"
    version = await shelf.version(ModelDataUrl=url, ModelDataETag=tag)
    assert await shelf.states(version, policy) == (True, ["SAME"])
    put(b"other")
    assert await shelf.states(version, policy) == (False, ["CHANGED"])
    put(b"first")
    assert await shelf.states(version, policy) == (True, ["SAME"])
    second = await shelf.version(ModelDataUrl=url)
    assert await shelf.states(second, policy) == (True, ["SAME"])
    gone = await shelf.version(ModelDataUrl=f"s3://{bucket}/out/gone")
    assert await shelf.states(gone, policy) == (False, ["MISSING"])
    elsewhere = await shelf.version(ModelDataUrl="s3://elsewhere/x")
    assert await shelf.states(elsewhere, policy) == (False, ["UNREADABLE"])
