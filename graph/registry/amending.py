"""Changes of model packages: decisions, life cycle, customer metadata, further inference specifications."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from graph import limits
from graph.access import Permission
from graph.changes import Applied
from graph.commands import Place
from graph.drafts import Draft
from graph.entities import Approval, State
from graph.errors import ConflictError, InvalidError
from graph.records import present
from graph.registry import approvals, findings, names, parts
from graph.registry.approvals import Decision, Taken
from graph.registry.names import Package
from graph.registry.versions import CONTRIBUTED, existing, specification
from graph.working import Needs, Run, Working

REPLACED = ("InferenceSpecification", "SourceUri", "ModelCard", "ModelLifeCycle", "ModelPackageRegistrationType")
"""What an update puts in place of what was there."""
METADATA, MORE = "CustomerMetadataProperties", "AdditionalInferenceSpecifications"
PAIRS, SPECIFICATIONS = 50, 15


@dataclass(frozen=True, slots=True)
class Amend:
    """Change a model package; made by `amend`.

    Attributes:
        replaced: what takes the place of what was there, by SageMaker's words.
        metadata: customer metadata to set; `removed` are keys of it to remove.
        more: further inference specifications.
        reason: why its approval is what it is.
    """

    place: Place
    named: Package
    decision: Decision | None = None
    reason: str | None = None
    replaced: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    removed: Sequence[str] = ()
    more: Sequence[Mapping[str, Any]] = ()

    @property
    def arn(self) -> str:
        """The package's lineage ARN."""
        return names.package_arn(self.place, self.named)

    @property
    def permission(self) -> Permission:
        """To approve, where it decides or says why; to override gates, where it is to."""
        if self.decision is not None and self.decision.override:
            return Permission.OVERRIDE
        return Permission.WRITE if self.decision is None and self.reason is None else Permission.APPROVE

    def needs(self, needs: Needs) -> None:
        """The package, and its group."""
        needs.entity(self.arn, None)
        if self.named.number is not None:
            needs.entity(names.group_arn(self.place, self.named.name), None)

    @property
    def alone(self) -> bool:
        """Whether it approves, for which the gates of its group have to see its evidence."""
        return self.decision is not None and self.decision.looks

    async def look(self, run: Run, working: Working) -> None:
        """Its evidence, as far as the gates of its group ask for it."""
        state = present(working.pieces.get(self.arn, ()), self.place.account)
        if state is not None:
            await approvals.look(run, working, self.place, self.named, self._merged(specification(state)))

    def follow(self, working: Working, needs: Needs) -> None:
        """What its evidence and its new parts are."""
        state = present(working.pieces.get(self.arn, ()), self.place.account)
        for part in self._parts():
            part.needs(needs)
            needs.incident.add(self.arn)
        if self.decision is not None and state is not None:
            approvals.needs_of(self.place, specification(state), needs)

    def apply(self, draft: Draft) -> Applied:
        """Change it.

        Raises:
            NotFoundError: it is not there.
            ConflictError: the decision may not follow the one that holds, or does not pass the gates of its group; or it
                would be another one than was approved under gates.
            ForbiddenError: the gates ask for approvals, and the caller's can't count.
            InvalidError: it would hold too much, or decisions do not apply to it.
        """
        state = existing(draft, self.place, self.named)
        held = specification(state)
        asked = self._merged(held)
        fields: dict[str, Any] = {}
        taken = Taken(effective=False, changed=False)
        self._same(draft, state, held, asked)
        if self.decision is not None:
            if self.named.number is None:
                raise InvalidError(
                    "ModelApprovalStatus does not apply to a model package that belongs to no group",
                    path="ModelApprovalStatus",
                    constraint="a version of a group",
                )
            before = Approval(state["approval"])
            # Whoever deploys says Approved each time: that is a decision only where it says something new.
            if before is not self.decision.approval or self.reason not in (None, held.get("ApprovalDescription")):
                if before is not self.decision.approval:
                    self.decision.follows(before, self.named)
                taken = self.decision.take(draft, self.place, self.named, asked, state["created_by"])
                if taken.effective:
                    fields["approval"] = self.decision.approval.value
                    if before is not self.decision.approval:
                        asked.pop("ApprovalDescription", None)
        # Why somebody's approval was recorded, which decided nothing yet, stands with its action.
        if self.reason is not None and (self.decision is None or taken.effective):
            asked["ApprovalDescription"] = self.reason
        fields["specification"] = limits.specification(orjson.dumps(asked).decode())
        for part in self._parts():
            for arn in part.apply(draft):
                draft.connect((arn, CONTRIBUTED, self.arn), draft.now, existing={arn})

        def change(state: State) -> State:
            return {**state, **fields}

        changed = draft.patch(self.arn, change, draft.now) or taken.changed
        return Applied(self.arn, changed=changed, missing=taken.missing)

    def payload(self) -> dict[str, Any]:
        """The change that was asked for."""
        asked = [self.replaced, self.metadata, list(self.removed), list(self.more)]
        return {
            "amend": self.arn,
            "approval": None if self.decision is None else self.decision.approval.value,
            "reason": self.reason,
            "override": self.decision is not None and self.decision.override,
            "changes": orjson.dumps(asked, option=orjson.OPT_SORT_KEYS).decode(),
        }

    def _same(self, draft: Draft, state: State, held: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
        """Check that what was approved under gates stays what it was: else any writer would have it approved."""
        if state.get("approval") != Approval.APPROVED or self.named.number is None:
            return
        gated = approvals.asked_of(draft.state(names.group_arn(self.place, self.named.name)))
        if gated and findings.subject_digest(held) != findings.subject_digest(asked):
            raise ConflictError(
                f"{self.named.resource} was approved under the gates of its group, and what runs can't be changed; "
                "register another version, or reject this one first"
            )

    def _parts(self) -> list[parts.Image | parts.Data]:
        return parts.parts(self.place, {**self.replaced, MORE: self.more})

    def _merged(self, held: Mapping[str, Any]) -> dict[str, Any]:
        asked = {**held, **self.replaced}
        if self.metadata or self.removed:
            pairs = {**held.get(METADATA, {}), **self.metadata}
            asked[METADATA] = {key: value for key, value in pairs.items() if key not in self.removed}
            if len(asked[METADATA]) > PAIRS:
                raise _full(f"{len(asked[METADATA])} {METADATA}", METADATA, PAIRS)
            if not asked[METADATA]:
                del asked[METADATA]
        if self.more:
            every = asked[MORE] = [*held.get(MORE, ()), *self.more]
            if len(every) > SPECIFICATIONS:
                raise _full(f"{len(every)} {MORE}", MORE, SPECIFICATIONS)
            if len({item["Name"] for item in every}) != len(every):
                raise InvalidError(f"{MORE} would have two of one Name", path=MORE, constraint="names are unique")
        return asked


def amend(
    place: Place,
    package: str,
    *,
    approval: Approval | None = None,
    reason: str | None = None,
    override: bool = False,
    replaced: Mapping[str, Any] | None = None,
    metadata: Mapping[str, str] | None = None,
    removed: Sequence[str] = (),
    more: Sequence[Mapping[str, Any]] = (),
) -> Amend:
    """A change of a model package; see `Amend`.

    Args:
        place: Where ARNs are made.
        package: Its ARN, or `churn/7`.
        approval: What was decided.
        reason: Why.
        override: Whether it is approved whatever the gates of its group say; that takes an administrator and a reason.
        replaced: Members of its request to replace.
        metadata: Customer metadata to set.
        removed: Keys of customer metadata to remove.
        more: Further inference specifications.

    Raises:
        InvalidError: a field does not fit, or the name is none.
    """
    named = names.package(place, package)
    decision = approvals.decided(approval, reason, override=override)
    return Amend(place, named, decision, reason or None, replaced or {}, metadata or {}, removed, more)


def _full(what: str, path: str, maximum: int) -> InvalidError:
    return InvalidError(
        f"the model package would have {what}; at most {maximum} are allowed",
        path=path,
        constraint=f"size <= {maximum}",
    )
