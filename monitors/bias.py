"""Bias: a baseline of a data set and of predictions, and later ones held against it.

As `data_quality`, both store their files and record themselves in one transaction. The baseline's constraints are its
`analysis.json`, as at SageMaker, and it keeps its configuration, so that a run needs no more than its ARN.
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
from monitors.analysis.bias import (
    FLIP_TEST,
    BiasConfig,
    BiasReport,
    BiasViolation,
    DriftMode,
    analysis_to_json,
    bias_counts,
    bias_report,
    bias_violations_to_json,
    config_document,
    find_bias_violations,
    parse_analysis,
    read_config,
)
from monitors.analysis.bias.drift import CHECK, TOLERANCE
from monitors.analysis.jsonfile import dump
from monitors.datasets import Progress, translated
from monitors.measurements import Measured, fold_aside
from monitors.reading import Reading
from monitors.records import Finding, Record
from monitors.runs import VIOLATIONS, File, Pages, Result, Subject, conclude, conclude_run, identity

NAME = "bias"
BASELINE_NAME = "bias-baseline"
ANALYSIS = "BiasAnalysis"


@dataclass(frozen=True, slots=True)
class BiasFound:
    """What a report on bias is made of; `before` is the baseline's, `config` is known where there is one."""

    config: BiasConfig | None
    report: BiasReport
    violations: tuple[BiasViolation, ...] = ()
    before: BiasReport | None = None
    mode: DriftMode = "distance"
    tolerance: float = TOLERANCE


@dataclass(frozen=True, slots=True)
class BiasResult(Result):
    """What a baseline or a run found, and what it left behind."""

    data: Measured
    config: BiasConfig
    report: BiasReport
    violations: tuple[BiasViolation, ...] = ()


async def baseline(
    catalog: Catalog,
    artifacts: ArtifactStore,
    caller: Caller,
    data: str | Path,
    config: BiasConfig,
    *,
    name: str = BASELINE_NAME,
    replicates: int = 0,
    reading: Reading | None = None,
    pages: Pages[BiasFound] | None = None,
    on_progress: Progress | None = None,
) -> BiasResult:
    """Measure the bias of a data set, and of predictions where there are some.

    Writes `analysis_config.json` and `analysis.json`.

    Args:
        catalog: The graph.
        artifacts: Where the files are kept.
        caller: Who asks.
        data: A file, a folder or a pattern.
        config: Label, facets and predictions.
        name: What the job is called, before its identity.
        replicates: Bootstrap samples for intervals; 0 for none.
        reading: How to read the data.
        pages: Makes pages for people that are kept beside `analysis.json`.
        on_progress: Told how far reading has come.

    Raises:
        NotFoundError: Nothing that can be read is there.
        InvalidError: The data does not fit the configuration.
    """
    started = datetime.now(UTC)
    reading = None if reading is None else reading.captured(truth=config.label)
    measured, report = await _measured(data, config, replicates, reading, on_progress)
    settings = dump(config_document(config))
    inputs = {**identity(measured, reading), "config": settings.decode(), "replicates": replicates}
    record = Record(catalog.place(caller.account), name, inputs)
    subject = Subject(
        *(NAME, record.arn, record.job, measured),
        reading=reading or Reading(),
        settings={"seed": config.seed, "replicates": replicates},
    )
    files = [
        File("analysis_config.json", baselines.ANALYSIS_CONFIG, settings),
        File("analysis.json", baselines.CONSTRAINTS, analysis_to_json(report)),
        *await runs.pages(pages, subject, BiasFound(config, report)),
    ]
    recorded = await conclude(
        *(catalog, artifacts, caller, record, measured, files),
        started=started,
        description=f"Bias baseline of {measured.name}",
        operation="monitor_baseline",
    )
    return BiasResult(recorded, measured, config, report)


async def run(
    catalog: Catalog,
    artifacts: ArtifactStore,
    caller: Caller,
    data: str | Path,
    baseline_arn: str,
    *,
    name: str = NAME,
    model: str | None = None,
    mode: DriftMode = "distance",
    tolerance: float = TOLERANCE,
    replicates: int = 0,
    reading: Reading | None = None,
    pages: Pages[BiasFound] | None = None,
    on_progress: Progress | None = None,
) -> BiasResult:
    """Hold the bias of a data set against a baseline; each violation becomes an artifact.

    Args:
        catalog: The graph.
        artifacts: Where the files are kept.
        caller: Who asks.
        data: A file, a folder or a pattern.
        baseline_arn: The baseline's job, or its analysis.
        name: What the job is called, before its identity.
        model: The ARN of the model, or of its version, whose predictions these are.
        mode: What counts as drift, as `find_bias_violations` describes it.
        tolerance: How much further from fair is no drift; only for the mode `distance`.
        replicates: Bootstrap samples for intervals; 0 for none.
        reading: How to read the data.
        pages: Makes pages for people that are kept beside `analysis.json`.
        on_progress: Told how far reading has come.

    Raises:
        NotFoundError: The data, the baseline or the model is not there.
        InvalidError: The data does not fit the baseline's configuration, or an ARN names no baseline of bias.
        ConflictError: A file of the baseline was changed since it was stored.
    """
    started = datetime.now(UTC)
    held = await baselines.analysis(catalog, artifacts, caller.account, baseline_arn, model)
    with translated():
        before = parse_analysis(held.constraints)
        config = read_config(held.config)
    reading = None if reading is None else reading.captured(truth=config.label)
    measured, report = await _measured(data, config, replicates, reading, on_progress)
    found = find_bias_violations(report, before, mode=mode, tolerance=tolerance)
    given = {"causes": held.causes, "mode": mode, "tolerance": repr(tolerance), "replicates": replicates}
    record = Record(catalog.place(caller.account), name, {**identity(measured, reading), **given})
    subject = Subject(
        *(NAME, record.arn, record.job, measured, held.causes[0]),
        model=held.causes[2] if model is not None else None,
        reading=reading or Reading(),
        settings={"mode": mode, "tolerance": tolerance, "replicates": replicates, "seed": config.seed},
    )
    files = [
        File("analysis.json", ANALYSIS, analysis_to_json(report)),
        File("constraint_violations.json", VIOLATIONS, bias_violations_to_json(found)),
        *await runs.pages(pages, subject, BiasFound(config, report, tuple(found), before, mode, tolerance)),
    ]
    recorded = await conclude_run(
        *(catalog, artifacts, caller, record, measured, files),
        started=started,
        causes=held.causes,
        findings=[_finding(violation) for violation in found],
        facts={"mode": mode, "tolerance": tolerance},
    )
    return BiasResult(recorded, measured, config, report, tuple(found))


async def _measured(
    data: str | Path, config: BiasConfig, replicates: int, reading: Reading | None, on_progress: Progress | None
) -> tuple[Measured, BiasReport]:
    with translated():
        bias_counts(config)  # refuses what is asked for before anything is read
    # Only the flip test looks at other columns.
    flips = config.has_predictions and (config.post_training is None or FLIP_TEST in config.post_training)
    columns = None if flips else config.columns
    measured, counts = await fold_aside(data, columns, partial(bias_counts, config), reading, on_progress)
    with translated():
        return measured, await asyncio.to_thread(bias_report, counts, replicates=replicates)


def _finding(violation: BiasViolation) -> Finding:
    subject = f"{violation.facet}={violation.facet_value} {violation.metric_name}"
    return Finding(subject, CHECK, (violation.facet,), violation.to_document())
