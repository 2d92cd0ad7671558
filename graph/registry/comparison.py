"""Two versions side by side: their metrics, parameters, data and features, and what only one of them came from."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from graph import history, metrics
from graph.artifacts import ArtifactStore
from graph.associations import AssociationType
from graph.commands import Place
from graph.entities import Entity, Kind
from graph.errors import StemmaError
from graph.lineage import Direction, Lineage, walk
from graph.registry import parts
from graph.registry.evidence import content_digest, values_of
from graph.store.store import Store
from graph.times import Moment

LIMIT = 5_000
"""Entities of a version's lineage that are looked at."""
BATCH = 1_000
LARGEST = 4 << 20
"""Bytes of a file of metrics that is read."""
VALUES = 1_000
DEPTH = 12


@dataclass(frozen=True, slots=True)
class Difference:
    """A thing by name and what it is for either version; None where that one has none."""

    name: str
    a: str | None
    b: str | None

    @property
    def same(self) -> bool:
        """Whether both are alike."""
        return self.a == self.b


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions side by side, each list by name.

    Attributes:
        metrics: of the jobs that produced the model data, and in the metric files that we hold.
        parameters: of those jobs.
        data: what those jobs read and the model data, by URI, with digests where they are known.
        features: of statistics and constraints that we hold, with their types.
        only_a, only_b: what only one of them came from.
        truncated: whether a lineage was too large to be looked at as a whole.
    """

    metrics: list[Difference]
    parameters: list[Difference]
    data: list[Difference]
    features: list[Difference]
    only_a: list[Entity]
    only_b: list[Entity]
    truncated: bool


@dataclass(slots=True)
class Side:
    """What is known of one version."""

    metrics: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    features: dict[str, str] = field(default_factory=dict)


async def compare(
    store: Store, place: Place, artifacts: ArtifactStore, a: Entity, b: Entity, when: Moment
) -> Comparison:
    """Two versions side by side, at a moment.

    Args:
        store: Where to look.
        place: Whose.
        artifacts: Where the files lie that we hold; others are not read.
        a: A version.
        b: Another one.
        when: At which moment.
    """
    walks = [
        await walk(store, place.account, [version.arn], Direction.ASCENDANTS, when, limit=LIMIT) for version in (a, b)
    ]
    met = sorted({node.arn for found in walks for node in found.nodes})
    entities: dict[str, Entity] = {}
    for start in range(0, len(met), BATCH):
        entities |= await history.entities(store, place.account, met[start : start + BATCH], when)
    came = [{node.arn: entities[node.arn] for node in found.nodes if node.arn in entities} for found in walks]
    sides = [
        await _side(store, place, artifacts, version, nodes, found, when)
        for version, nodes, found in zip((a, b), came, walks, strict=True)
    ]
    versions = (a.arn, b.arn)
    only = [
        sorted(
            (
                entity
                for arn, entity in mine.items()
                if arn not in theirs and arn not in versions and not _own(entity, version)
            ),
            key=lambda entity: (entity.kind, entity.name, entity.arn),
        )
        for mine, theirs, version in ((came[0], came[1], a), (came[1], came[0], b))
    ]
    return Comparison(
        _differences(sides[0].metrics, sides[1].metrics),
        _differences(sides[0].parameters, sides[1].parameters),
        _differences(sides[0].data, sides[1].data),
        _differences(sides[0].features, sides[1].features),
        only[0],
        only[1],
        any(found.truncated for found in walks),
    )


async def _side(
    store: Store,
    place: Place,
    artifacts: ArtifactStore,
    version: Entity,
    nodes: Mapping[str, Entity],
    found: Lineage,
    when: Moment,
) -> Side:
    side = Side()
    made_of = {edge.source for edge in found.edges if edge.destination == version.arn}
    trained = {
        edge.source
        for edge in found.edges
        if edge.association is AssociationType.PRODUCED and edge.destination in made_of
    }
    jobs = sorted(
        (nodes[arn] for arn in trained if arn in nodes and nodes[arn].kind is Kind.TRIAL_COMPONENT),
        key=lambda job: (job.created_at, job.arn),
    )
    for arn, summaries in (await metrics.summaries(store, place.account, jobs, when)).items():
        if arn in nodes:
            side.metrics |= {summary.name: repr(summary.last) for summary in summaries}
    for job in jobs:
        side.parameters |= {
            name: value.get("number", value.get("string", "")) for name, value in (job.parameters or {}).items()
        }
    read = {edge.source for edge in found.edges if edge.destination in {job.arn for job in jobs}}
    for entity in sorted((nodes[arn] for arn in read | made_of if arn in nodes), key=lambda each: each.created_at):
        # A location says less than the content that lay there.
        if entity.kind is Kind.ARTIFACT and entity.source_uri:
            side.data[entity.source_uri] = content_digest(entity) or side.data.get(entity.source_uri, "")
    await _files(artifacts, version, nodes, side)
    return side


async def _files(artifacts: ArtifactStore, version: Entity, nodes: Mapping[str, Entity], side: Side) -> None:
    """What the files of metrics, statistics and constraints say that a version names."""
    asked = orjson.loads(version.specification or "{}")
    uris = parts.evidence(asked)
    for entity in nodes.values():
        if entity.source_uri in uris:
            side.metrics |= {name: repr(value) for name, value in values_of(entity).items()}
    for uri in uris:
        document = await asyncio.to_thread(_document, artifacts, uri)
        if not isinstance(document, dict):
            continue
        listed = document.get("features")
        if isinstance(listed, list):
            side.features |= {
                str(one["name"]): str(one.get("inferred_type", ""))
                for one in listed
                if isinstance(one, dict) and "name" in one
            }
        else:
            for name, value in _numbers(document, ()):
                if len(side.metrics) >= VALUES:
                    break
                side.metrics[name] = repr(value)


def _document(artifacts: ArtifactStore, uri: str) -> Any:
    """The JSON of a file that we hold; None for any other."""
    if not artifacts.holds(uri):
        return None
    try:
        with artifacts.open(uri) as file:
            content = file.read(LARGEST + 1)
        return orjson.loads(content) if len(content) <= LARGEST else None
    except (StemmaError, orjson.JSONDecodeError):
        return None


def _numbers(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    """The numbers of a document by their names: `auc` for what Model Monitor writes as `{"auc": {"value": 0.9}}`."""
    if isinstance(value, bool) or len(path) > DEPTH:
        return
    if isinstance(value, int | float):
        yield ".".join(path), float(value)
    elif isinstance(value, dict):
        held = value.get("value")
        if isinstance(held, int | float) and not isinstance(held, bool):
            yield ".".join(path), float(held)
            return
        for name, inner in value.items():
            # The one key of a report that only says what kind it is adds nothing to the names below it.
            yield from _numbers(inner, path if not path and name.endswith("_metrics") else (*path, str(name)))


def _own(entity: Entity, version: Entity) -> bool:
    """Whether an entity is there for the version alone: what made it, and what was decided on it."""
    return entity.kind is Kind.ACTION and entity.source_uri == version.resource_arn


def _differences(a: Mapping[str, str], b: Mapping[str, str]) -> list[Difference]:
    return [Difference(name, a.get(name), b.get(name)) for name in sorted(a.keys() | b.keys())]
