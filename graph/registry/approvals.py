"""Decisions on model versions: which may follow which, and the action that each leaves with its evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import orjson

from graph import limits
from graph.associations import AssociationType
from graph.changes import Put
from graph.commands import Place, create_artifact, create_named
from graph.contents import timeline
from graph.drafts import Draft
from graph.entities import Approval, Entity, Kind, Status
from graph.errors import ConflictError
from graph.registry import names, parts
from graph.registry.names import Package
from graph.working import Needs

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


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided on a version; made by `decided`.

    Attributes:
        reason: why, in their words.
        suffix: what the name of its action ends with; the same in each attempt to write it.
    """

    approval: Approval
    reason: str | None
    suffix: str

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

    def apply(self, draft: Draft, place: Place, named: Package, specification: Mapping[str, Any]) -> str:
        """Record it as an action with its evidence; the action's ARN."""
        version = names.package_arn(place, named)
        made = create_named(
            place,
            Kind.ACTION,
            f"{named.slug}-approval-{self.suffix}",
            type=names.APPROVAL_TYPE,
            source_uri=names.package_resource(place, named),
            description=self.reason,
            status=Status.COMPLETED,
            properties={"Decision": SHOWN[self.approval]},
            specification=orjson.dumps({"ApprovalDescription": self.reason}).decode(),
        )
        # Only the registry writes these two: whoever may write can make an action that looks like it, or change its texts.
        own = {"approval": self.approval.value, "started_at": draft.now, "ended_at": draft.now}
        Put(made.arn, made.kind, {**made.state, **own}).apply(draft)
        contributed = AssociationType.CONTRIBUTED_TO.value
        draft.connect((version, contributed, made.arn), draft.now)
        for location in evidence(place, specification):
            if draft.state(location) is None:
                continue
            known = timeline(draft, location)
            for arn in (location, *([known[-1][1]] if known else [])):
                draft.connect((arn, contributed, made.arn), draft.now, existing={arn})
        return made.arn


def decided(approval: Approval | None, reason: str | None = None) -> Decision | None:
    """A decision to be recorded; None for none.

    Raises:
        InvalidError: the reason is too long or no text.
    """
    if reason is not None:
        limits.text(reason, "reason", maximum=REASON)
    return None if approval is None else Decision(approval, reason or None, uuid4().hex[:12])


def reason_of(action: Entity) -> str | None:
    """Why it was decided so, as it was written then."""
    found: str | None = orjson.loads(action.specification or "{}").get("ApprovalDescription")
    return found


def evidence(place: Place, specification: Mapping[str, Any]) -> list[str]:
    """The artifacts of the locations that a version's request names as its metrics and baselines."""
    return [create_artifact(place, uri).arn for uri in parts.evidence(specification)]


def needs_of(place: Place, specification: Mapping[str, Any], needs: Needs) -> None:
    """Ask for what a decision has to see beside its version."""
    for arn in evidence(place, specification):
        needs.entity(arn, None)
        needs.contents.add(arn)
