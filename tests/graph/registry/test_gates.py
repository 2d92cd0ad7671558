"""Gates of groups: what has to be there before a version may be approved, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio

from graph import cascades, commands, history
from graph.access import Caller, Role
from graph.associations import AssociationType
from graph.canonical import digest
from graph.catalog import Catalog
from graph.contents import content, sha256
from graph.entities import Approval, CardStatus, Entity, Kind, Status
from graph.errors import ConflictError, ForbiddenError, InvalidError, StemmaError
from graph.keys import PrincipalKind
from graph.principals import Principals
from graph.registry import findings, gates, lists, staleness
from graph.registry import standing as standings
from graph.registry.amending import amend
from graph.registry.cards import changes as cards
from graph.registry.gates import Bound, set_gates
from graph.registry.groups import DeleteGroup
from graph.registry.names import Package
from graph.registry.versions import DeletePackage, register
from graph.sealing import Sealer
from graph.verification import verify
from tests.graph.registry.test_versions import IMAGE, REQUEST, Registry

METRICS = "s3://b/metrics.json"
PENDING, APPROVED, REJECTED = Approval
CONTRIBUTED, PRODUCED, DERIVED = (
    AssociationType.CONTRIBUTED_TO,
    AssociationType.PRODUCED,
    AssociationType.DERIVED_FROM,
)


class Gated(Registry):
    """A registry with people."""

    def __init__(self, catalog: Catalog, account: str, sealer: Sealer) -> None:
        super().__init__(catalog, account)
        self.principals = Principals(catalog.store, sealer)
        self.admin = Caller(account, "root", "test", Role.ADMIN)

    async def person(
        self, name: str, role: Role = Role.APPROVER, *, by: Caller | None = None, kind: PrincipalKind | None = None
    ) -> Caller:
        made = await self.principals.create(by or self.admin, name, role=role, kind=kind or PrincipalKind.PERSON)
        return Caller(self.account, made.key.actor, "test", role)

    async def gate(self, **asked: Any) -> None:
        await self.write(set_gates(self.place, "churn", **asked), by=self.admin)

    async def approve(self, by: Caller, version: str = "churn/1", **given: Any) -> tuple[str, ...]:
        outcome = await self.write(amend(self.place, version, approval=APPROVED, **given), by=by)
        return outcome.applied[0].missing

    async def approval(self, number: int = 1) -> Approval | None:
        return (await self.version("churn", str(number))).approval

    async def actions(self, number: int = 1) -> list[Entity]:
        version = await self.version("churn", str(number))
        arns = [arn for _, arn in await self.edges(version.arn, outgoing=True) if ":action/" in arn]
        found = await history.entities(self.catalog.store, self.account, arns, await self.now())
        return sorted(found.values(), key=lambda entity: (entity.started_at or 0, entity.arn))

    async def evaluate(self, tag: str, **values: float) -> str:
        """A file with metrics lies at the place that versions name; its artifact."""
        told = {name: repr(value) for name, value in values.items()}
        made = content(self.place, METRICS, [sha256(digest(tag.encode()))], type="ModelMetrics", properties=told)
        await self.write(made)
        return made.arn

    async def violate(self, version: Entity, name: str = "psi") -> tuple[str, str]:
        """A monitor's run with the version finds a violation; the run and the violation."""
        run = commands.create_named(self.place, Kind.TRIAL_COMPONENT, f"run-{name}", status=Status.COMPLETED)
        file = commands.create_artifact(self.place, f"file:///{name}/violations.json", type="Violations")
        found = commands.create_artifact(self.place, f"file:///{name}/violations.json#x/{name}", type="Violation")
        links = [(version.arn, CONTRIBUTED, run.arn), (run.arn, PRODUCED, file.arn), (file.arn, DERIVED, found.arn)]
        await self.write(run, file, found, *(commands.associate(a, b, kind) for a, kind, b in links))
        return run.arn, found.arn


@pytest_asyncio.fixture
async def registry(catalog: Catalog, account: str, secrets_key_file: Path) -> AsyncIterator[Gated]:
    yield Gated(catalog, account, Sealer.from_file(secrets_key_file))


async def test_gates_are_data_with_a_history_and_only_administrators_set_them(registry: Gated) -> None:
    await registry.group()
    asked = set_gates(registry.place, "Churn", approvals=2, bounds=[Bound("auc", at_least=0.9)], card=True)
    for role in (Role.READER, Role.WRITER, Role.APPROVER):
        with pytest.raises(ForbiddenError):
            await registry.write(asked, by=Caller(registry.account, "person/x", "test", role))
    first = await registry.write(asked, by=registry.admin)
    assert (await registry.write(asked, by=registry.admin)).sequence is None
    await registry.gate(violations_since=0, licences=True)

    async def held(sequence: int | None = None) -> gates.Gates:
        when = await registry.catalog.moment(registry.account, sequence=sequence)
        return gates.of((await lists.group(registry.catalog.store, registry.place, "churn", when)).specification)

    assert await held() == gates.Gates(violations_since=1, licences=True)
    assert await held(first.sequence) == asked.gates
    await registry.gate()
    assert not await held()
    for wrong in (
        {"approvals": 11},
        {"bounds": [Bound("auc")]},
        {"bounds": [Bound("auc", float("nan"))]},
        {"bounds": [Bound("auc", 2.0, 1.0)]},
        {"bounds": [Bound("auc", 1.0), Bound("auc", 2.0)]},
        {"violations_since": 10**20},
        {"violations_since": -5},
    ):
        with pytest.raises(InvalidError):
            set_gates(registry.place, "churn", **wrong)


async def test_the_newest_evaluation_has_to_lie_within_the_bounds(registry: Gated) -> None:
    await registry.group()
    ana = await registry.person("ana")
    await registry.gate(bounds=[Bound("auc", at_least=0.9), Bound("rmse", at_most=2)])
    await registry.register()
    with pytest.raises(ConflictError, match=r"auc >= 0.9: no evaluation .* says auc; rmse <= 2: no evaluation"):
        await registry.approve(ana)
    good = await registry.evaluate("a", auc=0.93, rmse=1.0)
    await registry.evaluate("b", auc=0.8, rmse=1.0)
    with pytest.raises(ConflictError, match=r"auc >= 0.9: auc is 0.8 in s3://b/metrics.json") as refused:
        await registry.approve(ana)
    assert "rmse" not in refused.value.message
    assert await registry.approval() is PENDING
    assert await registry.actions() == []
    assert await registry.evaluate("a", auc=0.93, rmse=1.0) == good  # what lay there before lies there again
    assert await registry.approve(ana, reason="good") == ()
    (action,) = await registry.actions()
    assert action.approval is APPROVED
    edges = await registry.edges(action.arn, outgoing=False)
    assert ("CONTRIBUTED_TO", good) in edges
    states = await history.entities(
        registry.catalog.store, registry.account, [arn for _, arn in edges], await registry.now()
    )
    (result,) = [entity for entity in states.values() if entity.type == "GateResult"]
    text = result.specification or ""
    assert result.source_types == (("Custom", f"sha256:{digest(text.encode())}"),)
    said = orjson.loads(text)
    assert (said["passed"], said["overridden"], said["by"]) == (True, False, "person/ana")
    assert [(each["gate"], each["wanted"], each["passed"]) for each in said["results"]] == [
        ("METRIC", "auc >= 0.9", True),
        ("METRIC", "rmse <= 2", True),
    ]
    (piece,) = said["results"][0]["evidence"]
    assert (piece["arn"], piece["content"], piece["by"]) == (good, f"sha256:{digest(b'a')}", "writer")


async def test_a_run_with_the_version_and_the_job_that_trained_it_are_evaluations(registry: Gated) -> None:
    await registry.group()
    ana = await registry.person("ana")
    await registry.gate(bounds=[Bound("auc", at_least=0.9)])
    version = await registry.register()
    place = registry.place
    metrics = {"auc": {"number": "0.95"}}
    trained = commands.create_named(place, Kind.TRIAL_COMPONENT, "train", metrics=metrics)
    data = commands.create_artifact(place, "s3://b/out/model.tar.gz")
    await registry.write(trained, commands.associate(trained.arn, data.arn, PRODUCED))
    run = commands.create_named(place, Kind.TRIAL_COMPONENT, "evaluate", metrics={"auc": {"number": "0.5"}})
    await registry.write(run, commands.associate(version.arn, run.arn, CONTRIBUTED))
    with pytest.raises(ConflictError, match=r"auc is 0.5 in evaluate"):
        await registry.approve(ana)
    await registry.write(commands.dissociate(version.arn, run.arn, CONTRIBUTED), by=registry.admin)
    assert await registry.approve(ana) == ()


async def test_an_open_violation_stands_in_the_way_also_when_its_path_was_taken_back(registry: Gated) -> None:
    await registry.group()
    ana = await registry.person("ana")
    await registry.gate(violations_since=0)
    version = await registry.register()
    run, found = await registry.violate(version)
    with pytest.raises(ConflictError, match=r"no open violation: 1 open \(psi\)"):
        await registry.approve(ana)
    await registry.write(commands.dissociate(version.arn, run, CONTRIBUTED), by=registry.admin)
    await registry.write(commands.delete(run, cascade="ASSOCIATIONS"))
    with pytest.raises(ConflictError, match="1 open"):
        await registry.approve(ana)
    await registry.write(commands.delete(found, cascade="ASSOCIATIONS"), by=registry.admin)
    assert await registry.approve(ana) == ()
    later = await registry.register()
    await registry.violate(later, "kl")
    await registry.gate(violations_since=history_after(await registry.now()))
    assert await registry.approve(ana, "churn/2") == ()


def history_after(when: Any) -> int:
    return int(when.at) + 1


async def test_another_versions_violations_are_its_own(registry: Gated) -> None:
    """A version made from this one is reached from it, and what was found of that one is not this one's."""
    await registry.group()
    ana = await registry.person("ana")
    await registry.gate(violations_since=0)
    first = await registry.register()
    second = await registry.register(request={"SourceUri": first.resource_arn})
    assert ("CONTRIBUTED_TO", second.arn) in await registry.edges(first.arn, outgoing=True)
    await registry.violate(second)
    assert await registry.approve(ana) == ()
    with pytest.raises(ConflictError):
        await registry.approve(ana, "churn/2")


async def test_a_model_card_has_to_be_approved_and_be_the_versions_own(registry: Gated) -> None:
    await registry.group()
    ana = await registry.person("ana")
    await registry.gate(card=True)
    version = await registry.register()
    other = await registry.register()
    with pytest.raises(ConflictError, match="an approved model card: no model card has the version's ARN"):
        await registry.approve(ana)

    async def card(name: str, of: Entity, status: CardStatus) -> str:
        text = orjson.dumps({"model_overview": {"model_id": of.resource_arn}}).decode()
        made = cards.create(registry.place, name, text, status=status)
        await registry.write(made, by=registry.admin)
        return made.arn

    foreign = await card("foreign", other, CardStatus.APPROVED)
    await registry.write(commands.associate(foreign, version.arn))
    await card("own", version, CardStatus.PENDING_REVIEW)
    with pytest.raises(ConflictError, match="own is PendingReview"):
        await registry.approve(ana)
    await registry.write(cards.set_status(registry.place, "own", CardStatus.APPROVED), by=registry.admin)
    assert await registry.approve(ana) == ()


async def test_each_data_set_needs_a_licence(registry: Gated) -> None:
    await registry.group()
    ana = await registry.person("ana")
    await registry.gate(licences=True)
    await registry.register()
    with pytest.raises(ConflictError, match="no data set is known to have led to the version"):
        await registry.approve(ana)
    place = registry.place
    made = content(place, "s3://b/train.parquet", [("S3ETag", "e")], type="DataSet")
    raw = commands.create_artifact(place, "s3://b/raw.csv", type="DataSet")
    job = commands.create_named(place, Kind.TRIAL_COMPONENT, "train")
    links = [
        commands.associate(raw.arn, made.arn, DERIVED),
        commands.associate(made.arn, job.arn, CONTRIBUTED),
        commands.associate(job.arn, commands.create_artifact(place, "s3://b/out/model.tar.gz").arn, PRODUCED),
    ]
    await registry.write(made, raw, job, *links)
    with pytest.raises(
        ConflictError, match=r"a tag licence on each data set: s3://b/raw.csv, s3://b/train.parquet has none"
    ):
        await registry.approve(ana)
    await registry.write(commands.update(made.location.arn, Kind.ARTIFACT, tags={"licence": "CC-BY-4.0"}))
    await registry.write(commands.dissociate(raw.arn, made.arn, DERIVED))
    with pytest.raises(ConflictError, match=r"s3://b/raw.csv has none"):
        await registry.approve(ana)
    await registry.write(commands.update(raw.arn, Kind.ARTIFACT, tags={"license": "CC0"}))
    assert await registry.approve(ana) == ()


async def test_as_many_other_persons_as_asked_have_to_approve(registry: Gated) -> None:
    await registry.group()
    await registry.gate(approvals=2)
    ana, ben, cleo = [await registry.person(name) for name in ("ana", "ben", "cleo")]
    robot = await registry.person("robot", kind=PrincipalKind.SERVICE)
    await registry.register(by=cleo)
    refusals = {
        cleo: "person/cleo registered the version",
        robot: "is a service, and only persons count",
        registry.admin: "root is no person with an access key",
        Caller(registry.account, "person/nobody", "test", Role.ADMIN): "is no person with an access key",
    }
    for caller, why in refusals.items():
        with pytest.raises(ForbiddenError, match=why):
            await registry.approve(caller)
    for _ in range(2):
        (missing,) = await registry.approve(ana, reason="first")
        assert "1 of 2 so far (person/ana)" in missing
    assert await registry.approval() is PENDING
    assert "ApprovalDescription" not in ((await registry.version("churn", "1")).specification or "")
    assert await registry.approve(ben, reason="second") == ()
    assert await registry.approval() is APPROVED
    vote, approval = await registry.actions()
    assert [findings.is_vote(each) for each in (vote, approval)] == [True, False]
    assert (vote.created_by, vote.description, approval.created_by) == ("person/ana", "first", "person/ben")
    assert ("CONTRIBUTED_TO", vote.arn) in await registry.edges(approval.arn, outgoing=False)
    verdict = await verify(registry.catalog.store, registry.catalog.checkpoints, registry.account)
    assert verdict.problem is None


async def test_whoever_made_another_can_not_approve_twice(registry: Gated) -> None:
    """By a person of theirs, by one that such a person made, or by a key that they made of somebody else."""
    await registry.group()
    await registry.gate(approvals=2)
    boss = await registry.person("boss", Role.ADMIN)
    puppet = await registry.person("puppet", Role.ADMIN, by=boss)
    second = await registry.person("second", by=puppet)
    free = await registry.person("free")
    await registry.register()
    assert "1 of 2" in (await registry.approve(puppet))[0]
    assert "1 of 2 so far (person/boss)" in (await registry.approve(boss))[0]
    (missing,) = await registry.approve(second)
    assert "1 of 2 so far (person/boss)" in missing
    assert "made by person/boss, who approves it, too" in missing
    await registry.principals.create(boss, "free")
    (missing,) = await registry.approve(free)
    assert "1 of 2" in missing
    assert await registry.approve(await registry.person("other")) == ()


async def test_nobody_approves_what_their_maker_registered(registry: Gated) -> None:
    await registry.group()
    await registry.gate(approvals=1)
    boss = await registry.person("boss", Role.ADMIN)
    puppet = await registry.person("puppet", by=boss)
    await registry.register(by=boss)
    with pytest.raises(ForbiddenError, match="was made by person/boss, who registered the version"):
        await registry.approve(puppet)
    assert await registry.approve(await registry.person("ana")) == ()


async def test_approvals_are_of_what_was_there_and_end_with_a_rejection(registry: Gated) -> None:
    await registry.group()
    await registry.gate(approvals=2)
    ana, ben, cleo = [await registry.person(name) for name in ("ana", "ben", "cleo")]
    await registry.register()
    await registry.approve(ana)
    other = {"InferenceSpecification": {"Containers": [{"Image": "other:1"}]}}
    await registry.write(amend(registry.place, "churn/1", replaced=other))
    assert "1 of 2 so far (person/ben)" in (await registry.approve(ben))[0]
    await registry.write(amend(registry.place, "churn/1", approval=REJECTED), by=cleo)
    assert "1 of 2 so far (person/ana)" in (await registry.approve(ana))[0]
    assert await registry.approval() is REJECTED
    # Who lost the role since counts no longer.
    await registry.principals.grant(registry.admin, "ana", role=Role.WRITER)
    assert "person/ana has the role writer by now" in (await registry.approve(ben))[0]
    assert await registry.approve(cleo) == ()


async def test_another_approval_for_another_reason_passes_the_same_gates(registry: Gated) -> None:
    await registry.group()
    await registry.gate(approvals=2)
    ana, ben = [await registry.person(name) for name in ("ana", "ben")]
    await registry.register()
    await registry.approve(ana)
    await registry.approve(ben)
    assert (await registry.approve(ana)) == ()  # it says nothing new
    assert len(await registry.actions()) == 2
    assert "1 of 2" in (await registry.approve(ana, reason="again"))[0]
    assert await registry.approval() is APPROVED
    assert await registry.approve(ben, reason="again") == ()


async def test_what_was_approved_under_gates_stays_what_it_was(registry: Gated) -> None:
    await registry.group()
    await registry.gate(approvals=1)
    await registry.register()
    await registry.approve(await registry.person("ana"))
    other = {"InferenceSpecification": {"Containers": [{"Image": "evil:1"}]}}
    more = [{"Name": "x", "Containers": [{"Image": "evil:1"}]}]
    for change in ({"replaced": other}, {"more": more}, {"replaced": {"SourceUri": "s3://elsewhere"}}):
        with pytest.raises(ConflictError, match="was approved under the gates"):
            await registry.write(amend(registry.place, "churn/1", **change), by=registry.admin)
    await registry.write(amend(registry.place, "churn/1", metadata={"a": "b"}))


async def test_a_version_can_not_begin_approved_where_gates_stand(registry: Gated) -> None:
    await registry.group()
    ana = await registry.person("ana")
    made = register(registry.place, REQUEST, group="churn", approval=APPROVED)
    await registry.gate(approvals=1)
    with pytest.raises(ForbiddenError, match="person/ana registered the version"):
        await registry.write(made, by=ana)
    await registry.gate(bounds=[Bound("auc", at_least=0.9)])
    with pytest.raises(ConflictError, match="no evaluation"):
        await registry.write(made, by=ana)
    await registry.evaluate("a", auc=0.95)
    await registry.write(made, by=ana)
    assert await registry.approval() is APPROVED
    (action,) = await registry.actions()
    assert any(arn for _, arn in await registry.edges(action.arn, outgoing=False) if arn != action.arn)


async def test_only_administrators_override_with_a_reason_and_it_shows(registry: Gated) -> None:
    await registry.group()
    ana = await registry.person("ana")
    await registry.gate(approvals=2, bounds=[Bound("auc", at_least=0.9)])
    await registry.register()
    with pytest.raises(ForbiddenError, match="may not override gates"):
        await registry.approve(ana, override=True, reason="please")
    for given in ({"approval": APPROVED}, {"approval": REJECTED, "reason": "x"}, {"approval": APPROVED, "reason": " "}):
        with pytest.raises(InvalidError):
            amend(registry.place, "churn/1", override=True, **given)
    assert await registry.approve(registry.admin, override=True, reason="outage") == ()
    (action,) = await registry.actions()
    overridden = findings.said(action)["Overridden"]
    assert [text.partition(":")[0] for text in overridden] == [
        "approval by 2 persons with the role approver who did not register it",
        "auc >= 0.9",
    ]


async def stale(registry: Gated, number: int = 1) -> list[tuple[str, str]]:
    """Why the approval of a version is stale, which is the same asked from the version and from what makes it so."""
    version, when = await registry.version("churn", str(number)), await registry.now()
    reasons = await staleness.stale(registry.catalog.store, registry.place, version, when)
    for reason in reasons:
        told = await staleness.outdated(registry.catalog.store, registry.place, [reason.arn], when)
        assert (version.arn, [reason]) in [(each.arn, why) for each, why in told]
    return [(reason.kind.value, reason.arn) for reason in reasons]


async def test_an_approval_whose_evidence_changed_is_stale_and_stays(registry: Gated) -> None:
    await registry.group()
    ana = await registry.person("ana")
    await registry.gate(bounds=[Bound("auc", at_least=0.9)])
    version = await registry.register()
    assert await stale(registry) == []
    good = await registry.evaluate("a", auc=0.95)
    await registry.approve(ana)
    place = registry.place
    for harmless in (
        commands.update(good, Kind.ARTIFACT, description="looked at"),
        commands.update(good, Kind.ARTIFACT, tags={"seen": "yes"}),
        commands.create_artifact(place, "s3://b/other.json", type="Violation"),
    ):
        await registry.write(harmless)
    assert await stale(registry) == []
    worse = await registry.evaluate("b", auc=0.5)
    assert await stale(registry) == [("REWRITTEN", worse)]
    await registry.evaluate("a", auc=0.95)
    assert await stale(registry) == []
    await registry.write(commands.update(good, Kind.ARTIFACT, properties={"auc": "0.94"}))
    assert await stale(registry) == [("CHANGED", good)]
    _, found = await registry.violate(version)
    assert await stale(registry) == [("CHANGED", good), ("VIOLATION", found)]
    model = [content(place, "s3://b/out/model.tar.gz", [("S3ETag", tag)], type="Model") for tag in "xy"]
    await registry.write(model[0])
    assert len(await stale(registry)) == 2
    await registry.write(model[1])
    assert ("REWRITTEN", model[1].arn) in await stale(registry)
    assert await registry.approval() is APPROVED
    await registry.approve(ana, reason="looked at all of it")
    assert await stale(registry) == []
    past = await registry.catalog.moment(registry.account, sequence=1)
    assert await staleness.stale(registry.catalog.store, place, await registry.version("churn", "1"), past) == []


async def test_a_version_stands_as_its_gates_and_its_approval_say(registry: Gated) -> None:
    await registry.group()
    ana, ben = [await registry.person(name) for name in ("ana", "ben")]
    await registry.gate(approvals=2, bounds=[Bound("auc", at_least=0.9)])
    await registry.register()

    async def standing() -> tuple[bool, list[str]]:
        found = await standings.standing(registry.catalog.store, registry.place, await registry.version("churn", "1"))
        return found.passed, [text.partition(":")[0] for text in found.missing]

    persons = "approval by 2 persons with the role approver who did not register it"
    assert await standing() == (False, [persons, "auc >= 0.9"])
    await registry.evaluate("a", auc=0.95)
    await registry.approve(ana)
    assert await standing() == (False, [persons])
    await registry.approve(ben)
    assert await standing() == (True, [])
    await registry.evaluate("b", auc=0.5)
    assert await standing() == (False, ["auc >= 0.9"])
    await registry.approve(registry.admin, override=True, reason="holidays")
    assert await standing() == (True, [])
    await registry.evaluate("c", auc=0.4)
    assert await standing() == (False, ["auc >= 0.9"])
    await registry.write(amend(registry.place, "churn/1", approval=REJECTED), by=ana)
    passed, missing = await standing()
    assert (passed, missing[0]) == (False, "Churn/1 is Rejected")


async def test_an_approval_stands_alone_in_its_request(registry: Gated) -> None:
    await registry.group()
    await registry.register()
    with pytest.raises(InvalidError, match="a request of its own"):
        await registry.write(
            amend(registry.place, "churn/1", approval=APPROVED),
            commands.create_artifact(registry.place, "s3://b/x"),
            by=registry.approver,
        )


async def test_evidence_that_changes_at_the_same_time_does_not_slip_by(registry: Gated) -> None:
    """Whatever the order: an approval was judged by what the ledger holds before it."""
    await registry.group()
    ana = await registry.person("ana")
    await registry.gate(bounds=[Bound("auc", at_least=0.9)], violations_since=0)
    outcomes = []
    for round_ in range(1, 7):
        version = await registry.register()
        await registry.evaluate(f"good {round_}", auc=0.95)
        name = f"churn/{round_}"
        async with asyncio.TaskGroup() as group:
            tries = [group.create_task(attempt(registry, ana, name)) for _ in range(3)]
            worse = group.create_task(registry.evaluate(f"bad {round_}", auc=0.1)) if round_ % 2 else None
            bad = group.create_task(registry.violate(version, f"v{round_}")) if worse is None else None
            tries += [group.create_task(attempt(registry, ana, name)) for _ in range(3)]
        arn = worse.result() if worse is not None else bad.result()[1]  # type: ignore[union-attr]
        evidence = await sequence_of(registry, arn)
        for sequence in [found for task in tries if (found := task.result()) is not None]:
            assert sequence < evidence, "an approval went by evidence that stood against it"
        outcomes.append(any(task.result() for task in tries))
        with pytest.raises(ConflictError):
            await registry.write(amend(registry.place, name, approval=APPROVED, reason="again"), by=ana)
    verdict = await verify(registry.catalog.store, registry.catalog.checkpoints, registry.account)
    assert verdict.problem is None
    assert any(outcomes)


async def attempt(registry: Gated, by: Caller, name: str) -> int | None:
    try:
        return (await registry.write(amend(registry.place, name, approval=APPROVED), by=by)).sequence
    except StemmaError:
        return None


async def sequence_of(registry: Gated, arn: str) -> int:
    when = await registry.now()
    (first, *_) = reversed(await history.changes(registry.catalog.store, registry.account, arn, when.known, first=100))
    return first.sequence


async def test_general_commands_leave_decisions_versions_and_evidence_alone(registry: Gated) -> None:
    """Nobody deletes a version, a decision or a gate's result around the registry, or takes evidence away from it."""
    group = await registry.group()
    ana = await registry.person("ana")
    await registry.gate(bounds=[Bound("auc", at_least=0.9)], violations_since=0)
    version = await registry.register()
    good = await registry.evaluate("a", auc=0.95)
    await registry.approve(ana)
    (action,) = await registry.actions()
    result = findings.said(action)["GateResult"]
    run, violation = await registry.violate(version)
    await registry.write(commands.create_artifact(registry.place, "s3://b/praise"))
    praise = commands.create_artifact(registry.place, "s3://b/praise").arn
    image = commands.create_artifact(registry.place, IMAGE).arn
    writer, admin = registry.writer, registry.admin
    refused: list[tuple[Any, tuple[Caller, ...], type[StemmaError], str]] = [
        (commands.delete(version.arn, cascade="ASSOCIATIONS"), (writer, admin), ConflictError, "DeleteModelPackage"),
        (commands.delete(group, cascade="ASSOCIATIONS"), (writer, admin), ConflictError, "DeleteModelPackageGroup"),
        (commands.delete(action.arn, cascade="ASSOCIATIONS"), (writer, admin), ConflictError, "UpdateModelPackage"),
        (commands.delete(result, cascade="ASSOCIATIONS"), (writer, admin), ConflictError, "UpdateModelPackage"),
        (commands.delete(good, cascade="ASSOCIATIONS"), (writer, admin), ConflictError, "belongs to a decision"),
        (commands.dissociate(good, action.arn, CONTRIBUTED), (writer, admin), ConflictError, "belongs to a decision"),
        (commands.part(version.arn, action.arn), (writer, admin), ConflictError, "belongs to a decision"),
        (commands.associate(praise, action.arn, CONTRIBUTED), (writer, admin), ConflictError, "evidence was complete"),
        (commands.dissociate(version.arn, group), (writer, ana), ForbiddenError, "takes the role admin"),
        (commands.dissociate(version.arn, run, CONTRIBUTED), (writer, ana), ForbiddenError, "takes the role admin"),
        (commands.delete(run, cascade="ASSOCIATIONS"), (writer, ana), ForbiddenError, "takes the role admin"),
        (commands.delete(image, cascade="ASSOCIATIONS"), (writer, ana), ForbiddenError, "takes the role admin"),
        (
            commands.delete(violation, cascade="ASSOCIATIONS"),
            (writer,),
            ForbiddenError,
            "closing it takes the role approver",
        ),
        (
            commands.update(action.arn, Kind.ACTION, specification="{}"),
            (writer, admin),
            ConflictError,
            "the model registry's",
        ),
        (
            commands.update(group, Kind.CONTEXT, specification="{}"),
            (writer, admin),
            ConflictError,
            "the model registry's",
        ),
    ]
    for command, callers, kind, text in refused:
        for caller in callers:
            with pytest.raises(kind, match=text):
                await registry.write(command, by=caller)
    cascade = await cascades.deletion(registry.catalog.store, registry.account, image, cascade="DESCENDANTS")
    with pytest.raises(ForbiddenError):
        await cascades.preview(registry.catalog.store, writer, cascade)
    await registry.write(commands.delete(violation, cascade="ASSOCIATIONS"), by=ana)
    assert await registry.approval() is APPROVED
    await registry.write(DeletePackage(registry.place, Package("churn", 1)))
    with pytest.raises(ForbiddenError, match="has gates"):
        await registry.write(DeleteGroup(registry.place, "churn"), by=ana)
    await registry.write(DeleteGroup(registry.place, "churn"), by=admin)
