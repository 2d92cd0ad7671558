"""Decisions on model versions: which may follow which, and the action that each leaves with its evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import orjson

from graph import limits
from graph.associations import AssociationType
from graph.canonical import digest
from graph.changes import Put
from graph.commands import Place, create_artifact, create_named
from graph.contents import sha256, timeline
from graph.drafts import Draft
from graph.entities import Approval, Entity, Kind, State, Status
from graph.errors import ConflictError, ForbiddenError, InvalidError
from graph.records import present
from graph.registry import findings, gates, names, parts, voters
from graph.registry.evidence import Evidence, Subject, gather
from graph.registry.findings import SUBJECT, VOTE, Finding
from graph.registry.gates import Gates
from graph.registry.names import Package
from graph.working import Needs, Run, Working

STEPS = {
    Approval.PENDING_MANUAL_APPROVAL: (Approval.APPROVED, Approval.REJECTED),
    Approval.APPROVED: (Approval.REJECTED,),
    Approval.REJECTED: (Approval.APPROVED,),
}
"""Which decision may follow which, as SageMaker has it."""
SHOWN = {
    Approval.PENDING_MANUAL_APPROVAL: "PendingManualApproval",
    Approval.APPROVED: "Approved",
    Approval.REJECTED: "Rejected",
}
"""Approvals in SageMaker's words."""
REASON = 1024
RESULT, OVERRIDDEN = "GateResult", "Overridden"
"""The type of a result's artifact, and in an action's specification its ARN; there, too, what gates were overridden for."""
CONTRIBUTED = AssociationType.CONTRIBUTED_TO.value


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a decision.

    Attributes:
        effective: whether the version is now what was decided.
        changed: whether anything was recorded.
        missing: what an approval that was recorded still needs.
    """

    effective: bool
    changed: bool = True
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided on a version; made by `decided`.

    Attributes:
        reason: why, in their words.
        suffix: what the name of its action ends with; the same in each attempt to write it.
        override: whether it holds whatever its group's gates say.
    """

    approval: Approval
    reason: str | None
    suffix: str
    override: bool = False

    @property
    def looks(self) -> bool:
        """Whether the evidence has to be looked at: a rejection needs none."""
        return self.approval is Approval.APPROVED

    def follows(self, held: Approval, named: Package) -> None:
        """Check that it may follow what holds.

        Raises:
            ConflictError: it may not.
        """
        if self.approval not in STEPS[held]:
            raise ConflictError(
                f"{named.resource} is {SHOWN[held]}; it can become "
                f"{' or '.join(SHOWN[step] for step in STEPS[held])}, not {SHOWN[self.approval]}"
            )

    def take(
        self, draft: Draft, place: Place, named: Package, specification: Mapping[str, Any], registrant: str
    ) -> Taken:
        """Record it, as far as the gates of the version's group let it pass.

        Raises:
            ForbiddenError: the gates ask for approvals, and the caller's can't count.
            ConflictError: a gate's evidence is missing; all that is missing is named.
        """
        asked = asked_of(draft.state(names.group_arn(place, named.name)))
        if not (self.looks and asked):
            self._act(draft, place, named, specification, {})
            return Taken(effective=True)
        evidence: Evidence = draft.working.looked[names.package_arn(place, named)]
        found = findings.findings(asked, evidence)
        about = findings.subject_digest(specification)
        votes = findings.voting(evidence.decisions, about)
        actors = [action.created_by for action in votes]
        repeated = draft.actor in actors
        objection = None
        if asked.approvals:
            objection = voters.objection(draft.actor, registrant, evidence.principals)
            if objection is not None and not self.override:
                raise ForbiddenError(
                    f"{named.resource} can't be approved by {draft.actor}: {objection}; the gates of its group ask for "
                    f"approval by {'another person' if asked.approvals == 1 else f'{asked.approvals} other persons'}"
                )
            actors += [] if repeated or objection is not None else [draft.actor]
            found.insert(0, findings.approving(asked.approvals, actors, registrant, evidence.principals))
        lacking = [finding for finding in found if not finding.passed]
        alone = [finding for finding in lacking if finding.gate is not findings.GateKind.APPROVALS]
        if alone and not self.override:
            raise ConflictError(
                f"{named.resource} does not pass the gates of its group; missing: "
                f"{'; '.join(finding.missing for finding in lacking)}"
            )
        if lacking and not self.override:
            missing = tuple(finding.missing for finding in lacking)
            if repeated:
                return Taken(effective=False, changed=False, missing=missing)
            self._act(draft, place, named, specification, {VOTE: SHOWN[self.approval], SUBJECT: about}, found, asked)
            return Taken(effective=False, missing=missing)
        kept: dict[str, Any] = {SUBJECT: about}
        if lacking:
            kept[OVERRIDDEN] = [finding.missing for finding in lacking]
        action = self._act(draft, place, named, specification, kept, found, asked, votes)
        for vote in votes:
            draft.connect((vote.arn, CONTRIBUTED, action), draft.now, existing={vote.arn})
        return Taken(effective=True)

    def _act(
        self,
        draft: Draft,
        place: Place,
        named: Package,
        specification: Mapping[str, Any],
        kept: Mapping[str, Any],
        found: Sequence[Finding] = (),
        asked: Gates = gates.NONE,
        votes: Sequence[Entity] = (),
    ) -> str:
        """The action of the decision, with its evidence; its ARN."""
        version = names.package_arn(place, named)
        result = self._result(draft, place, named, found, asked, votes) if asked else None
        told = {"ApprovalDescription": self.reason, **kept, **({} if result is None else {RESULT: result})}
        made = create_named(
            place,
            Kind.ACTION,
            f"{named.slug}-approval-{self.suffix}",
            type=names.APPROVAL_TYPE,
            source_uri=names.package_resource(place, named),
            description=self.reason,
            status=Status.COMPLETED,
            properties={"Decision": SHOWN[self.approval]},
            specification=orjson.dumps(told).decode(),
        )
        # Only the registry writes these: whoever may write can make an action that looks like it, or change its texts.
        # An approval that decides nothing yet is one of a version that is pending.
        effect = Approval.PENDING_MANUAL_APPROVAL if VOTE in kept else self.approval
        own = {"approval": effect.value, "started_at": draft.now, "ended_at": draft.now}
        Put(made.arn, made.kind, {**made.state, **own}).apply(draft)
        draft.connect((version, CONTRIBUTED, made.arn), draft.now)
        for location in evidence(place, specification):
            if draft.state(location) is None:
                continue
            known = timeline(draft, location)
            for arn in (location, *([known[-1][1]] if known else [])):
                draft.connect((arn, CONTRIBUTED, made.arn), draft.now, existing={arn})
        pieces = [piece.arn for finding in found for piece in finding.evidence]
        for arn in dict.fromkeys([*([] if result is None else [result]), *pieces]):
            draft.connect((arn, CONTRIBUTED, made.arn), draft.now, existing={arn})
        return made.arn

    def _result(
        self,
        draft: Draft,
        place: Place,
        named: Package,
        found: Sequence[Finding],
        asked: Gates,
        votes: Sequence[Entity],
    ) -> str:
        """What the gates found, as an artifact under the digest of its text; its ARN."""
        resource = names.package_resource(place, named)
        text = orjson.dumps(
            {
                "version": resource,
                "at": draft.now,
                "by": draft.actor,
                "gates": asked.kept(),
                "results": [finding.kept() for finding in found],
                "passed": all(finding.passed for finding in found),
                "overridden": self.override and not all(finding.passed for finding in found),
                "approvals": [vote.arn for vote in votes],
            },
            option=orjson.OPT_SORT_KEYS,
        )
        put = create_artifact(
            place,
            f"{resource}/gates/{self.suffix}",
            name=f"{named.slug} gates",
            type=RESULT,
            source_types=[sha256(digest(text))],
            specification=text.decode(),
        )
        put.apply(draft)
        return put.arn


def decided(approval: Approval | None, reason: str | None = None, *, override: bool = False) -> Decision | None:
    """A decision to be recorded; None for none.

    Raises:
        InvalidError: the reason is too long or no text; or gates are to be overridden without one, or by no approval.
    """
    if reason is not None:
        limits.text(reason, "reason", maximum=REASON)
    if override and (approval is not Approval.APPROVED or not (reason or "").strip()):
        raise InvalidError(
            "overriding gates takes the decision Approved and a reason", path="override", constraint="Approved, reason"
        )
    return None if approval is None else Decision(approval, reason or None, uuid4().hex[:12], override)


def reason_of(action: Entity) -> str | None:
    """Why it was decided so, as it was written then."""
    found: str | None = findings.said(action).get("ApprovalDescription")
    return found


def asked_of(group: State | None) -> Gates:
    """The gates of a group by its state; none of a package of no group."""
    return gates.NONE if group is None or group.get("resource_arn") is None else gates.of(group.get("specification"))


def evidence(place: Place, specification: Mapping[str, Any]) -> list[str]:
    """The artifacts of the locations that a version's request names as its metrics and baselines."""
    return [create_artifact(place, uri).arn for uri in parts.evidence(specification)]


def needs_of(place: Place, specification: Mapping[str, Any], needs: Needs) -> None:
    """Ask for what a decision has to see beside its version."""
    for arn in evidence(place, specification):
        needs.entity(arn, None)
        needs.contents.add(arn)


async def look(
    run: Run,
    working: Working,
    place: Place,
    named: Package,
    specification: Mapping[str, Any],
    roots: Sequence[str] = (),
) -> None:
    """Gather what the gates of a version's group ask for, for `Decision.take`."""
    group = present(working.pieces.get(names.group_arn(place, named.name), ()), place.account)
    if not (asked := asked_of(group)):
        return
    arn = names.package_arn(place, named)
    subject = subject_of(place, named, specification, roots)
    working.looked[arn] = await gather(run, place, subject, asked)


def subject_of(place: Place, named: Package, specification: Mapping[str, Any], roots: Sequence[str] = ()) -> Subject:
    """A version as evidence is gathered for it."""
    resource = names.package_resource(place, named)
    return Subject(names.package_arn(place, named), resource, tuple(roots), tuple(evidence(place, specification)))
