"""Where it ran: every deployment that was met, open ones first, and what replaced what."""

from graph.entities import Entity, Kind
from graph.hosting.names import DEPLOYMENT_TYPE, REPLACED_TYPE
from graph.hosting.production import Deployment, deployment
from reports.audit.covered import Covered, contributed
from reports.audit.words import Told, count, time
from reports.documents import Paragraph, Part, Section, Table


def deployments(covered: Covered) -> list[Deployment]:
    """The deployments that were met, what runs first, then the latest first."""
    found = [deployment(each) for each in covered.around if _is(each, DEPLOYMENT_TYPE)]
    return sorted(found, key=lambda each: (each.ended is not None, -each.started, each.action.arn))


def running(covered: Covered) -> Told:
    """The deployments, and the approvals that were in force for them."""
    found = deployments(covered)
    parts: list[Part] = []
    missing: list[Paragraph] = []
    if not found:
        parts.append(Paragraph("No deployment of it, or of what it touches, is recorded."))
    else:
        open_now = [each for each in found if each.ended is None]
        said = f"{count(len(found), 'deployment')}; {len(open_now)} of them ran at the time of this report."
        parts.append(Paragraph(said, tuple(covered.revisions[each.action.arn].source for each in open_now[:10])))
        rows = tuple(
            (
                _short(each.endpoint),
                each.told("Variant") or "–",
                ", ".join(map(_short, each.versions)) or each.told("Model") or "–",
                time(each.started),
                "still runs" if each.ended is None else time(each.ended),
                each.action.created_by,
                each.told("Cause") or each.action.description or "–",
            )
            for each in found
        )
        columns = ("endpoint", "variant", "version", "from", "to", "by", "cause")
        sources = tuple(covered.revisions[each.action.arn].source for each in found)
        parts.append(Table("Deployments", columns, rows, sources=sources))
    decided = {action.arn for version in covered.versions for action in version.decisions}
    for each in found:
        if covered.versions and decided.isdisjoint(contributed(covered, each.action.arn)):
            text = f"No approval was in force for the deployment on {_short(each.endpoint)} of {time(each.started)}."
            missing.append(Paragraph(text, covered.source(each.action.arn)))
    replaced = sorted(
        (each for each in covered.around if _is(each, REPLACED_TYPE)),
        key=lambda each: (each.started_at or 0, each.arn),
    )
    if replaced:
        swaps = tuple(
            (
                time(each.started_at),
                _short((each.properties or {}).get("Endpoint")),
                _short((each.properties or {}).get("Replaced")),
                _short((each.properties or {}).get("Replacement")),
                each.created_by,
                each.description or (each.properties or {}).get("Cause", "–"),
            )
            for each in replaced
        )
        headed = ("when", "endpoint", "replaced", "replacement", "by", "why")
        rests = tuple(covered.revisions[each.arn].source for each in replaced)
        parts.append(Table("What replaced what", headed, swaps, sources=rests))
    return Told(Section("Deployments", parts), missing)


def _is(entity: Entity, type_: str) -> bool:
    return entity.kind is Kind.ACTION and entity.type == type_


def _short(text: str | None) -> str:
    """The part of an ARN that names the resource: `endpoint/churn` → `churn`, `model-package/churn/3` → `churn/3`."""
    if text is None:
        return "–"
    return text.split(":", 5)[5].partition("/")[2] if text.startswith("arn:") else text
