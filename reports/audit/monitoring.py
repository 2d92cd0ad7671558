"""What monitors found, and what was done about it."""

from graph.entities import Approval, Entity, Kind
from graph.hosting.names import DEPLOYMENT_TYPE
from graph.monitoring.handling import ACKNOWLEDGED_TYPE, SILENCE_TYPE
from graph.monitoring.names import ALERT_TYPE
from graph.registry.approvals import SHOWN
from reports.audit.covered import Covered, contributed
from reports.audit.words import Told, count, name, time
from reports.documents import Paragraph, Part, Section, Table

VIOLATION = "Violation"
SAID = {ACKNOWLEDGED_TYPE: "acknowledged", SILENCE_TYPE: "the alert was silenced"}


def violations(covered: Covered) -> list[Entity]:
    """The violations that were met, the first one first."""
    found = [each for each in covered.around if each.kind is Kind.ARTIFACT and each.type == VIOLATION]
    return sorted(found, key=lambda each: (each.created_at, each.name, each.arn))


def runs(covered: Covered) -> list[Entity]:
    """The runs of monitors that were met: those that say how many violations they found; the first one first."""
    found = [
        each for each in covered.around if each.kind is Kind.TRIAL_COMPONENT and "violations" in (each.parameters or {})
    ]
    return sorted(found, key=lambda each: (each.started_at or each.created_at, each.arn))


def monitoring(covered: Covered) -> Told:
    """The runs, what they found, and what followed."""
    found, ran = violations(covered), runs(covered)
    parts: list[Part] = []
    missing: list[Paragraph] = []
    subject = covered.source(covered.subject.arn)
    if not ran:
        parts.append(Paragraph("No run of a monitor is recorded downstream of it."))
        missing.append(Paragraph("No monitor has looked at it or at what it touches.", subject))
        return Told(Section("Monitors, violations and what was done", parts), missing)
    noted = sum(int(float(_number(each, "violations"))) for each in ran)
    said = f"{count(len(ran), 'run')} of monitors, from {time(ran[0].started_at)} to {time(ran[-1].started_at)}, "
    said += f"found {count(noted, 'violation')}."
    ends = (covered.revisions[ran[0].arn].source, covered.revisions[ran[-1].arn].source)
    parts.append(Paragraph(said, tuple(dict.fromkeys(ends))))
    if noted > len(found):
        text = f"{count(noted - len(found), 'violation')} stand only in the violations files, not in the graph."
        missing.append(Paragraph(text))
    rows = tuple(
        (name(each), _data(covered, each), _number(each, "rows"), _number(each, "violations"), time(each.ended_at))
        for each in ran
    )
    sources = tuple(covered.revisions[each.arn].source for each in ran)
    columns = ("run", "data", "rows", "violations", "ended")
    parts.append(Table("Runs of monitors", columns, rows, frozenset({2, 3}), sources=sources))
    sections = []
    if found:
        parts.append(_violations(covered, found))
        sections.append(Section("What was done", _done(covered, found, missing)))
    return Told(Section("Monitors, violations and what was done", parts, sections), missing)


def _violations(covered: Covered, found: list[Entity]) -> Table:
    rows = tuple(
        (
            time(each.created_at),
            _property(each, "feature_name", "metric_name", "facet") or name(each),
            _property(each, "constraint_check_type") or "–",
            _property(each, "description") or "–",
        )
        for each in found
    )
    sources = tuple(covered.revisions[each.arn].source for each in found)
    return Table("Violations", ("found", "of", "check", "what was found"), rows, sources=sources)


def _done(covered: Covered, found: list[Entity], missing: list[Paragraph]) -> list[Part]:
    """What happened after the first violation: alerts, decisions, deployments that ended or began."""
    since = found[0].created_at
    events: list[tuple[int, str, str, str]] = []
    for each in covered.around:
        if each.kind is not Kind.ACTION:
            continue
        source = covered.revisions[each.arn].source
        began = each.started_at or each.created_at
        if each.type == ALERT_TYPE and began >= since:
            raised = (each.properties or {}).get("AlertStatus", "–")
            events.append((began, f"alert {raised}", (each.properties or {}).get("Schedule", name(each)), source))
        elif each.type in SAID and began >= since:
            said = each.properties or {}
            about = f"{said.get('Schedule', '')} {said.get('Reason', '–')}, by {each.created_by}".strip()
            events.append((began, SAID[each.type], about, source))
            if each.type == SILENCE_TYPE and each.ended_at is not None:
                ended = f"{said.get('Schedule', '')} {said.get('Ended', '–')}, by {each.modified_by}".strip()
                events.append((each.ended_at, "the silence was ended", ended, source))
        elif each.type == DEPLOYMENT_TYPE:
            shown = (each.properties or {}).get("Endpoint", name(each))
            if began >= since:
                events.append((began, "a deployment began", f"{shown}, by {each.created_by}", source))
            if each.ended_at is not None and each.ended_at >= since:
                events.append((each.ended_at, "a deployment ended", f"{shown}, by {each.modified_by}", source))
    for version in covered.versions:
        for action in version.decisions:
            began = action.started_at or action.created_at
            if began >= since and action.arn in covered.revisions:
                decided = SHOWN[action.approval or Approval.PENDING_MANUAL_APPROVAL]
                text = f"{name(version.entity)}, by {action.created_by}"
                events.append((began, f"decision: {decided}", text, covered.revisions[action.arn].source))
    if not events:
        text = f"Nothing is recorded that was done since the first violation, of {time(since)}."
        missing.append(Paragraph(text, covered.source(found[0].arn)))
        return [Paragraph(text, covered.source(found[0].arn))]
    events.sort()
    rows = tuple((time(at), what, about) for at, what, about, _ in events)
    caption = "What is recorded since the first violation"
    return [Table(caption, ("when", "what", "about"), rows, sources=tuple(event[3] for event in events))]


def _data(covered: Covered, run: Entity) -> str:
    """The data that a run read: what contributed to it and has a digest, without baselines."""
    sources = [covered.revisions[arn].entity for arn in contributed(covered, run.arn) if arn in covered.revisions]
    named = [name(each) for each in sources if each.type in ("DataSet", "CapturedData") and each.source_types]
    return ", ".join(sorted(named)) or (run.inputs or {}).get("data", {}).get("value", "–")


def _number(run: Entity, key: str) -> str:
    return (run.parameters or {}).get(key, {}).get("number", "0")


def _property(entity: Entity, *keys: str) -> str | None:
    held = entity.properties or {}
    return next((held[key] for key in keys if held.get(key)), None)
