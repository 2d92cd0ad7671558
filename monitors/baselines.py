"""A baseline as a later run needs it: found in the graph by ARN, read from the artifact store."""

from collections.abc import Sequence
from dataclasses import dataclass

from graph import listing
from graph.artifacts import ArtifactStore
from graph.associations import AssociationType
from graph.catalog import Catalog
from graph.entities import Entity, Kind
from graph.errors import InvalidError, NotFoundError
from graph.times import Moment
from monitors.analysis import Constraints, Statistics, parse_constraints, parse_statistics
from monitors.analysis.jsonfile import Document, load
from monitors.datasets import translated

CONSTRAINTS, STATISTICS, ANALYSIS_CONFIG = "Constraints", "Statistics", "AnalysisConfig"


@dataclass(frozen=True, slots=True)
class StoredBaseline:
    """The two artifacts of a baseline and what they say."""

    constraints_arn: str
    statistics_arn: str
    constraints: Constraints
    statistics: Statistics


@dataclass(frozen=True, slots=True)
class StoredAnalysis:
    """A baseline of a model's monitor: its constraints, its configuration, and what has a part in a run against it."""

    causes: list[str]
    constraints: bytes
    config: Document


async def find(catalog: Catalog, artifacts: ArtifactStore, account: str, text: str) -> StoredBaseline:
    """The baseline of data quality that an ARN names: its job, or the constraints that the job made.

    Raises:
        InvalidError: the ARN names something else.
        NotFoundError: it is not there, or its files are not.
        ConflictError: a file was changed since it was stored.
    """
    made = await files(catalog, account, text, (CONSTRAINTS, STATISTICS))
    constraints, statistics = made[CONSTRAINTS], made[STATISTICS]
    with translated():
        return StoredBaseline(
            constraints.arn,
            statistics.arn,
            parse_constraints(artifacts.read(constraints.source_uri or "")),
            parse_statistics(artifacts.read(statistics.source_uri or "")),
        )


async def files(catalog: Catalog, account: str, text: str, types: Sequence[str]) -> dict[str, Entity]:
    """A baseline's files by their artifacts' types; an ARN names its job, or the constraints that the job made.

    Raises:
        InvalidError: the ARN names something else, or a baseline without a file of one of the types.
        NotFoundError: it is not there.
    """
    when = await catalog.moment(account)
    named = await catalog.entity(account, await catalog.lineage_arn(text), when)
    job = named.arn
    if named.kind is not Kind.TRIAL_COMPONENT:
        if named.type != CONSTRAINTS:
            raise _no_baseline(named)
        makers = await listing.associations(
            catalog.store, account, named.arn, when, outgoing=False, types=[AssociationType.PRODUCED], first=1
        )
        if not makers.items:
            raise _no_baseline(named)
        job = makers.items[0][1].source
    made = await _outputs(catalog, account, job, when)
    if any(wanted not in made for wanted in types):
        raise _no_baseline(named)
    return made


async def analysis(
    catalog: Catalog, artifacts: ArtifactStore, account: str, text: str, model: str | None
) -> StoredAnalysis:
    """The baseline of a model's monitor that an ARN names: its job, or the constraints that the job made.

    Args:
        catalog: The graph.
        artifacts: Where its files are.
        account: Whose it is.
        text: The ARN.
        model: The ARN of the model, or of its version, that it is held against; or None.

    Raises:
        InvalidError: the ARN names something else.
        NotFoundError: it is not there, or its files or the model are not.
        ConflictError: a file was changed since it was stored.
    """
    made = await files(catalog, account, text, (CONSTRAINTS, ANALYSIS_CONFIG))
    constraints, settings = made[CONSTRAINTS], made[ANALYSIS_CONFIG]
    with translated():
        return StoredAnalysis(
            [constraints.arn, settings.arn, *await models(catalog, account, model)],
            artifacts.read(constraints.source_uri or ""),
            load(artifacts.read(settings.source_uri or ""), "analysis_config.json"),
        )


async def models(catalog: Catalog, account: str, text: str | None) -> tuple[str, ...]:
    """The lineage ARN of the model that an ARN names, if one is given.

    Raises:
        NotFoundError: it is not there.
    """
    return () if text is None else ((await catalog.entity(account, await catalog.lineage_arn(text))).arn,)


async def _outputs(catalog: Catalog, account: str, job: str, when: Moment) -> dict[str, Entity]:
    page = await listing.associations(
        catalog.store, account, job, when, outgoing=True, types=[AssociationType.PRODUCED], first=50
    )
    made: dict[str, Entity] = {}
    for _, edge in page.items:
        try:
            entity = await catalog.entity(account, edge.destination, when)
        except NotFoundError:
            continue
        made[entity.type or ""] = entity
    return made


def _no_baseline(entity: Entity) -> InvalidError:
    what = f"{entity.arn} ({entity.type or entity.kind.value.lower()} {entity.name!r})"
    return InvalidError(
        f"{what} is no baseline; give the ARN that `stemma monitor baseline` printed",
        path="baseline",
        constraint="a baseline's job or its constraints",
    )
