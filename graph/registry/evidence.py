"""What speaks for and against a version: looked up in the transaction that approves it, so that none of it changes meanwhile.

- Evaluations: the files that its request names as metrics, whatever is associated with it (a monitor's run, an evaluation
  job), what such runs produced, and the job that made its model data. Their `metrics`, and properties that are numbers, count.
  Of a file that was written anew, its newest content counts. Points put beside the ledger (BatchPutMetrics) do not count.
- Violations: those that are there among its descendants. Associations that were taken back are walked, too.
- Data sets: its ascendants of the type `DataSet`, likewise.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite

from graph import arns
from graph.associations import AssociationType
from graph.canonical import canonical, digest
from graph.commands import Place
from graph.entities import Entity, Kind, from_body
from graph.registry import names
from graph.registry.cards import lists as cards
from graph.registry.cards.lists import Card
from graph.registry.gates import Gates
from graph.registry.voters import Principals, principals
from graph.store import rows
from graph.times import FOREVER
from graph.working import Run

MOST = 20_000
"""Entities that are looked at, each way."""
CHUNK = 2_000
DATA, VIOLATION = "DataSet", "Violation"
LICENCES = ("licence", "license")
"""Tags that say under which licence data may be used."""
NOW = FOREVER - 1


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Something that says how good a version is.

    Attributes:
        at: since when it says so, epoch milliseconds.
        values: by the metric's name.
    """

    entity: Entity
    at: int
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set that a version came from: everything that is known at one source URI.

    Attributes:
        entities: its location and contents; those that were deleted are left out.
        licence: what a tag of one of them says.
    """

    uri: str
    entities: tuple[Entity, ...]
    licence: str | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found of a version.

    Attributes:
        evaluations: the newest first.
        violations: those that are there, whenever they were found.
        card: the model card that speaks about it.
        decisions: the actions by which it was decided on, the first one first.
        whole: False when there was more than can be looked at.
    """

    evaluations: tuple[Evaluation, ...] = ()
    violations: tuple[Entity, ...] = ()
    data: tuple[DataSet, ...] = ()
    card: Card | None = None
    decisions: tuple[Entity, ...] = ()
    principals: Principals = field(default_factory=dict)
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Subject:
    """A version that is looked at, there or about to be made.

    Attributes:
        resource: its own ARN.
        roots: what it is, or is to be, made of.
        files: the locations that its request names as metrics and baselines.
    """

    arn: str
    resource: str
    roots: tuple[str, ...]
    files: tuple[str, ...]


async def gather(run: Run, place: Place, subject: Subject, gates: Gates) -> Evidence:
    """What the gates of its group have to know of a version.

    Args:
        run: Runs a statement; of a transaction, so that what is seen is of one moment.
        place: Whose.
        subject: Which version.
        gates: What is asked for.
    """
    account = place.account
    seen = [rows.edge(row) for row in await run("association/incident", {"arns": [subject.arn], "forever": FOREVER})]
    triples = sorted({edge.triple for edge in seen if edge.valid_to == FOREVER and edge.account == account})
    lain = {arn for _, arn in (await _newest(run, account, subject.roots)).values()}
    near = {end for triple in triples for end in (triple[0], triple[2])} | {*subject.roots, *subject.files} | lain
    around = await _entities(run, account, near - {subject.arn})
    led_to = {triple[2] for triple in triples if triple[0] == subject.arn}
    decisions = [
        around[arn]
        for arn in led_to & around.keys()
        if around[arn].kind is Kind.ACTION and around[arn].approval is not None
    ]
    evaluations: list[Evaluation] = []
    if gates.bounds:
        evaluations = await _evaluations(run, place, around)
    violations, data, whole = [], [], True
    if gates.violations_since is not None:
        met, found_all = await reached(run, account, [subject.arn], "registry/led_to")
        found = await _entities(run, account, [arn for arn, type_ in met.items() if type_ == VIOLATION])
        violations, whole = list(found.values()), whole and found_all
    if gates.licences:
        roots = [subject.arn, *sorted({*subject.roots, *lain})]
        met, found_all = await reached(run, account, roots, "registry/came_from")
        data, whole = await _data(run, place, met), whole and found_all
    speaking = {
        triple[0] for triple in triples if triple[1] == AssociationType.ASSOCIATED_WITH and triple[2] == subject.arn
    }
    held = [card for arn in speaking & around.keys() if (card := cards.card_of(around[arn])) is not None]
    known = principals(await run("principal/makers", {"account": account})) if gates.approvals else {}
    return Evidence(
        tuple(sorted(evaluations, key=lambda each: (-each.at, each.entity.arn))),
        tuple(sorted(violations, key=lambda each: (each.created_at, each.arn))),
        tuple(data),
        cards.foremost(held, subject.resource),
        tuple(sorted(decisions, key=lambda action: (action.started_at or action.created_at, action.arn))),
        known,
        whole,
    )


def values_of(entity: Entity) -> dict[str, float]:
    """The numbers that an entity says of metrics."""
    said = {name: text for name, text in (entity.properties or {}).items() if entity.kind is Kind.ARTIFACT}
    said |= {name: value["number"] for name, value in (entity.metrics or {}).items() if "number" in value}
    found: dict[str, float] = {}
    for name, text in said.items():
        try:
            value = float(text)
        except ValueError:
            continue
        if isfinite(value):
            found[name] = value
    return found


def state_digest(entity: Entity) -> str:
    """The SHA-256 of what an entity says as evidence: its numbers, tags, status and content, not its description."""
    said = [
        [list(pair) for pair in entity.source_types],
        [[key, value] for key, value in sorted((entity.properties or {}).items())],
        [[key, dict(value)] for key, value in sorted((entity.metrics or {}).items())],
        [[key, value] for key, value in sorted((entity.tags or {}).items()) if key in LICENCES],
        [entity.card_status, entity.card_version],
    ]
    return digest(canonical(said))


def content_digest(entity: Entity) -> str | None:
    """The digest of the bytes that an artifact stands for: `sha256:…`, or its S3 ETag or version."""
    kinds = ("Custom", "S3Version", "S3ETag", "MD5Hash")
    said = sorted((kinds.index(kind), value) for kind, value in entity.source_types if not value.startswith("job:"))
    return said[0][1] if said else None


async def _evaluations(run: Run, place: Place, around: Mapping[str, Entity]) -> list[Evaluation]:
    """What says something of metrics, each once, files in their newest content."""
    account = place.account
    runs = [arn for arn, entity in around.items() if entity.kind is Kind.TRIAL_COMPONENT]
    files = [arn for arn, entity in around.items() if entity.kind is Kind.ARTIFACT]
    makers = await _led(run, account, files, "walk/upstream")
    made = await _led(run, account, runs, "walk/downstream")
    every = {**around, **await _entities(run, account, (makers | made) - around.keys())}
    locations = {
        entity.arn: place.arn(f"artifact/{arns.artifact_id(entity.source_uri, [])}")
        for entity in every.values()
        if entity.kind is Kind.ARTIFACT and entity.source_uri is not None
    }
    newest = await _newest(run, account, set(locations.values()))
    contents = await _entities(run, account, [arn for _, arn in newest.values() if arn not in every])
    found: dict[str, Evaluation] = {}
    for entity in every.values():
        at, arn = newest.get(locations.get(entity.arn, ""), (entity.created_at, entity.arn))
        held = every.get(arn) or contents.get(arn)
        if held is not None and (values := values_of(held)):
            found[arn] = Evaluation(held, at, values)
    return list(found.values())


async def _newest(run: Run, account: str, locations: Collection[str]) -> dict[str, tuple[int, str]]:
    """Since when which content lies at each location."""
    points: dict[str, list[tuple[int, str, str]]] = {}
    for chunk in _chunks(sorted(locations)):
        for row in await run("association/contents", {"arns": chunk, "forever": FOREVER}):
            edge = rows.edge(row)
            if edge.account == account and edge.valid_to == FOREVER:
                points.setdefault(edge.triple[0], []).append((edge.valid_from, edge.key, edge.triple[2]))
    return {location: (max(held)[0], max(held)[2]) for location, held in points.items()}


async def _data(run: Run, place: Place, met: Mapping[str, str | None]) -> list[DataSet]:
    found = await _entities(run, place.account, [arn for arn, type_ in met.items() if type_ == DATA])
    by_uri: dict[str, list[Entity]] = {}
    for entity in found.values():
        by_uri.setdefault(entity.source_uri or entity.arn, []).append(entity)
    made = []
    for uri, entities in sorted(by_uri.items()):
        said = [value for entity in entities for key in LICENCES if (value := (entity.tags or {}).get(key, "").strip())]
        made.append(DataSet(uri, tuple(sorted(entities, key=lambda each: each.arn)), said[0] if said else None))
    return made


async def reached(run: Run, account: str, starts: list[str], statement: str) -> tuple[dict[str, str | None], bool]:
    """The types of all that is ever met on a walk, and whether that is all; other versions are met and not passed."""
    found: dict[str, str | None] = {}
    level = starts
    while level:
        new: list[str] = []
        for chunk in _chunks(level):
            for arn, type_, resource in await run(statement, {"frontier": chunk, "account": account}):
                if arn in found or arn in starts:
                    continue
                found[arn] = type_
                other = statement == "registry/led_to" and names.PACKAGE in (resource or "").rpartition(":")[2].split(
                    "/"
                )
                if not other:
                    new.append(arn)
        if len(found) > MOST:
            return found, False
        level = new
    return found, True


async def _led(run: Run, account: str, frontier: list[str], statement: str) -> set[str]:
    """What produced some entities, or was produced by them."""
    found: set[str] = set()
    parameters = {"account": account, "at": NOW, "known": NOW, "associations": [AssociationType.PRODUCED.value]}
    for chunk in _chunks(frontier):
        for *_, edges in await run(statement, {**parameters, "frontier": chunk}):
            found |= {edge[1] for edge in edges if edge[1] is not None}
    return found


async def _entities(run: Run, account: str, wanted: Collection[str]) -> dict[str, Entity]:
    """Those of the entities that are there."""
    found: dict[str, Entity] = {}
    for chunk in _chunks(sorted(wanted)):
        for arn, _, _, body in await run("entity/read", {"arns": chunk, "account": account}):
            if body is not None:
                found[arn] = from_body(body)
    return found


def _chunks(items: list[str]) -> Iterable[list[str]]:
    return (items[begin : begin + CHUNK] for begin in range(0, len(items), CHUNK))
