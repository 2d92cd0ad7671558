"""What a monitor's run found, read again from the files that it left, and what it was found in.

A run is any processing job that left a monitor's files: by schedule, by hand, or through SageMaker's API; ours and those of
SageMaker's own containers. Files are read where they lie, in the artifact store or in S3, and checked against their digests.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from graph import history, jobs, listing
from graph.artifacts import ArtifactStore
from graph.associations import AssociationType
from graph.commands import Place
from graph.entities import Entity
from graph.errors import InvalidError
from graph.jobs import JobKind
from graph.monitoring.names import Monitor
from graph.reach import Policy
from graph.store.store import Store
from graph.times import Moment
from monitors.analysis import Constraints, Statistics, parse_constraints, parse_violations, suggest_constraints
from monitors.analysis.attribution import parse_attribution, parse_attribution_drifts
from monitors.analysis.bias import parse_analysis, parse_bias_violations, read_config
from monitors.analysis.bias.drift import TOLERANCE
from monitors.analysis.jsonfile import Document, load
from monitors.analysis.quality import (
    parse_quality_constraints,
    parse_quality_violations,
    read_quality_config,
    suggest_quality_constraints,
)
from monitors.analysis.quality.statistics import read_statistics as read_quality_statistics
from monitors.analysis.statistics import read_statistics
from monitors.analysis.violations import listed_violations
from monitors.attribution import AttributionFound
from monitors.baselines import ANALYSIS_CONFIG, CONSTRAINTS, STATISTICS
from monitors.bias import BiasFound
from monitors.data_quality import DataFound
from monitors.datasets import translated
from monitors.model_quality import QualityFound
from monitors.records import Finding, column_artifact, violation_artifact
from monitors.run_files import File, file_of, name_of, read_file

LARGEST = 48 << 20
"""Bytes of all files that are read of a run."""
EDGES = 200
VIOLATIONS = "constraint_violations.json"
BASELINES = {
    "constraints.json": CONSTRAINTS,
    "analysis.json": CONSTRAINTS,
    "statistics.json": STATISTICS,
    "analysis_config.json": ANALYSIS_CONFIG,
}
"""What a baseline's files are, where their artifacts' types do not say it."""
QUALITY = ("regression_metrics", "binary_classification_metrics", "multiclass_classification_metrics")

Found = DataFound | QualityFound | BiasFound | AttributionFound


@dataclass(frozen=True, slots=True)
class Traced:
    """A run with what it left and what had a part in it.

    Attributes:
        outputs: its files by name, such as `statistics.json`.
        baseline: the artifacts that it was held against, by their types.
        data: what it looked at.
        others: what else had a part in it: a model, its version, a deployment.
    """

    run: Entity
    outputs: Mapping[str, File]
    baseline: Mapping[str, Entity] = field(default_factory=dict)
    data: tuple[Entity, ...] = ()
    others: tuple[Entity, ...] = ()

    @property
    def files(self) -> dict[str, File]:
        """All that is to be read: the run's own, and the baseline's under their types."""
        held = {name: file_of(entity) for name, entity in self.baseline.items()}
        return {**self.outputs, **{name: file for name, file in held.items() if file is not None}}


@dataclass(frozen=True, slots=True)
class Findings:
    """What a run found.

    Attributes:
        monitor: which one found it.
        found: in the monitor's own class.
        violations: as they stand in the file, all of them.
    """

    monitor: Monitor
    found: Found
    violations: Sequence[Document] = ()


async def trace(store: Store, account: str, run: Entity, when: Moment) -> Traced:
    """What a run left, and what had a part in it.

    Raises:
        InvalidError: it is no processing job.
    """
    if run.type != JobKind.PROCESSING.type:
        raise InvalidError(
            f"{run.arn} is no monitor's run but {run.type or run.kind.value.lower()}; give the ARN of a processing job",
            path="run",
            constraint="a processing job",
        )
    made, caused = await asyncio.gather(
        _beside(store, account, run.arn, when, AssociationType.PRODUCED, outgoing=True),
        _beside(store, account, run.arn, when, AssociationType.CONTRIBUTED_TO, outgoing=False),
    )
    outputs = {name_of(entity): file for entity in made if (file := file_of(entity)) is not None}
    digest = f"sha256:{(run.parameters or {}).get('sha256', {}).get('string', '')}"
    baseline: dict[str, Entity] = {}
    data, others = [], []
    for entity in caused:
        kind = (
            entity.type if entity.type in (CONSTRAINTS, STATISTICS, ANALYSIS_CONFIG) else BASELINES.get(name_of(entity))
        )
        if any(value == digest for _, value in entity.source_types):
            data.append(entity)
        elif kind is not None and file_of(entity) is not None:
            baseline[kind] = entity
        else:
            others.append(entity)
    return Traced(run, outputs, baseline, tuple(data), tuple(others))


def violation_arns(place: Place, traced: Traced, document: Document) -> list[str]:
    """The ARNs of which one is a violation's, if it became an artifact: doors name those of bias differently."""
    file = traced.outputs.get(VIOLATIONS)
    check = document.get("constraint_check_type")
    if file is None or not isinstance(check, str):
        return []
    job = jobs.job_name(traced.run)
    return [
        violation_artifact(place, file.uri, job, Finding(subject, check, (), {})).arn for subject in _subjects(document)
    ]


def column_arn(place: Place, traced: Traced, name: str) -> str | None:
    """The ARN that a column of the data has, if a violation speaks of it."""
    for entity in traced.data:
        file = file_of(entity)
        if file is not None:
            return column_artifact(place, file.uri, file.digest, name).arn
    return None


def columns_of(document: Document) -> list[str]:
    """The columns that a violation speaks of, as far as its document names them."""
    return [str(document[key]) for key in ("feature_name", "facet") if document.get(key)]


def _subjects(document: Document) -> list[str]:
    if "facet" in document:
        facet, metric = document["facet"], document.get("metric_name")
        return [f"{facet}={document.get('facet_value')} {metric}", f"{facet}/{metric}"]
    if "label" in document:
        return [f"{document['label']} shap"]
    return [str(document.get("feature_name", document.get("metric_name", "")))]


async def read(artifacts: ArtifactStore, policy: Policy, account: str, traced: Traced) -> Findings:
    """Read a run's files and those of its baseline.

    Raises:
        InvalidError: they are no monitor's files, or damaged ones.
        NotFoundError: a file is not there.
        ConflictError: a file was changed since it was stored.
        TooExpensiveError: they are larger than `LARGEST`.
        ForbiddenError: they lie where the account may not read.
    """
    return await asyncio.to_thread(_read, artifacts, policy, account, traced)


def _read(artifacts: ArtifactStore, policy: Policy, account: str, traced: Traced) -> Findings:
    left = LARGEST
    content: dict[str, bytes] = {}
    for name, file in traced.files.items():
        if name.endswith(".json") or name in (CONSTRAINTS, STATISTICS, ANALYSIS_CONFIG):
            content[name] = read_file(artifacts, policy, account, file, left, LARGEST)
            left -= len(content[name])
    with translated():
        found = _found(traced, content)
        listed = content.get(VIOLATIONS)
        violations = [] if listed is None else listed_violations(load(listed, VIOLATIONS))
    return Findings(*found, violations)


def _found(traced: Traced, content: Mapping[str, bytes]) -> tuple[Monitor, Found]:
    """What the files say, told by what stands in them."""
    listed = content.get(VIOLATIONS)
    if "statistics.json" in content:
        document = load(content["statistics.json"], "statistics.json")
        if any(section in document for section in QUALITY):
            return Monitor.MODEL_QUALITY, _quality(document, content, listed)
        return Monitor.DATA_QUALITY, _data(read_statistics(document), content, listed)
    if "analysis.json" in content:
        document = load(content["analysis.json"], "analysis.json")
        if "explanations" in document and not any(
            f"{stage}_bias_metrics" in document for stage in ("pre_training", "post_training")
        ):
            return Monitor.MODEL_EXPLAINABILITY, _attribution(content)
        return Monitor.MODEL_BIAS, _bias(traced, content, listed)
    raise InvalidError(
        f"{traced.run.arn} left none of the files that monitors write (statistics.json, analysis.json); it left "
        + (", ".join(sorted(traced.outputs)[:10]) or "nothing"),
        path="run",
        constraint="a monitor's run",
    )


def _data(statistics: Statistics, content: Mapping[str, bytes], listed: bytes | None) -> DataFound:
    held = content.get(CONSTRAINTS) if listed is not None else content.get("constraints.json")
    constraints: Constraints = suggest_constraints(statistics) if held is None else parse_constraints(held)
    before = content.get(STATISTICS)
    return DataFound(
        statistics,
        constraints,
        () if listed is None else tuple(parse_violations(listed)),
        None if before is None else read_statistics(load(before, "statistics.json")),
    )


def _quality(document: Document, content: Mapping[str, bytes], listed: bytes | None) -> QualityFound:
    statistics = read_quality_statistics(document)
    held = content.get(CONSTRAINTS) if listed is not None else content.get("constraints.json")
    settings = content.get(ANALYSIS_CONFIG, content.get("analysis_config.json"))
    return QualityFound(
        None if settings is None else read_quality_config(load(settings, "analysis_config.json")),
        statistics,
        suggest_quality_constraints(statistics) if held is None else parse_quality_constraints(held),
        () if listed is None else tuple(parse_quality_violations(listed)),
    )


def _bias(traced: Traced, content: Mapping[str, bytes], listed: bytes | None) -> BiasFound:
    settings = content.get(ANALYSIS_CONFIG, content.get("analysis_config.json"))
    before = content.get(CONSTRAINTS)
    facts = traced.run.parameters or {}
    told = facts.get("mode", {}).get("string")
    return BiasFound(
        None if settings is None else read_config(load(settings, "analysis_config.json")),
        parse_analysis(content["analysis.json"]),
        () if listed is None else tuple(parse_bias_violations(listed)),
        None if before is None else parse_analysis(before),
        "distance" if told == "distance" else "aws",
        float(facts.get("tolerance", {}).get("number", TOLERANCE)),
    )


def _attribution(content: Mapping[str, bytes]) -> AttributionFound:
    before = content.get(CONSTRAINTS)
    return AttributionFound(
        None,
        parse_attribution(content["analysis.json"]),
        tuple(parse_attribution_drifts(content["analysis.json"])),
        None if before is None else parse_attribution(before),
    )


async def _beside(
    store: Store, account: str, arn: str, when: Moment, kind: AssociationType, *, outgoing: bool
) -> Iterable[Entity]:
    page = await listing.associations(store, account, arn, when, outgoing=outgoing, types=[kind], first=EDGES)
    ends = [edge.destination if outgoing else edge.source for _, edge in page.items]
    found = await history.entities(store, account, ends, when)
    return [found[end] for end in dict.fromkeys(ends) if end in found]
