"""The audit report as a document: from the verdict on the first page to how to verify the ledger on the last."""

import shlex
from collections import Counter

from graph.levels import Node
from reports.audit import approvals, running
from reports.audit.approvals import state
from reports.audit.covered import Covered
from reports.audit.data import data
from reports.audit.making import making
from reports.audit.monitoring import monitoring, violations
from reports.audit.picture import picture
from reports.audit.scope import QUESTION
from reports.audit.words import count, digest, kind, name, time
from reports.documents import Code, Document, Facts, Notice, Paragraph, Part, Section, Table, Tone

MISSING = "What is missing"
ELSEWHERE = "All rows are in the tables of the whole report (--format zip or csv)."


def report(covered: Covered) -> Document:
    """The document; what is covered decides every byte of it."""
    told = [
        data(covered),
        making(covered),
        approvals.approvals(covered),
        running.running(covered),
        monitoring(covered),
    ]
    missing = [*_cut(covered), *_unowned(covered), *(each for section in told for each in section.missing)]
    subject = covered.subject
    return Document(
        f"{kind(subject)} {name(subject)}",
        "Audit report",
        [*_verdict(covered, len(missing)), _scope(covered)],
        [
            _entity(covered),
            _lineage(covered),
            *(section.section for section in told),
            _missing(missing),
            _ledger(covered),
            _entities(covered),
        ],
        created=covered.scope.when.known // 1_000_000,
        footer=f"{covered.scope.asked} · as of {covered.scope.as_of} · ledger entry {covered.scope.head.sequence}",
        contents=True,
    )


def _verdict(covered: Covered, missing: int) -> list[Part]:
    """What a reader must not miss: what runs, whether it was approved, what was found, what is missing."""
    parts: list[Part] = []
    own = [each for each in covered.versions if each.entity.arn == covered.subject.arn]
    open_now = [each for each in running.deployments(covered) if each.ended is None]
    for version in own or covered.versions[:3]:
        stale = f", and that approval is stale: {count(len(version.stale), 'reason')}" if version.stale else ""
        tone: Tone = "bad" if version.stale else "good" if state(version) == "Approved" else "note"
        parts.append(
            Notice(tone, f"{name(version.entity)} is {state(version)}{stale}", "", covered.source(version.entity.arn))
        )
    if open_now:
        named = ", ".join(dict.fromkeys(each.told("Endpoint") or name(each.action) for each in open_now[:5]))
        sources = tuple(covered.revisions[each.action.arn].source for each in open_now[:5])
        text = f"{count(len(open_now), 'deployment')} that it is a part of or touches ran at this time: {named}."
        parts.append(Notice("note", "In production", text, sources))
    if found := violations(covered):
        first, last = time(found[0].created_at), time(found[-1].created_at)
        text = (
            f"Found {f'on {first}' if first == last else f'from {first} to {last}'}; listed with what was done since."
        )
        sources = (covered.revisions[found[0].arn].source, covered.revisions[found[-1].arn].source)
        parts.append(Notice("bad", count(len(found), "violation"), text, tuple(dict.fromkeys(sources))))
    if missing:
        parts.append(
            Notice("note", f"{count(missing, 'thing')} {'is' if missing == 1 else 'are'} missing", f"See {MISSING!r}.")
        )
    return parts


def _scope(covered: Covered) -> Facts:
    scope = covered.scope
    return Facts(
        (
            ("Asked about", scope.asked),
            ("Question", scope.question),
            ("As of", f"{scope.as_of} (what was true then)"),
            ("Known at", f"{scope.known_at}, ledger entry {scope.head.sequence} (as it was known then)"),
            (
                "Covers",
                f"{count(len(covered.upstream), 'entity', 'entities')} upstream, "
                f"{count(len(covered.downstream), 'entity', 'entities')} downstream"
                + (f", {len(covered.related):,} that its parts touch" if covered.related else ""),
            ),
            ("Account", f"{scope.account}, {scope.region}"),
        ),
        covered.source(scope.arn),
    )


def _entity(covered: Covered) -> Section:
    entity = covered.subject
    pairs = [
        ("Name", name(entity)),
        ("Type", f"{kind(entity)} ({entity.kind.value.lower().replace('_', ' ')})"),
        ("ARN", entity.arn),
        *((("Its own ARN", entity.resource_arn),) if entity.resource_arn else ()),
        *((("Description", entity.description),) if entity.description else ()),
        *(
            (("Where it lies", entity.source_uri),)
            if entity.source_uri and entity.source_uri != entity.resource_arn
            else ()
        ),
        *((("Digest", known),) if (known := digest(entity)) else ()),
        ("Recorded", f"{time(entity.created_at)} by {entity.created_by}"),
        ("Last changed", f"{time(entity.modified_at)} by {entity.modified_by}"),
        ("Owner", _owner(covered) or "nobody is named: no tag owner"),
    ]
    parts: list[Part] = [Facts(tuple(pairs), covered.source(entity.arn))]
    for caption, values in (("Properties", entity.properties), ("Tags", entity.tags), ("Origin", entity.metadata)):
        if values:
            rows = tuple(sorted(values.items()))
            parts.append(Table(caption, ("name", "value"), rows, sources=covered.source(entity.arn) * len(rows)))
    return Section("The entity", parts)


def _owner(covered: Covered) -> str | None:
    """Whoever a tag says, of the entity or of the nearest one upstream or group that has it."""
    for each in covered.around:
        if owner := (each.tags or {}).get("owner"):
            return owner if each.arn == covered.subject.arn else f"{owner} (of {name(each)})"
    return None


def _unowned(covered: Covered) -> list[Paragraph]:
    if _owner(covered) is not None:
        return []
    text = "Nobody is named as its owner: neither it nor anything that was met has the tag owner."
    return [Paragraph(text, covered.source(covered.subject.arn))]


def _lineage(covered: Covered) -> Section:
    parts: list[Part] = []
    if (drawn := picture(covered)) is not None:
        parts.append(drawn)
    for caption, nodes in sides(covered):
        parts.append(Paragraph(f"{caption}: {_by_type(covered, nodes)}.", covered.source(covered.subject.arn)))
    return Section("Where it came from and what it touches", parts)


def sides(covered: Covered) -> list[tuple[str, list[Node]]]:
    """What was met, by where it stands; what its parts touch only where that was looked at."""
    related = [("What its parts touch", covered.related)] if covered.related else []
    return [("What it came from", covered.upstream), ("What it touches", covered.downstream), *related]


def _by_type(covered: Covered, nodes: list[Node]) -> str:
    """How many there are of each type, most first."""
    many = Counter(kind(each) for each in covered.entities(nodes))
    ordered = sorted(many.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{number:,} {type_}" for type_, number in ordered) or "nothing is recorded"


def _entities(covered: Covered) -> Section:
    tables = [_nodes(covered, caption, nodes) for caption, nodes in sides(covered) if nodes]
    text = (
        "Each entity that was met, with how many associations it is away. The associations themselves are in the zip."
    )
    return Section("All entities", [Paragraph(text), *tables])


def _nodes(covered: Covered, caption: str, nodes: list[Node]) -> Table:
    known = [(node, covered.revisions[node.arn].entity) for node in nodes if node.arn in covered.revisions]
    rows = tuple(
        (str(node.depth), kind(entity), name(entity), time(entity.created_at), entity.created_by)
        for node, entity in known
    )
    sources = tuple(covered.revisions[node.arn].source for node, _ in known)
    columns = ("steps", "type", "name", "recorded", "by")
    return Table(caption, columns, rows, frozenset({0}), elsewhere=ELSEWHERE, sources=sources)


def _cut(covered: Covered) -> list[Paragraph]:
    return [
        Paragraph(f"There is more than this report shows: the walk to {way.value.lower()} met its limit.")
        for way in covered.cut
    ]


def _missing(missing: list[Paragraph]) -> Section:
    if not missing:
        return Section(MISSING, [Paragraph("Nothing that this report looks for is missing.")])
    return Section(MISSING, missing)


def _ledger(covered: Covered) -> Section:
    scope = covered.scope
    head = scope.head
    own = [] if scope.question == QUESTION else ["--question", scope.question]
    again = shlex.join(
        ["stemma", "report", "audit", scope.asked, "--as-of", scope.as_of, "--known-at", str(head.sequence), *own]
    )
    return Section(
        "The ledger",
        [
            Paragraph(
                "Everything above stands in a chain of ledger entries, each with the hash of the one before. "
                "Each source below names the entry and the change in it that wrote what is said."
            ),
            Facts((("Head", f"entry {head.sequence}"), ("Recorded", scope.known_at), ("SHA-256", head.hash))),
            Paragraph("To make this report again, byte for byte (with --format for another form than PDF):"),
            Code(again),
            Paragraph(
                "To check a report in a zip, its digests, its sources and the chain to this head, without a database:"
            ),
            Code("stemma report verify REPORT.zip --public-key KEY"),
            Paragraph("To check the whole ledger against the database, and the database against the signed head:"),
            Code("stemma verify"),
        ],
    )
