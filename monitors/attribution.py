"""Feature attribution: what a model's predictions rest on, and later data held against it.

As `bias`, both store their files and record themselves in one transaction. The baseline keeps its configuration with the
columns' kinds, the baseline rows and the seed, and where its model was, so that a run asks in exactly the same way.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from graph.access import Caller
from graph.artifacts import ArtifactStore
from graph.catalog import Catalog
from monitors import baselines, runs
from monitors.analysis.attribution import (
    AttributionConfig,
    AttributionDrift,
    AttributionReport,
    AttributionViolation,
    attribution_config_document,
    attribution_report,
    attribution_to_json,
    attribution_violations,
    attribution_violations_to_json,
    find_attribution_drift,
    local_to_csv,
    local_to_parquet,
    parse_attribution,
    read_attribution_config,
    settled,
)
from monitors.analysis.attribution.drift import CHECK, THRESHOLD
from monitors.analysis.attribution.features import features_of
from monitors.analysis.attribution.report import REPLICATES
from monitors.analysis.jsonfile import Document, dump
from monitors.analysis.sampling import RowSample
from monitors.datasets import Progress, aside, translated
from monitors.measurements import Measured, measure
from monitors.predictors import Exchange, Predictor
from monitors.predictors.places import remembering
from monitors.reading import Reading
from monitors.records import Finding, Record
from monitors.runs import VIOLATIONS, File, Pages, Result, Subject, conclude, conclude_run, identity

NAME = "attribution"
BASELINE_NAME = "attribution-baseline"
ANALYSIS, LOCAL = "AttributionAnalysis", "LocalAttributions"

_ROW = "\x00row"


@dataclass(frozen=True, slots=True)
class AttributionFound:
    """What a report on attributions is made of; `before` is the baseline's, where there is one."""

    config: AttributionConfig | None
    report: AttributionReport
    drifts: tuple[AttributionDrift, ...] = ()
    before: AttributionReport | None = None


@dataclass(frozen=True, slots=True)
class AttributionResult(Result):
    """What a baseline or a run found, and what it left behind."""

    data: Measured
    config: AttributionConfig
    report: AttributionReport
    drifts: tuple[AttributionDrift, ...] = ()

    @property
    def violations(self) -> tuple[AttributionViolation, ...]:
        """The drifts below the threshold."""
        return tuple(attribution_violations(self.drifts))


async def baseline(
    catalog: Catalog,
    artifacts: ArtifactStore,
    caller: Caller,
    data: str | Path,
    predictor: Predictor,
    config: AttributionConfig,
    *,
    name: str = BASELINE_NAME,
    model: str | None = None,
    exchange: Exchange | None = None,
    keep_local: bool = False,
    reading: Reading | None = None,
    pages: Pages[AttributionFound] | None = None,
    on_progress: Progress | None = None,
) -> AttributionResult:
    """Learn what a model's predictions rest on.

    Writes `analysis_config.json` and `analysis.json`.

    Args:
        catalog: The graph.
        artifacts: Where the files are kept.
        caller: Who asks.
        data: A file, a folder or a pattern.
        predictor: The model, loaded.
        config: What is asked.
        name: What the job is called, before its identity.
        model: The ARN of the model, or of its version, that this is.
        exchange: How its container was spoken to, kept for the runs.
        keep_local: Also keep the values of every explained row: `local_shap_values.parquet`, and `out.csv` as Clarify has it.
        reading: How to read the data.
        pages: Makes pages for people that are kept beside `analysis.json`.
        on_progress: Told how far reading, and then explaining, has come.

    Raises:
        NotFoundError: Nothing that can be read is there, or no such model.
        InvalidError: The data or the model does not fit the configuration.
    """
    started = datetime.now(UTC)
    causes = list(await baselines.models(catalog, caller.account, model))
    measured, config, report = await _explained(data, predictor, config, reading, on_progress)
    settings = dump(remembering(attribution_config_document(config), predictor, exchange))
    analysis = attribution_to_json(report)
    inputs = {"config": settings.decode(), **_inputs(predictor, analysis, causes, keep_local)}
    record = Record(catalog.place(caller.account), name, {**identity(measured, reading), **inputs})
    asked = record.model(predictor)
    subject = Subject(
        *(NAME, record.arn, record.job, measured, None, causes[0] if causes else None),
        reading=reading or Reading(),
        settings={"predictor": predictor.uri, "seed": config.seed, "keep_local": keep_local},
    )
    files = [
        File("analysis_config.json", baselines.ANALYSIS_CONFIG, settings),
        File("analysis.json", baselines.CONSTRAINTS, analysis),
        *_local(report, keep_local),
        *await runs.pages(pages, subject, AttributionFound(config, report)),
    ]
    recorded = await conclude(
        *(catalog, artifacts, caller, record, measured, files),
        started=started,
        description=f"Attribution baseline of {predictor.name} on {measured.name}",
        operation="monitor_baseline",
        causes=[asked, *causes],
        facts=_facts(config, report, predictor),
    )
    return AttributionResult(recorded, measured, config, report)


async def run(
    catalog: Catalog,
    artifacts: ArtifactStore,
    caller: Caller,
    data: str | Path,
    baseline_arn: str,
    predictor: Predictor,
    *,
    name: str = NAME,
    model: str | None = None,
    threshold: float = THRESHOLD,
    replicates: int = REPLICATES,
    keep_local: bool = False,
    reading: Reading | None = None,
    pages: Pages[AttributionFound] | None = None,
    on_progress: Progress | None = None,
) -> AttributionResult:
    """Hold a model's attributions on later data against a baseline; each violation becomes an artifact.

    Args:
        catalog: The graph.
        artifacts: Where the files are kept.
        caller: Who asks.
        data: A file, a folder or a pattern.
        baseline_arn: The baseline's job, or its analysis.
        predictor: The model, loaded; `predictors.places.place_of` says where the baseline's was.
        name: What the job is called, before its identity.
        model: The ARN of the model, or of its version, whose data this is.
        threshold: An NDCG below it is drift.
        replicates: Bootstrap samples of the NDCG's interval; 0 for none.
        keep_local: As for `baseline`.
        reading: How to read the data.
        pages: Makes pages for people that are kept beside `analysis.json`.
        on_progress: Told how far reading, and then explaining, has come.

    Raises:
        NotFoundError: The data, the baseline or the model is not there.
        InvalidError: The data or the model does not fit the baseline, or an ARN names no baseline of attribution.
        ConflictError: A file of the baseline was changed since it was stored.
    """
    started = datetime.now(UTC)
    held = await baselines.analysis(catalog, artifacts, caller.account, baseline_arn, model)
    with translated():
        before = parse_attribution(held.constraints)
        config = read_attribution_config(held.config)
    measured, config, report = await _explained(data, predictor, config, reading, on_progress)
    with translated():
        drifts = tuple(
            await asyncio.to_thread(
                lambda: find_attribution_drift(
                    report, before, threshold=threshold, replicates=replicates, seed=config.seed
                )
            )
        )
    found = attribution_violations(drifts)
    analysis = attribution_to_json(report, drifts)
    inputs = _inputs(predictor, analysis, held.causes, keep_local)
    record = Record(catalog.place(caller.account), name, {**identity(measured, reading), **inputs})
    asked = record.model(predictor)
    subject = Subject(
        *(NAME, record.arn, record.job, measured, held.causes[0]),
        model=held.causes[2] if model is not None else None,
        reading=reading or Reading(),
        settings={
            "predictor": predictor.uri,
            "min_ndcg": threshold,
            "seed": config.seed,
            "keep_local": keep_local,
        },
    )
    files = [
        File("analysis.json", ANALYSIS, analysis),
        File("constraint_violations.json", VIOLATIONS, attribution_violations_to_json(found)),
        *_local(report, keep_local),
        *await runs.pages(pages, subject, AttributionFound(config, report, drifts, before)),
    ]
    recorded = await conclude_run(
        *(catalog, artifacts, caller, record, measured, files),
        started=started,
        causes=[asked, *held.causes],
        findings=[_finding(violation, config) for violation in found],
        facts={**_facts(config, report, predictor), "threshold": threshold},
    )
    return AttributionResult(recorded, measured, config, report, drifts)


async def _explained(
    data: str | Path,
    predictor: Predictor,
    config: AttributionConfig,
    reading: Reading | None,
    on_progress: Progress | None,
) -> tuple[Measured, AttributionConfig, AttributionReport]:
    """Read the data, draw the rows, ask the model."""

    def work(heard: Progress) -> tuple[Measured, AttributionConfig, AttributionReport]:
        sample = RowSample(None, config.most_rows, config.seed)

        def take(frame: pl.DataFrame) -> None:
            sample.update(frame.with_row_index(_ROW, offset=sample.seen))

        measured = measure(data, config.columns or None, take, reading, heard)
        with translated():
            rows = sample.rows
            positions = rows[_ROW] if _ROW in rows.columns else pl.Series(_ROW, [], dtype=pl.UInt32)
            frame = rows.drop(_ROW, strict=False)
            whole = settled(config, frame)
            report = attribution_report(
                *(predictor.model, frame, whole),
                positions=positions,
                rows=measured.rows,
                on_rows=lambda done: heard("explain", done, frame.height),
            )
        return measured, whole, report

    return await aside(work, on_progress)


def _inputs(predictor: Predictor, analysis: bytes, causes: list[str], keep_local: bool) -> Document:
    """What a job's name depends on beside the data.

    The result is among it: the model behind a URL may be another one today, and arithmetic on other processors differs in
    the last digits.
    """
    return {
        "model": predictor.digest or predictor.uri,
        "analysis": sha256(analysis).hexdigest(),
        "causes": causes,
        "local": keep_local,
    }


def _local(report: AttributionReport, keep: bool) -> list[File]:
    if not keep:
        return []
    return [
        File("local_shap_values.parquet", LOCAL, local_to_parquet(report)),
        File("out.csv", LOCAL, local_to_csv(report)),
    ]


def _numbers(config: AttributionConfig) -> dict[str, float | int | str]:
    return {"method": config.method, "agg_method": config.aggregation, "seed": config.seed}


def _facts(config: AttributionConfig, report: AttributionReport, predictor: Predictor) -> Mapping[str, float | str]:
    facts: dict[str, Any] = {
        **_numbers(config),
        "explained_rows": report.explained,
        "evaluations": report.evaluations,
        "model_format": predictor.format,
    }
    return facts if predictor.digest is None else {**facts, "model_sha256": predictor.digest}


def _finding(violation: AttributionViolation, config: AttributionConfig) -> Finding:
    """The violation speaks of the columns whose features have another rank than in the baseline."""
    columns = {feature.name: feature.columns for feature in features_of(config.columns, config.groups)}
    moved = [change.name for change in violation.drift.features if change.rank != change.baseline_rank]
    spoken_of = tuple(column for name in moved for column in columns[name])
    return Finding(f"{violation.label} shap", CHECK, spoken_of, violation.to_document())
