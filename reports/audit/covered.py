"""What a report covers: the entities around its subject at the moment, each in the revision in force then."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from graph import arns
from graph.associations import Association, AssociationType
from graph.commands import Place
from graph.entities import Entity, Kind, from_body
from graph.errors import NotFoundError
from graph.levels import Node
from graph.lineage import Direction, Lineage, walk
from graph.registry import decisions, names, staleness
from graph.registry.staleness import Reason, StaleKind, lying
from graph.store.store import Store
from graph.times import Moment
from reports.audit.scope import Scope

REPORT_TYPE = "AuditReport"
"""Reports are derived from all that they cover; no report shows them, or each would be in the next one."""
LIMIT = 5_000
"""Entities that each of a report's walks may meet."""
CHUNK = 1_000
VERSIONS = 25
"""Model versions of which decisions are looked up."""
LOCATIONS = 300
"""Places of data of which the contents are looked up."""
SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Revision:
    """An entity as it was in force at the moment, and what proves it (docs/adr/0002-ledger.md)."""

    entity: Entity
    key: str
    operation: str
    replaces: str | None
    body: str
    valid_from: int
    valid_to: int
    leaf: int
    salt: str
    digest: str

    @property
    def sequence(self) -> int:
        """The ledger entry that wrote it."""
        return int(self.key.split("/")[1])

    @property
    def source(self) -> str:
        """How a document names it: the ARN, and where its revision stands in the ledger."""
        return f"{self.entity.arn} (ledger entry {self.sequence}, change {self.leaf})"


@dataclass(frozen=True, slots=True)
class Version:
    """A model version: what was decided on it, on which evidence, and whether that still held.

    Attributes:
        decisions: the actions, the first one first.
        evidence: what contributed to each, by the action's ARN.
        stale: why the approval in force was stale.
    """

    entity: Entity
    decisions: tuple[Entity, ...]
    evidence: dict[str, dict[str, Entity]]
    stale: tuple[Reason, ...]


@dataclass(slots=True)
class Covered:
    """All that a report is made of.

    Attributes:
        upstream, downstream: the entities met, nearest first, without the subject; `related` are those that what contributed
            to a subject which is an end of the road (an endpoint, a group, a schedule) led to otherwise.
        edges: the associations between all of them.
        cut: the directions in which a limit ended a walk.
        revisions: of all entities that the report speaks of, by ARN.
        contents: since when which content lay at a location, by the location's ARN, for those looked at.
        versions: the model versions among all of these; `versions_left` were not looked at.
    """

    scope: Scope
    subject: Entity
    upstream: list[Node]
    downstream: list[Node]
    related: list[Node]
    edges: list[Association]
    cut: list[Direction]
    revisions: dict[str, Revision]
    contents: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    versions: list[Version] = field(default_factory=list)
    versions_left: int = 0

    def entities(self, nodes: Iterable[Node]) -> list[Entity]:
        """The entities of nodes, in their order."""
        return [self.revisions[node.arn].entity for node in nodes if node.arn in self.revisions]

    @property
    def around(self) -> list[Entity]:
        """The subject, then everything else that was met."""
        return [self.subject, *self.entities((*self.upstream, *self.downstream, *self.related))]

    def source(self, arn: str) -> tuple[str, ...]:
        """What a sentence about an entity rests on; nothing where the entity is not covered."""
        return (self.revisions[arn].source,) if arn in self.revisions else ()


async def cover(store: Store, scope: Scope) -> Covered:
    """Read everything that a report is made of, all as of its moment.

    Raises:
        NotFoundError: the subject is not there at the moment.
    """
    account, when = scope.account, scope.when
    above, below = await asyncio.gather(
        *(
            walk(store, account, [scope.arn], way, when, limit=LIMIT, seconds=SECONDS)
            for way in (Direction.ASCENDANTS, Direction.DESCENDANTS)
        )
    )
    walks = [(Direction.ASCENDANTS, above), (Direction.DESCENDANTS, below)]
    upstream, downstream = _shown(above, {scope.arn}), _shown(below, {scope.arn})
    related: list[Node] = []
    if scope.arn.split(":", 5)[5].startswith("context/") and (
        near := [node.arn for node in upstream if node.depth == 1]
    ):
        aside = await walk(store, account, near[:CHUNK], Direction.DESCENDANTS, when, limit=LIMIT, seconds=SECONDS)
        walks.append((Direction.DESCENDANTS, aside))
        related = _shown(aside, {scope.arn, *(node.arn for node in (*upstream, *downstream))})
    met = [scope.arn, *(node.arn for node in (*upstream, *downstream, *related))]
    revisions = await _revisions(store, account, met, when)
    if scope.arn not in revisions:
        raise NotFoundError(
            f"{scope.asked} is not there as of {scope.as_of}, as it was known at {scope.known_at}; "
            "ask as of a time at which it was"
        )
    shown = revisions.keys()
    edges = {
        (edge.source, edge.association, edge.destination): edge
        for _, found in walks
        for edge in found.edges
        if edge.source in shown and edge.destination in shown
    }
    covered = Covered(
        scope,
        revisions[scope.arn].entity,
        *(upstream, downstream, related),
        [edges[triple] for triple in sorted(edges)],
        list(dict.fromkeys(way for way, found in walks if found.truncated)),
        revisions,
    )
    await _versions(store, covered)
    await _contents(store, covered)
    return covered


def _shown(found: Lineage, without: set[str]) -> list[Node]:
    nodes = [node for node in found.nodes if node.arn not in without and node.type != REPORT_TYPE]
    return sorted(nodes, key=lambda node: (node.depth, node.type or "", node.name, node.arn))


async def _revisions(store: Store, account: str, named: Sequence[str], when: Moment) -> dict[str, Revision]:
    """The revisions in force of those that are there."""
    found: dict[str, Revision] = {}
    unique = list(dict.fromkeys(named))
    for begin in range(0, len(unique), CHUNK):
        parameters = {
            "arns": unique[begin : begin + CHUNK],
            "account": account,
            "at": when.at,
            "known": when.known,
        }
        for key, arn, operation, replaces, body, *rest in await store.read("revision/in_force", parameters):
            if body is not None:
                found[arn] = Revision(from_body(body), key, operation, replaces, body, *rest)
    return found


async def _versions(store: Store, covered: Covered) -> None:
    """What was decided on the model versions that were met, with the evidence."""
    scope = covered.scope
    place = Place(scope.account, scope.region)
    found = {each.arn: each for each in covered.around if each.approval is not None and _package(each)}
    chosen = list(found.values())[:VERSIONS]
    covered.versions_left = len(found) - len(chosen)
    told = await asyncio.gather(*(_version(store, place, each, scope.when) for each in chosen))
    more = {arn for each in told for evidence in each.evidence.values() for arn in evidence}
    more |= {action.arn for each in told for action in each.decisions}
    covered.revisions |= await _revisions(store, scope.account, sorted(more - covered.revisions.keys()), scope.when)
    known = covered.revisions.keys()
    # A violation counts where it was met: the paths to it are those of the moment.
    covered.versions = [
        Version(
            *(each.entity, each.decisions, each.evidence),
            tuple(reason for reason in each.stale if reason.kind is not StaleKind.VIOLATION or reason.arn in known),
        )
        for each in told
    ]


def _package(entity: Entity) -> bool:
    return entity.resource_arn is not None and names.of_arn(entity.resource_arn) is not None


async def _version(store: Store, place: Place, version: Entity, when: Moment) -> Version:
    decided = await decisions.decisions(store, place.account, version.arn, when)
    evidence = await asyncio.gather(*(decisions.evidence(store, place.account, action.arn, when) for action in decided))
    reasons = await staleness.stale(store, place, version, when)
    by_action = {action.arn: found for action, found in zip(decided, evidence, strict=True)}
    return Version(version, tuple(decided), by_action, tuple(reasons))


async def _contents(store: Store, covered: Covered) -> None:
    """What lay, since when, at the places of the data upstream."""
    scope = covered.scope
    place = Place(scope.account, scope.region)
    entities = [covered.subject, *covered.entities(covered.upstream)]
    uris = dict.fromkeys(each.source_uri for each in entities if each.kind is Kind.ARTIFACT and each.source_types)
    locations = [place.arn(f"artifact/{arns.artifact_id(uri, [])}") for uri in uris if uri is not None][:LOCATIONS]
    found = await asyncio.gather(*(lying(store, scope.account, arn, scope.when) for arn in locations))
    covered.contents = {arn: lain for arn, lain in zip(locations, found, strict=True) if lain}


def contributed(covered: Covered, arn: str) -> list[str]:
    """What contributed to something, of all that was met."""
    return [
        edge.source
        for edge in covered.edges
        if edge.destination == arn and edge.association is AssociationType.CONTRIBUTED_TO
    ]
