"""Model packages: versions of groups, and packages of their own; registered, changed and deleted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from graph import limits
from graph.access import Permission
from graph.associations import AssociationType
from graph.changes import Applied
from graph.commands import Place, create_artifact, create_named
from graph.drafts import Draft
from graph.entities import Approval, Kind, State, Status
from graph.errors import AlreadyExistsError, ConflictError, InvalidError, NotFoundError
from graph.records import present
from graph.registry import approvals, groups, names, parts
from graph.registry.approvals import Decision
from graph.registry.names import Package
from graph.registry.sources import inference, source_of
from graph.working import Needs, Run, Working

CONTRIBUTED, PRODUCED = AssociationType.CONTRIBUTED_TO.value, AssociationType.PRODUCED.value
Look = Callable[[str], State | None]


@dataclass(frozen=True, slots=True)
class Register:
    """Make a model package; made by `register`.

    Attributes:
        name: the group's, or that of a package of its own (`grouped` tells), in lower case.
        request: what was asked for, in SageMaker's words.
        decision: the decision with which it begins.
    """

    place: Place
    name: str
    shown: str
    grouped: bool
    request: Mapping[str, Any]
    decision: Decision | None
    tags: Mapping[str, str] | None = None

    @property
    def permission(self) -> Permission:
        """To approve, when it begins approved or rejected."""
        return Permission.WRITE if self.decision is None else Permission.APPROVE

    @property
    def _prefix(self) -> str:
        return groups.prefix(self.place, self.name)

    def needs(self, needs: Needs) -> None:
        """The group with the numbers that it gave, and the package that is the source."""
        if self.grouped:
            needs.entity(names.group_arn(self.place, self.name), None)
            needs.numbered.add(self._prefix)
        if (source := source_of(self.place, self.request)) is not None:
            needs.entity(source.arn, None)

    def follow(self, working: Working, needs: Needs) -> None:
        """What it is made of, and what stands where the next number leads."""
        named = Package(self.name)
        if self.grouped:
            ahead = needs.candidates[self._prefix] = needs.candidates.get(self._prefix, 0) + 1
            named = Package(self.name, working.numbers.get(self._prefix, 0) + ahead)
        arn, action = names.package_arn(self.place, named), self._creation(named)
        needs.entity(arn, None)
        needs.entity(action, None)
        needs.incident |= {arn, action}
        needs.resources.add(names.package_resource(self.place, named))
        try:
            request = self._resolved(lambda other: present(working.pieces.get(other, ()), self.place.account))
        except NotFoundError:
            return  # its source may be made by the same batch; else `apply` says so
        for part in parts.parts(self.place, request):
            part.needs(needs)
        if self.decision is not None:
            approvals.needs_of(self.place, request, needs)

    @property
    def alone(self) -> bool:
        """Whether it begins approved, for which its group's gates have to see its evidence."""
        return self.decision is not None and self.decision.looks

    async def look(self, run: Run, working: Working) -> None:
        """Its evidence, as far as its group's gates ask for it."""
        assert self.decision is not None  # it would not stand alone
        named = Package(self.name, working.numbers.get(self._prefix, 0) + 1)
        request = self._resolved(lambda other: present(working.pieces.get(other, ()), self.place.account))
        roots = [arn for part in parts.parts(self.place, request) for arn in part.arns]
        if (origin := source_of(self.place, self.request)) is not None:
            roots.append(origin.arn)
        await approvals.look(run, working, self.place, named, request, roots)

    def apply(self, draft: Draft) -> Applied:
        """Make it, with its lineage.

        Raises:
            NotFoundError: its group, or the package that is its source, is not there.
            AlreadyExistsError: there is a package of this name.
            InvalidError: a part of it does not fit.
            ConflictError: it does not pass the gates of its group, in which it is to begin approved.
            ForbiddenError: likewise, where they ask for approvals by others.
        """
        named, shown = Package(self.name), self.shown
        if self.grouped:
            shown = groups.shown(groups.held(draft, self.place, self.name))
            named = Package(self.name, draft.number(self._prefix))
        request = self._resolved(draft.state)
        request["ModelPackageGroupName" if self.grouped else "ModelPackageName"] = shown
        if self.decision is not None and self.decision.reason is not None:
            request["ApprovalDescription"] = self.decision.reason
        arn = self._entity(draft, named, shown, request)
        action = create_named(
            self.place,
            Kind.ACTION,
            names.creation_name(named),
            type=names.CREATION_TYPE,
            source_uri=names.package_resource(self.place, named),
            status=Status.COMPLETED,
        )
        action.apply(draft)
        sources = [source for part in parts.parts(self.place, request) for source in part.apply(draft)]
        origin = source_of(self.place, self.request)
        if origin is not None and draft.state(origin.arn) is not None:
            sources.append(origin.arn)
        for source in sources:
            for end in (action.arn, arn):
                draft.connect((source, CONTRIBUTED, end), draft.now, existing={source})
        draft.connect((action.arn, PRODUCED, arn), draft.now)
        if self.grouped:
            group = names.group_arn(self.place, self.name)
            draft.connect((arn, AssociationType.ASSOCIATED_WITH.value, group), draft.now)
        if self.decision is not None:
            taken = self.decision.take(draft, self.place, named, request, draft.actor)
            if not taken.effective:
                raise ConflictError(
                    f"a version of {shown} can't begin approved; missing: {'; '.join(taken.missing)}; register it pending"
                )
        return Applied(arn, created=True)

    def payload(self) -> dict[str, Any]:
        """The request, without what differs between attempts."""
        decision = None if self.decision is None else [self.decision.approval.value, self.decision.reason]
        request = orjson.dumps(self.request, option=orjson.OPT_SORT_KEYS).decode()
        return {"register": self.name, "grouped": self.grouped, "request": request, "decision": decision}

    def _creation(self, named: Package) -> str:
        return self.place.arn(f"action/{names.creation_name(named)}")

    def _resolved(self, look: Look) -> dict[str, Any]:
        """The request with the inference specification of the package or model that is its source.

        Raises:
            NotFoundError: the source is not there.
        """
        source = source_of(self.place, self.request)
        if source is None or "InferenceSpecification" in self.request:
            return dict(self.request)
        held = inference(source, look(source.arn))
        return {**self.request, **({} if held is None else {"InferenceSpecification": held})}

    def _entity(self, draft: Draft, named: Package, shown: str, request: Mapping[str, Any]) -> str:
        resource = names.package_resource(self.place, named)
        made = create_artifact(
            self.place,
            resource,
            name=shown if named.number is None else f"{shown}/{named.number}",
            type=names.PACKAGE_TYPE,
            resource_arn=resource,
            description=request.get("ModelPackageDescription") or None,
            metadata=request.get("MetadataProperties"),
            specification=orjson.dumps(request).decode(),
            tags=self.tags,
        )
        if (draft.state(made.arn) or {}).get("resource_arn") is not None:
            raise AlreadyExistsError(f"ModelPackage {resource} already exists.")
        by = {"created_by": draft.actor, "modified_by": draft.actor}
        state = {**made.state, **by, "account": draft.account, "created_at": draft.now, "modified_at": draft.now}
        if self.grouped:
            begun = Approval.PENDING_MANUAL_APPROVAL if self.decision is None else self.decision.approval
            state["approval"] = begun.value
        # An artifact that somebody made by hand for this version becomes it.
        draft.create(made.arn, Kind.ARTIFACT, state, draft.now)
        return made.arn


def register(
    place: Place,
    request: Mapping[str, Any],
    *,
    group: str | None = None,
    name: str | None = None,
    approval: Approval | None = None,
    reason: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> Register:
    """A new version of a group, or a package of its own.

    Args:
        place: Where ARNs are made.
        request: `InferenceSpecification`, `ModelMetrics`, `SourceUri` and so on, in SageMaker's words.
        group: The group's name or ARN.
        name: The name of a package of its own.
        approval: How it begins; approved or rejected takes the permission to approve.
        reason: Why so.
        tags: Its tags.

    Raises:
        InvalidError: neither or both of group and name are given, or a field does not fit.
    """
    if (group is None) == (name is None):
        raise InvalidError(
            "Either ModelPackageGroupName or ModelPackageName has to be given, and not both",
            path="group",
            constraint="one",
        )
    if not any(request.get(key) for key in ("InferenceSpecification", "SourceAlgorithmSpecification", "SourceUri")):
        raise InvalidError(
            "a model package needs an InferenceSpecification, a SourceAlgorithmSpecification or a SourceUri",
            path="InferenceSpecification",
            constraint="one of the three",
        )
    pending = approval in (None, Approval.PENDING_MANUAL_APPROVAL)
    # The SDK says PendingManualApproval of every package that is told nothing else.
    if group is None and not pending:
        raise InvalidError(
            "ModelApprovalStatus does not apply to a model package that belongs to no group",
            path="ModelApprovalStatus",
            constraint="a version of a group",
        )
    decision = approvals.decided(None if pending else approval, reason)
    shown = group if group is not None else names.checked(name or "")
    lowered = names.group_name(place, group) if group is not None else shown.lower()
    limits.specification(orjson.dumps(request).decode())
    if tags is not None:
        limits.tags(tags)
    made = Register(place, lowered, shown, group is not None, dict(request), decision, tags)
    parts.parts(place, request)
    return made


@dataclass(frozen=True, slots=True)
class DeletePackage:
    """Let a package end: its associations end with it, and its aliases, while its number is never given again."""

    place: Place
    named: Package

    @property
    def arn(self) -> str:
        """Its lineage ARN."""
        return names.package_arn(self.place, self.named)

    def needs(self, needs: Needs) -> None:
        """It with all its edges, and its group."""
        needs.entity(self.arn, None)
        needs.incident.add(self.arn)
        if self.named.number is not None:
            needs.entity(names.group_arn(self.place, self.named.name), None)

    def apply(self, draft: Draft) -> Applied:
        """End it.

        Raises:
            NotFoundError: it is not there.
        """
        existing(draft, self.place, self.named)
        for triple in draft.touching(self.arn, draft.now):
            draft.disconnect(triple, draft.now)
        draft.delete(self.arn, draft.now)
        group = names.group_arn(self.place, self.named.name)
        if self.named.number is not None and (state := draft.state(group)) is not None:
            kept = [pair for pair in state.get("aliases", ()) if pair[1] != self.named.number]
            draft.patch(group, lambda state: {**state, "aliases": kept}, draft.now)
        return Applied(self.arn)

    def payload(self) -> dict[str, Any]:
        """The end that was asked for."""
        return {"delete_package": self.arn}


def existing(draft: Draft, place: Place, named: Package) -> State:
    """The state of a package.

    Raises:
        NotFoundError: it is not there.
    """
    state = draft.state(names.package_arn(place, named))
    if state is None or state.get("resource_arn") is None:
        raise NotFoundError(f"ModelPackage {names.package_resource(place, named)} does not exist.")
    return state


def specification(state: State) -> dict[str, Any]:
    """What a package was asked to be."""
    found: dict[str, Any] = orjson.loads(state.get("specification") or "{}")
    return found
