"""Who decided on the model versions, on which evidence, and whether the approval in force still stands on it."""

from typing import Any

import orjson

from graph.entities import Approval, Entity
from graph.registry import decisions, findings
from graph.registry.approvals import SHOWN
from graph.registry.findings import VOTE
from reports.audit.covered import Covered, Version
from reports.audit.words import Told, count, kind, name, time
from reports.documents import Notice, Paragraph, Part, Section, Table


def approvals(covered: Covered) -> Told:
    """The decisions on each model version that was met."""
    missing: list[Paragraph] = []
    sections = [Section(name(each.entity), _version(covered, each, missing)) for each in covered.versions]
    parts: list[Part] = []
    if not covered.versions:
        parts.append(
            Paragraph("No registered model version is upstream or downstream of it, so nothing was decided on one.")
        )
    if covered.versions_left:
        said = f"The decisions on {count(covered.versions_left, 'further version')} are not shown; ask for their own reports."
        parts.append(Notice("note", said))
        missing.append(Paragraph(said))
    return Told(Section("Approvals, gates and evidence", parts, sections), missing)


def state(version: Version) -> str:
    """Whether it may run, in SageMaker's words."""
    return SHOWN[version.entity.approval or Approval.PENDING_MANUAL_APPROVAL]


def _version(covered: Covered, version: Version, missing: list[Paragraph]) -> list[Part]:
    entity, source = version.entity, covered.source(version.entity.arn)
    parts: list[Part] = [_standing(covered, version)]
    if not version.decisions:
        missing.append(Paragraph(f"Nobody has decided on {name(entity)}.", source))
        return parts
    rows = tuple(_decision(action) for action in version.decisions)
    sources = tuple(covered.revisions[action.arn].source for action in version.decisions)
    columns = ("when", "by", "decision", "reason", "gates")
    parts.append(Table(f"Decisions on {name(entity)}", columns, rows, sources=sources))
    for action in version.decisions:
        if not _reason(action):
            text = f"{action.created_by} gave no reason for the decision of {time(_at(action))} on {name(entity)}."
            missing.append(Paragraph(text, covered.source(action.arn)))
    held = [action for action in version.decisions if action.approval is Approval.APPROVED]
    if held:
        parts += _evidence(covered, version, held[-1], missing)
    return parts


def _standing(covered: Covered, version: Version) -> Part:
    entity = version.entity
    sources = covered.source(entity.arn)
    title = f"{name(entity)} is {state(version)}"
    if not version.stale:
        return Notice(
            "good" if entity.approval is Approval.APPROVED else "note",
            title,
            "What it was approved on has not changed since." if entity.approval is Approval.APPROVED else "",
            sources,
        )
    reasons = "; ".join(f"{reason.text} ({time(reason.at)})" for reason in version.stale[:10])
    more = f"; and {len(version.stale) - 10} more" if len(version.stale) > 10 else ""
    named = tuple(source for reason in version.stale[:10] for source in covered.source(reason.arn))
    return Notice("bad", f"{title}, and the approval is stale", f"{reasons}{more}.", (*sources, *named))


def _decision(action: Entity) -> tuple[str, ...]:
    said = findings.said(action)
    decided = SHOWN[action.approval] if action.approval is not None else "–"
    if VOTE in said:
        decided = f"vote: {said[VOTE]}"
    lacking = decisions.overridden(action)
    gates = f"overridden: {'; '.join(lacking)}" if lacking else ("passed" if "GateResult" in said else "none")
    return (time(_at(action)), action.created_by, decided, _reason(action) or "none given", gates)


def _evidence(covered: Covered, version: Version, action: Entity, missing: list[Paragraph]) -> list[Part]:
    """What the gates found for the approval in force, and what it rests on."""
    evidence = version.evidence[action.arn]
    document = decisions.results(action, evidence)
    parts: list[Part] = []
    if document is None:
        text = f"No gate was in force when {name(version.entity)} was approved: nothing but the approver's word is recorded."
        missing.append(Paragraph(text, covered.source(action.arn)))
    else:
        found: list[dict[str, Any]] = document.get("results", [])
        result = findings.said(action).get("GateResult", "")
        sources = (covered.source(result) or covered.source(action.arn)) * len(found)
        rows = tuple(
            (each["gate"].lower().replace("_", " "), each["wanted"], "yes" if each["passed"] else "no", each["found"])
            for each in found
        )
        caption = f"What the gates found when {name(version.entity)} was approved"
        parts.append(Table(caption, ("gate", "wanted", "passed", "found"), rows, sources=sources))
    known = [each for arn, each in sorted(evidence.items()) if arn in covered.revisions]
    if known:
        seen = decisions.seen(action, evidence)
        rests = tuple((kind(each), name(each), each.created_by, seen.get(each.arn, "–")) for each in known)
        columns = ("type", "name", "recorded by", "digest of what the gates saw")
        named = tuple(covered.revisions[each.arn].source for each in known)
        parts.append(Table(f"What the approval of {name(version.entity)} rests on", columns, rests, sources=named))
    return parts


def _at(action: Entity) -> int:
    return action.started_at or action.created_at


def _reason(action: Entity) -> str | None:
    if action.description:
        return action.description
    text = orjson.loads(action.specification or "{}").get("ApprovalDescription")
    return str(text) if text else None
