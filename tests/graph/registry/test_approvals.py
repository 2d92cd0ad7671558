"""Decisions on versions: transitions, roles, and the actions that they leave with their evidence."""

from itertools import product
from typing import Any

import orjson
import pytest

from graph import commands, history
from graph.access import Caller, Role
from graph.contents import content
from graph.entities import Approval, Entity, Status
from graph.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from graph.registry import lists
from graph.registry.amending import amend
from graph.registry.approvals import SHOWN, STEPS
from graph.registry.versions import register
from tests.graph.registry.test_versions import REQUEST, Registry, registry

__all__ = ["registry"]
METRICS = "s3://b/metrics.json"
PENDING, APPROVED, REJECTED = Approval


async def decide(registry: Registry, approval: Approval, reason: str | None = None) -> None:
    await registry.write(amend(registry.place, "churn/1", approval=approval, reason=reason), by=registry.approver)


async def approvals(registry: Registry, version: str) -> list[Entity]:
    arns = [arn for _, arn in await registry.edges(version, outgoing=True) if ":action/" in arn]
    found = await history.entities(registry.catalog.store, registry.account, arns, await registry.now())
    return sorted(found.values(), key=lambda entity: entity.created_at)


async def test_a_decision_is_an_action_with_its_evidence(registry: Registry) -> None:
    await registry.group()
    old, new = (content(registry.place, METRICS, [("S3ETag", tag)], type="Report") for tag in "ab")
    await registry.write(old)
    await registry.write(new)
    made = await registry.register()
    await decide(registry, APPROVED, "auc 0.91")
    version = await registry.version("churn", "1")
    assert version.approval is APPROVED
    assert orjson.loads(version.specification or "")["ApprovalDescription"] == "auc 0.91"
    (action,) = await approvals(registry, made.arn)
    assert (action.type, action.status, action.description) == ("Approval", Status.COMPLETED, "auc 0.91")
    assert (action.created_by, action.properties) == ("boss", {"Decision": "Approved"})
    assert action.started_at == action.ended_at == action.created_at
    assert action.source_uri == made.resource_arn
    assert await registry.edges(action.arn, outgoing=False) == {
        ("CONTRIBUTED_TO", made.arn),
        ("CONTRIBUTED_TO", new.location.arn),
        ("CONTRIBUTED_TO", new.arn),
    }


async def test_evidence_that_is_no_artifact_is_left_out(registry: Registry) -> None:
    await registry.group()
    made = await registry.register()
    await decide(registry, REJECTED)
    (action,) = await approvals(registry, made.arn)
    assert await registry.edges(action.arn, outgoing=False) == {("CONTRIBUTED_TO", made.arn)}


async def test_every_transition_is_allowed_or_refused_as_sagemaker_has_it(registry: Registry) -> None:
    await registry.group()
    for number, (held, wanted) in enumerate(product(Approval, Approval), start=1):
        request = register(registry.place, REQUEST, group="churn", approval=held)
        await registry.write(request, by=registry.approver)
        made = await registry.version("churn", str(number))
        assert made.approval is held
        before = await approvals(registry, made.arn)
        assert len(before) == (held is not PENDING)
        change = registry.write(amend(registry.place, f"churn/{number}", approval=wanted), by=registry.approver)
        if wanted is held:
            assert (await change).sequence is None
        elif wanted in STEPS[held]:
            await change
        else:
            with pytest.raises(ConflictError, match=f"churn/{number} is {SHOWN[held]}"):
                await change
        done = wanted is not held and wanted in STEPS[held]
        assert (await registry.version("churn", str(number))).approval is (wanted if done else held)
        assert len(await approvals(registry, made.arn)) == len(before) + done


async def test_the_same_decision_for_another_reason_is_another(registry: Registry) -> None:
    await registry.group()
    made = await registry.register()
    for reason in (None, "checked", "checked", None, "checked again"):
        await decide(registry, APPROVED, reason)
    assert [action.description for action in await approvals(registry, made.arn)] == [None, "checked", "checked again"]
    await decide(registry, REJECTED)
    assert "ApprovalDescription" not in ((await registry.version("churn", "1")).specification or "")


async def test_a_reason_alone_takes_the_role_too(registry: Registry) -> None:
    await registry.group()
    await registry.register()
    with pytest.raises(ForbiddenError, match="may not set approvals"):
        await registry.write(amend(registry.place, "churn/1", reason="forged"))


async def test_a_version_registered_as_approved_has_its_approval(registry: Registry) -> None:
    await registry.group()
    made = await registry.register(by=registry.approver, approval=APPROVED, reason="by hand")
    (action,) = await approvals(registry, made.arn)
    assert (action.description, action.created_by) == ("by hand", "boss")
    assert orjson.loads(made.specification or "")["ApprovalDescription"] == "by hand"


async def test_changes_merge_and_keep_their_bounds(registry: Registry) -> None:
    await registry.group()
    made = await registry.register(request={**REQUEST, "CustomerMetadataProperties": {"a": "1", "b": "2"}})
    place = registry.place
    container = {"Image": "other:1", "ModelDataUrl": "s3://b/more.tar.gz"}
    more = {"Name": "gpu", "Containers": [container]}
    stage = {"Stage": "Production", "StageStatus": "Live"}
    change = amend(
        place,
        made.resource_arn or "",
        metadata={"c": "3", "a": "9"},
        removed=["b", "absent"],
        more=[more],
        replaced={"ModelLifeCycle": stage},
    )
    await registry.write(change)
    held: dict[str, Any] = orjson.loads((await registry.version("churn", "1")).specification or "")
    assert held["CustomerMetadataProperties"] == {"a": "9", "c": "3"}
    assert held["AdditionalInferenceSpecifications"] == [more]
    assert held["ModelLifeCycle"] == stage
    image = commands.create_artifact(place, "other:1").arn
    assert ("CONTRIBUTED_TO", image) in await registry.edges(made.arn, outgoing=False)
    with pytest.raises(InvalidError, match="two of one Name"):
        await registry.write(change)
    assert (await registry.write(amend(place, "churn/1", replaced={"ModelLifeCycle": stage}))).sequence is None
    with pytest.raises(InvalidError, match="at most 50"):
        await registry.write(amend(place, "churn/1", metadata={str(number): "x" for number in range(51)}))
    with pytest.raises(NotFoundError):
        await registry.write(amend(place, "churn/2", metadata={"a": "b"}))


async def test_decisions_do_not_apply_to_packages_of_no_group(registry: Registry) -> None:
    await registry.write(register(registry.place, REQUEST, name="alone"))
    with pytest.raises(InvalidError, match="no group"):
        await registry.write(amend(registry.place, "alone", approval=APPROVED), by=registry.approver)
    assert (await lists.package(registry.catalog.store, registry.place, "alone", await registry.now())).approval is None


async def test_an_approval_can_not_be_set_around_the_registry(registry: Registry) -> None:
    """No field of the general commands reaches it, whoever asks."""
    await registry.group()
    made = await registry.register()
    admin = Caller(registry.account, "root", "test", Role.ADMIN)
    for make in (
        lambda: commands.update(made.arn, made.kind, approval="APPROVED"),
        lambda: commands.create_artifact(registry.place, "s3://b/x", approval="APPROVED"),
    ):
        with pytest.raises(InvalidError, match="can't be given"):
            await registry.write(make(), by=admin)
