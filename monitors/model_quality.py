"""Model quality: a baseline of a model's predictions, and later predictions held against it.

As `data_quality`, both store their files and record themselves in one transaction. The baseline keeps its
configuration, so that a run needs no more than its ARN.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from graph.access import Caller
from graph.artifacts import ArtifactStore
from graph.catalog import Catalog
from monitors import baselines, runs
from monitors.analysis.jsonfile import dump
from monitors.analysis.quality import (
    QualityConfig,
    QualityConstraints,
    QualityState,
    QualityStatistics,
    QualityViolation,
    find_quality_violations,
    parse_quality_constraints,
    quality_config_document,
    quality_statistics,
    quality_violations_to_json,
    read_quality_config,
    suggest_quality_constraints,
)
from monitors.datasets import Progress, translated
from monitors.measurements import Measured, fold_aside
from monitors.reading import Reading
from monitors.records import Finding, Record
from monitors.runs import VIOLATIONS, File, Pages, Result, Subject, conclude, conclude_run, identity

NAME = "model-quality"
BASELINE_NAME = "model-quality-baseline"


@dataclass(frozen=True, slots=True)
class QualityResult(Result):
    """What a baseline or a run found, and what it left behind."""

    data: Measured
    config: QualityConfig
    statistics: QualityStatistics
    constraints: QualityConstraints
    violations: tuple[QualityViolation, ...] = ()


@dataclass(frozen=True, slots=True)
class QualityFound:
    """What a report on a model's quality is made of; a baseline's own constraints are those that it suggests.

    `config` is None where only files are left that do not hold it.
    """

    config: QualityConfig | None
    statistics: QualityStatistics
    constraints: QualityConstraints
    violations: tuple[QualityViolation, ...] = ()


async def baseline(
    catalog: Catalog,
    artifacts: ArtifactStore,
    caller: Caller,
    data: str | Path,
    config: QualityConfig,
    *,
    name: str = BASELINE_NAME,
    reading: Reading | None = None,
    constraints: bytes | None = None,
    pages: Pages[QualityFound] | None = None,
    on_progress: Progress | None = None,
) -> QualityResult:
    """Learn how good a model is and how good it must stay.

    Writes `analysis_config.json`, `statistics.json` and `constraints.json`.

    Args:
        catalog: The graph.
        artifacts: Where the files are kept.
        caller: Who asks.
        data: A file, a folder or a pattern with labels and predictions.
        config: Which columns they are.
        name: What the job is called, before its identity.
        reading: How to read the data.
        constraints: A constraints file edited by hand, instead of the suggested ones.
        pages: Makes pages for people that are kept beside the files.
        on_progress: Told how far reading has come.

    Raises:
        NotFoundError: Nothing that can be read is there.
        InvalidError: The data does not fit the configuration, or has no row with a label and a prediction.
    """
    started = datetime.now(UTC)
    reading = None if reading is None else reading.captured(truth=config.label)
    measured, statistics = await _measured(data, config, reading, on_progress)
    with translated():
        learnt = (
            suggest_quality_constraints(statistics) if constraints is None else parse_quality_constraints(constraints)
        )
    settings = dump(quality_config_document(config))
    inputs = {**identity(measured, reading), "config": settings.decode(), "constraints": learnt.to_json().decode()}
    record = Record(catalog.place(caller.account), name, inputs)
    subject = Subject(
        *(NAME, record.arn, record.job, measured), reading=reading or Reading(), settings={"seed": config.seed}
    )
    files = [
        File("analysis_config.json", baselines.ANALYSIS_CONFIG, settings),
        File("statistics.json", baselines.STATISTICS, statistics.to_json()),
        File("constraints.json", baselines.CONSTRAINTS, learnt.to_json()),
        *await runs.pages(pages, subject, QualityFound(config, statistics, learnt)),
    ]
    recorded = await conclude(
        *(catalog, artifacts, caller, record, measured, files),
        started=started,
        description=f"Model quality baseline of {measured.name}",
        operation="monitor_baseline",
        facts={"problem": config.problem},
    )
    return QualityResult(recorded, measured, config, statistics, learnt)


async def run(
    catalog: Catalog,
    artifacts: ArtifactStore,
    caller: Caller,
    data: str | Path,
    baseline_arn: str,
    *,
    name: str = NAME,
    model: str | None = None,
    reading: Reading | None = None,
    pages: Pages[QualityFound] | None = None,
    on_progress: Progress | None = None,
) -> QualityResult:
    """Hold predictions against a baseline; each violation becomes an artifact, beside the files with all of them.

    Args:
        catalog: The graph.
        artifacts: Where the files are kept.
        caller: Who asks.
        data: A file, a folder or a pattern with labels and predictions.
        baseline_arn: The baseline's job, or its constraints.
        name: What the job is called, before its identity.
        model: The ARN of the model, or of its version, whose predictions these are.
        reading: How to read the data.
        pages: Makes pages for people that are kept beside the files.
        on_progress: Told how far reading has come.

    Raises:
        NotFoundError: The data, the baseline or the model is not there.
        InvalidError: The data does not fit the baseline's configuration, or an ARN names no baseline of model quality.
        ConflictError: A file of the baseline was changed since it was stored.
    """
    started = datetime.now(UTC)
    held = await baselines.analysis(catalog, artifacts, caller.account, baseline_arn, model)
    with translated():
        constraints = parse_quality_constraints(held.constraints)
        config = read_quality_config(held.config)
    reading = None if reading is None else reading.captured(truth=config.label)
    measured, statistics = await _measured(data, config, reading, on_progress)
    with translated():
        found = find_quality_violations(statistics, constraints)
    record = Record(catalog.place(caller.account), name, {**identity(measured, reading), "causes": held.causes})
    subject = Subject(
        *(NAME, record.arn, record.job, measured, held.causes[0]),
        model=held.causes[2] if model is not None else None,
        reading=reading or Reading(),
        settings={"seed": config.seed},
    )
    files = [
        File("statistics.json", baselines.STATISTICS, statistics.to_json()),
        File("constraint_violations.json", VIOLATIONS, quality_violations_to_json(found)),
        *await runs.pages(pages, subject, QualityFound(config, statistics, constraints, tuple(found))),
    ]
    said = config.prediction or config.probability
    spoken_of = tuple(dict.fromkeys(column for column in (config.label, said) if column is not None))
    recorded = await conclude_run(
        *(catalog, artifacts, caller, record, measured, files),
        started=started,
        causes=held.causes,
        findings=[Finding(v.metric_name, v.constraint_check_type, spoken_of, v.to_document()) for v in found],
        facts={"problem": config.problem},
    )
    return QualityResult(recorded, measured, config, statistics, constraints, tuple(found))


async def _measured(
    data: str | Path, config: QualityConfig, reading: Reading | None, on_progress: Progress | None
) -> tuple[Measured, QualityStatistics]:
    measured, state = await fold_aside(data, config.columns, partial(QualityState, config), reading, on_progress)
    with translated():
        return measured, await asyncio.to_thread(quality_statistics, state)
