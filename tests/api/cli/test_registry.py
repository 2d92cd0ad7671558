"""`stemma registry` on a group with three versions."""

import asyncio

import pytest

from graph.access import Caller, Role
from graph.catalog import Catalog
from graph.registry import groups
from graph.registry.versions import register
from graph.store.provider import EmbeddedProvider
from tests.api.cli.conftest import Stemma

REQUEST = {"InferenceSpecification": {"Containers": [{"Image": "xgb:1", "ModelDataUrl": "s3://b/m"}]}}


async def _fill(stemma: Stemma) -> None:
    catalog = await Catalog.open(EmbeddedProvider(stemma.data_dir), stemma.data_dir)
    try:
        place = catalog.place(stemma.account)
        made = [register(place, REQUEST, group="churn") for _ in range(3)]
        caller = Caller(stemma.account, "trainer", "test", Role.WRITER)
        await catalog.write(caller, [groups.create(place, "Churn"), *made], operation="test")
    finally:
        await catalog.close()


@pytest.fixture
def filled(stemma: Stemma) -> Stemma:
    asyncio.run(_fill(stemma))
    return stemma


def test_versions_are_listed_decided_on_and_named(filled: Stemma) -> None:
    assert [row["name"] for row in filled("registry", "groups", "--json").json] == ["Churn"]
    assert filled("registry", "groups", "--contains", "fraud", "--json").json == []
    rows = filled("registry", "versions", "churn", "--json").json
    assert [(row["version"], row["approval"]) for row in rows] == [(n, "PendingManualApproval") for n in (3, 2, 1)]
    done = filled("registry", "approve", "churn/2", "--reason", "auc 0.91", "--json")
    assert done.code == 0, done.err
    assert done.json["approval"] == "Approved"
    again = filled("registry", "approve", "churn/latestApproved")
    assert (again.code, again.out.strip()) == (0, "Churn/2 is Approved: nothing had to change")
    moved = filled("registry", "alias", "churn", "champion", "2", "--expected", "0")
    assert (moved.code, moved.out.split(":")[0]) == (0, "champion of churn names version 2")
    lost = filled("registry", "alias", "churn", "champion", "3", "--expected", "0")
    assert (lost.code, "names version 2 by now" in lost.err) == (1, True)
    shown = filled("registry", "show", "churn/champion", "--json").json
    assert (shown["version"], shown["reason"], shown["aliases"]) == (2, "auc 0.91", ["champion"])
    assert shown["specification"]["InferenceSpecification"] == REQUEST["InferenceSpecification"]
    assert "champion" in filled("registry", "versions", "churn", "--approval", "approved").out
    assert filled("registry", "reject", shown["arn"]).code == 0
    assert filled("registry", "versions", "churn", "--approval", "Approved", "--json").json == []


def test_a_mistake_is_named(filled: Stemma) -> None:
    for arguments, code, problem in (
        (("versions", "absent"), 1, "does not exist"),
        (("versions", "churn", "--approval", "maybe"), 2, "known are PendingManualApproval"),
        (("show", "churn/9"), 1, "does not exist"),
        (("show", "churn/champion"), 1, "no alias"),
        (("alias", "churn", "latest", "1"), 2, "can't be an alias"),
    ):
        done = filled("registry", *arguments)
        assert done.code == code, done.err
        assert problem in done.err


def test_gates_stand_until_they_pass_or_are_overridden(filled: Stemma) -> None:
    assert filled("registry", "gates", "churn", "--json").json == {}
    asked = ("--approvals", "1", "--metric", "auc>=0.9", "--metric", "rmse <= 2", "--no-violations-since", "2026-01-01")
    held = filled("registry", "gates", "churn", *asked, "--approved-card", "--licensed-data", "--json").json
    assert held["Metrics"] == [{"Name": "auc", "AtLeast": 0.9}, {"Name": "rmse", "AtMost": 2.0}]
    assert (held["RequiredApprovals"], held["ApprovedModelCard"], held["LicensedData"]) == (1, True, True)
    report = filled("registry", "gate", "churn/1", "--json")
    assert (report.code, report.json["passed"], report.json["approval"]) == (3, False, "PendingManualApproval")
    wanted = [each["wanted"] for each in report.json["results"] if not each["passed"]]
    assert wanted[1:] == ["auc >= 0.9", "rmse <= 2", "an approved model card", "a tag licence on each data set"]
    assert "does not pass; missing: approval by another person" in filled("registry", "gate", "churn/1").out
    refused = filled("registry", "approve", "churn/1")
    assert (refused.code, "is no person with an access key" in refused.err) == (1, True)
    assert filled("registry", "approve", "churn/1", "--override").code == 2
    assert filled("registry", "approve", "churn/1", "--override", "--reason", "outage").code == 0
    report = filled("registry", "gate", "churn/1", "--json")
    assert (report.code, len(report.json["overridden"])) == (0, 5)
    assert filled("registry", "gates", "churn", "--none", "--json").json == {}
    assert filled("registry", "gates", "churn", "--none", "--approvals", "1").code == 2
    assert filled("registry", "gates", "churn", "--metric", "auc").code == 2
    assert filled("registry", "gate", "churn/2").code == 3
    assert filled("registry", "approve", "churn/2").code == 0
    assert filled("registry", "gate", "churn/2").out.strip() == "Churn/2 passes"


def test_versions_and_groups_are_deleted(filled: Stemma) -> None:
    assert filled("registry", "delete", "churn").code == 1
    for number in (1, 2, 3):
        assert filled("registry", "delete", f"churn/{number}").code == 0
    assert filled("registry", "delete", "churn").code == 0
    assert filled("registry", "groups", "--json").json == []


def test_model_data_is_looked_at(stemma: Stemma) -> None:
    file = stemma.data_dir / "model.pkl"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"first")

    async def fill() -> None:
        catalog = await Catalog.open(EmbeddedProvider(stemma.data_dir), stemma.data_dir)
        try:
            place = catalog.place(stemma.account)
            request = {"InferenceSpecification": {"Containers": [{"Image": "xgb:1", "ModelDataUrl": f"file://{file}"}]}}
            caller = Caller(stemma.account, "trainer", "test", Role.WRITER)
            group = groups.create(place, "churn")
            await catalog.write(caller, [group, register(place, request, group="churn")], operation="test")
        finally:
            await catalog.close()

    asyncio.run(fill())
    first = stemma("registry", "check", "churn/1", "--json")
    assert (first.code, first.json["files"][0]["state"]) == (0, "FIRST_SEEN")
    file.write_bytes(b"other")
    changed = stemma("registry", "check", "churn/latest")
    assert (changed.code, "this file changed since it was registered" in " ".join(changed.out.split())) == (3, True)
