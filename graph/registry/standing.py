"""How a version stands now: what its group's gates find, what is missing, and whether it may run."""

from dataclasses import dataclass

import orjson

from graph import history
from graph.commands import Place
from graph.entities import Approval, Entity
from graph.errors import NotFoundError
from graph.registry import decisions, findings, gates, names
from graph.registry.approvals import SHOWN, subject_of
from graph.registry.evidence import gather
from graph.registry.findings import Finding
from graph.registry.staleness import Reason, stale
from graph.store.store import Store


@dataclass(frozen=True, slots=True)
class Standing:
    """What there is to say of a version.

    Attributes:
        passed: whether it may run: it is approved, and what its group's gates ask of its evidence still holds, unless an
            administrator overrode them and nothing has changed since.
        findings: what each gate finds now.
        missing: what stands in the way; empty when it passed.
        overridden: what was missing when the approval in force was given all the same.
        stale: why that approval is stale.
    """

    version: Entity
    passed: bool
    findings: tuple[Finding, ...]
    missing: tuple[str, ...]
    overridden: tuple[str, ...]
    stale: tuple[Reason, ...]


async def standing(store: Store, place: Place, version: Entity) -> Standing:
    """How a version stands now; whether another person's approval would count is not known before they give it.

    Raises:
        NotFoundError: it is a package of no group.
    """
    named = names.of_arn(version.resource_arn or "")
    if named is None or named.number is None:
        raise NotFoundError(f"{version.resource_arn} is no version of a group, and nothing is decided on it")
    when = await history.moment(store, place.account)
    arn = names.group_arn(place, named.name)
    group = (await history.entities(store, place.account, [arn], when)).get(arn)
    asked = gates.of(None if group is None else group.specification)
    specification = orjson.loads(version.specification or "{}")
    evidence = await gather(store.read, place, subject_of(place, named, specification), asked)
    found = findings.findings(asked, evidence)
    approved = version.approval is Approval.APPROVED
    reasons = tuple(await stale(store, place, version, when))
    action = await decisions.in_force(store, place.account, version.arn, when) if approved else None
    overridden = tuple([] if action is None else decisions.overridden(action))
    missing = [] if overridden and not reasons else [finding.missing for finding in found if not finding.passed]
    if not approved:
        if asked.approvals:
            votes = findings.voting(evidence.decisions, findings.subject_digest(specification))
            actors = [vote.created_by for vote in votes]
            found.insert(0, findings.approving(asked.approvals, actors, version.created_by, evidence.principals))
            missing.insert(0, found[0].missing)
        else:
            missing.insert(0, "approval by somebody with the role approver")
        if version.approval is Approval.REJECTED:
            missing.insert(0, f"{version.name} is {SHOWN[Approval.REJECTED]}")
    return Standing(version, not missing, tuple(found), tuple(missing), overridden, reasons)
