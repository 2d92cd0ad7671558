"""Whether the evidence of an approval changed after it: told with the reason, never a reason to revoke by itself.

An approval is stale when evidence of it, or the version's model data, was written anew; when what a piece of evidence says
was changed; and when a violation was found after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from graph import arns, history, listing
from graph.associations import AssociationType
from graph.commands import Place
from graph.entities import Approval, Entity, Kind
from graph.registry import decisions, evidence, names
from graph.registry.evidence import VIOLATION, state_digest
from graph.store.store import Store
from graph.times import Moment

CONTENTS = 500
"""Contents of a location that are looked at."""
CHUNK = 2_000
EVIDENCE = (Kind.ARTIFACT, Kind.TRIAL_COMPONENT)
"""Kinds of what can speak for a version."""


class StaleKind(StrEnum):
    """What happened to the evidence."""

    REWRITTEN = "REWRITTEN"
    CHANGED = "CHANGED"
    VIOLATION = "VIOLATION"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an approval is stale.

    Attributes:
        arn: the evidence that came, or is another one now.
        at: since when, epoch milliseconds.
    """

    kind: StaleKind
    arn: str
    text: str
    at: int


async def stale(store: Store, place: Place, version: Entity, when: Moment) -> list[Reason]:
    """Why the approval of a version is stale, the oldest reason first; nothing when it is not, or not approved.

    Args:
        store: Where to look.
        place: Whose.
        version: A version of a group.
        when: At which moment.
    """
    account = place.account
    if version.approval is not Approval.APPROVED:
        return []
    action = await decisions.in_force(store, account, version.arn, when)
    if action is None:
        return []
    since = action.started_at or action.created_at
    told = await decisions.evidence(store, account, action.arn, when)
    made_of = await decisions.evidence(store, account, version.arn, when)
    reasons = await _rewritten(store, place, made_of, told, since, when)
    seen = decisions.seen(action, told)
    reasons += _changed(seen, told)
    for found in await _violations(store, account, version.arn, when):
        if found.created_at >= since and found.arn not in seen:
            reasons.append(Reason(StaleKind.VIOLATION, found.arn, f"{found.name} was found", found.created_at))
    return sorted(reasons, key=lambda reason: (reason.at, reason.arn))


async def outdated(store: Store, place: Place, arns: Sequence[str], when: Moment) -> list[tuple[Entity, list[Reason]]]:
    """The approved versions whose approval some entities make stale (violations, files' new contents), with the reasons.

    Args:
        store: Where to look.
        place: Whose.
        arns: What was written.
        when: At which moment.
    """
    account = place.account
    written = await history.entities(store, account, arns, when)
    violations = [each.arn for each in written.values() if each.type == VIOLATION]
    near: list[str] = []
    if violations:
        met, _ = await evidence.reached(store.read, account, violations, "registry/came_from")
        near += [arn for arn, type_ in met.items() if type_ == names.PACKAGE_TYPE]
    files = [each.arn for each in written.values() if each.type != VIOLATION and each.kind in EVIDENCE]
    # A file's evidence may be another content of its location.
    locations = await _each(store, account, files, "registry/same")
    contents = await _each(store, account, locations, "registry/same")
    beside = list(dict.fromkeys([*files, *locations, *contents]))
    led_to = await _each(store, account, beside, "registry/led_to")
    near += [arn for arn, type_, _ in led_to if type_ in (names.PACKAGE_TYPE, names.APPROVAL_TYPE)]
    found = await history.entities(store, account, list(dict.fromkeys(near)), when)
    named = [each.resource_arn or (each.source_uri if each.approval is not None else None) for each in found.values()]
    packages = {
        package
        for resource in named
        if resource is not None and resource.startswith("arn:") and (package := names.of_arn(resource)) is not None
    }
    own = [names.package_arn(place, package) for package in sorted(packages, key=str)]
    versions = await history.entities(store, account, own, when)
    told = []
    for version in versions.values():
        reasons = [reason for reason in await stale(store, place, version, when) if reason.arn in written]
        if reasons:
            told.append((version, reasons))
    return told


async def _rewritten(
    store: Store, place: Place, made_of: dict[str, Entity], told: dict[str, Entity], since: int, when: Moment
) -> list[Reason]:
    """Reasons for files whose content is another one since; what the approval saw may lie there again."""
    files = [each for each in {**made_of, **told}.values() if each.kind is Kind.ARTIFACT and each.source_uri]
    found = []
    for location, entity in {_location(place, each): each for each in files}.items():
        contents = await lying(store, place.account, location, when)
        # A digest that is learnt later says nothing of what lay there before, so the first one counts as that.
        earlier = [arn for at, arn in contents if at < since] or [arn for _, arn in contents[:1]]
        if contents and contents[-1][1] not in (earlier[-1], *told):
            at, newest = contents[-1]
            found.append(Reason(StaleKind.REWRITTEN, newest, f"{entity.source_uri} was written anew", at))
    return found


def _changed(seen: dict[str, str], told: dict[str, Entity]) -> list[Reason]:
    """Reasons for evidence of which the graph says something else than it said to the gates."""
    return [
        Reason(
            StaleKind.CHANGED,
            arn,
            f"{told[arn].source_uri or told[arn].name} says something else",
            told[arn].modified_at,
        )
        for arn, digest in seen.items()
        if arn in told and state_digest(told[arn]) != digest
    ]


async def _violations(store: Store, account: str, version: str, when: Moment) -> list[Entity]:
    reached, _ = await evidence.reached(store.read, account, [version], "registry/led_to")
    wanted = [arn for arn, type_ in reached.items() if type_ == VIOLATION]
    return list((await history.entities(store, account, wanted, when)).values())


async def lying(store: Store, account: str, location: str, when: Moment) -> list[tuple[int, str]]:
    """Since when which content lies at a location, in order."""
    page = await listing.associations(
        *(store, account, location, when), outgoing=True, types=[AssociationType.SAME_AS], first=CONTENTS
    )
    return [
        (edge.valid_from, edge.destination)
        for _, edge in sorted(page.items, key=lambda item: (item[1].valid_from, item[0]))
    ]


async def _each(store: Store, account: str, frontier: Sequence[str], statement: str) -> list[Any]:
    """What a statement finds next to some entities, a chunk of them at a time."""
    found: list[Any] = []
    for begin in range(0, len(frontier), CHUNK):
        parameters = {"frontier": list(frontier[begin : begin + CHUNK]), "account": account}
        found += await store.read(statement, parameters)
    return found


def _location(place: Place, entity: Entity) -> str:
    return place.arn(f"artifact/{arns.artifact_id(entity.source_uri or '', [])}")
