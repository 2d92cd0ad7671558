"""The data that went in: with digests, and whether those held when they were last looked at."""

from graph import arns
from graph.commands import Place
from graph.entities import Entity, Kind
from reports.audit.covered import Covered
from reports.audit.words import Told, count, digest, kind, name, time
from reports.documents import Paragraph, Part, Section, Table

RESULTS = frozenset({"Violation", "Violations", "Statistics", "Constraints", "Report", "GateResult", "Column"})
"""Artifacts that are no data: what monitors and gates write."""

MOST_NAMED = 10
"""Sources of a sentence about all of them."""


def data(covered: Covered) -> Told:
    """Data sets, code and model data upstream, and of the subject itself."""
    scope = covered.scope
    place = Place(scope.account, scope.region)
    entities = [each for each in (covered.subject, *covered.entities(covered.upstream)) if _is_data(each)]
    # A place stands for itself only where nobody looked at what lies there.
    known = {location(place, each) for each in entities if digest(each) is not None}
    shown = [each for each in entities if digest(each) is not None or each.arn not in known]
    rows, missing, changed = [], list[Paragraph](), list[Entity]()
    for each in shown:
        held = _held(covered, each, place)
        if held.startswith("no:"):
            changed.append(each)
        rows.append((kind(each), name(each), digest(each) or "unknown", held))
    parts: list[Part] = []
    unknown = [each for each in shown if digest(each) is None]
    if shown:
        sources = tuple(covered.revisions[each.arn].source for each in shown)
        columns = ("type", "name", "digest", "matched when last recorded")
        places = tuple((name(each), each.source_uri or "–") for each in shown)
        parts.append(Paragraph(_summary(len(shown), len(unknown), len(changed)), sources[:MOST_NAMED]))
        parts.append(Table("Data, code and model data that went in", columns, tuple(rows), sources=sources))
        parts.append(Table("Where it lay", ("name", "place"), places, sources=sources))
    else:
        parts.append(Paragraph("No data, code or model data is recorded upstream of it."))
        missing.append(
            Paragraph("The data that it was made from is not recorded.", covered.source(covered.subject.arn))
        )
    for each in unknown:
        text = f"No digest is known of {kind(each)} {name(each)}: nobody can say whether it is still what it was."
        missing.append(Paragraph(text, covered.source(each.arn)))
    for each in changed:
        text = f"{kind(each)} {name(each)} no longer lay at its place when that was last recorded."
        missing.append(Paragraph(text, covered.source(each.arn)))
    return Told(Section("Data, code and model data", parts), missing)


def location(place: Place, entity: Entity) -> str:
    """The ARN of the place where an artifact lies."""
    return place.arn(f"artifact/{arns.artifact_id(entity.source_uri or '', [])}")


def _is_data(entity: Entity) -> bool:
    own = entity.source_uri is not None and entity.source_uri.startswith("arn:")
    return entity.kind is Kind.ARTIFACT and entity.source_uri is not None and not own and entity.type not in RESULTS


def _held(covered: Covered, entity: Entity, place: Place) -> str:
    """Whether the content that was used lay at its place when somebody last recorded what lies there."""
    lain = covered.contents.get(location(place, entity), [])
    if digest(entity) is None or not lain:
        return "never looked at"
    at, newest = lain[-1]
    if newest == entity.arn:
        return f"yes: {time(at)}"
    return f"no: other content since {time(at)}"


def _summary(number: int, unknown: int, changed: int) -> str:
    said = f"{count(number, 'item')} went in; {'all have' if not unknown else f'{number - unknown} have'} a digest."
    if changed:
        return f"{said} Of {changed}, other content lay at the place when that was last recorded."
    return f"{said} None of those with a digest was recorded with other content since."
