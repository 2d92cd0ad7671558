"""Data quality: a baseline of a data set, and later data held against it.

Both write their files to the artifact store and record themselves in the graph, each in one transaction. What they are
called follows from their inputs, so doing the same again finds what is there and changes nothing.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

from graph.access import Caller
from graph.artifacts import ArtifactStore
from graph.catalog import Catalog
from monitors import baselines, runs
from monitors.analysis import (
    Constraints,
    Correction,
    Statistics,
    Violation,
    compare,
    drift_to_json,
    find_violations,
    grouped_document,
    parse_constraints,
    profile_to_bytes,
    suggest_constraints,
    violations_to_json,
)
from monitors.datasets import Observed, Progress, observe_aside, translated
from monitors.reading import Reading
from monitors.records import Finding, Record
from monitors.runs import File, Pages, Result, Subject, conclude, conclude_run, identity

NAME = "data-quality"
BASELINE_NAME = "data-quality-baseline"

TYPES = {
    "statistics.json": baselines.STATISTICS,
    "constraints.json": baselines.CONSTRAINTS,
    "constraint_violations.json": "Violations",
    "statistics_by_group.json": "StatisticsByGroup",
    "drift.json": "Drift",
    "profile.bin": "Profile",
}
"""The type of the artifact that a file becomes."""


@dataclass(frozen=True, slots=True)
class DataResult(Result):
    """What a baseline or a run found, and what it left behind."""

    data: Observed
    constraints: Constraints
    violations: tuple[Violation, ...] = ()

    @property
    def statistics(self) -> Statistics:
        """What the data looks like."""
        return self.data.statistics


@dataclass(frozen=True, slots=True)
class DataFound:
    """What a report on a data set is made of; `before` is the baseline's, where there is one."""

    statistics: Statistics
    constraints: Constraints
    violations: tuple[Violation, ...] = ()
    before: Statistics | None = None


async def baseline(
    catalog: Catalog,
    artifacts: ArtifactStore,
    caller: Caller,
    data: str | Path,
    *,
    name: str = BASELINE_NAME,
    reading: Reading | None = None,
    constraints: bytes | None = None,
    pages: Pages[DataFound] | None = None,
    on_progress: Progress | None = None,
) -> DataResult:
    """Learn what a data set looks like and what later data must satisfy.

    Writes `statistics.json` and `constraints.json`.

    Args:
        catalog: The graph.
        artifacts: Where the files are kept.
        caller: Who asks.
        data: A file, a folder or a pattern.
        name: What the job is called, before its identity.
        reading: How to read the data and what to measure of it.
        constraints: A constraints file edited by hand, instead of the suggested ones.
        pages: Makes pages for people that are kept beside the files.
        on_progress: Told how far reading has come.

    Raises:
        NotFoundError: Nothing that can be read is there.
        InvalidError: The data or the constraints can't be read, or the name does not fit.
    """
    started = datetime.now(UTC)
    observed = await observe_aside(data, reading, on_progress)
    with translated():
        learnt = suggest_constraints(observed.statistics) if constraints is None else parse_constraints(constraints)
    inputs = {**identity(observed, reading), "constraints": learnt.to_json().decode()}
    files = {"statistics.json": observed.statistics.to_json(), "constraints.json": learnt.to_json()}
    record = Record(catalog.place(caller.account), name, inputs)
    subject = Subject(*(NAME, record.arn, record.job, observed), reading=reading or Reading())
    recorded = await conclude(
        *(catalog, artifacts, caller, record, observed),
        [
            *(File(name, TYPES[name], content) for name, content in (files | _asked_for(observed, reading)).items()),
            *await runs.pages(pages, subject, DataFound(observed.statistics, learnt)),
        ],
        started=started,
        description=f"Baseline of {observed.name}",
        operation="monitor_baseline",
    )
    return DataResult(recorded, observed, learnt)


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
    correction: Correction | None = None,
    pages: Pages[DataFound] | None = None,
    on_progress: Progress | None = None,
) -> DataResult:
    """Hold a data set against a baseline; each violation becomes an artifact, beside the files with all of them.

    Args:
        catalog: The graph.
        artifacts: Where the files are kept.
        caller: Who asks.
        data: A file, a folder or a pattern.
        baseline_arn: The baseline's job, or its constraints.
        name: What the job is called, before its identity.
        model: The ARN of the model, or of its version, whose data this is.
        reading: How to read the data and what to measure of it.
        correction: Also measure every distance from the baseline (`drift.json`), with p-values adjusted like this.
        pages: Makes pages for people that are kept beside the files.
        on_progress: Told how far reading has come.

    Raises:
        NotFoundError: The data, the baseline or the model is not there.
        InvalidError: The data can't be read, or an ARN names no baseline.
        ConflictError: A file of the baseline was changed since it was stored.
    """
    started = datetime.now(UTC)
    held = await baselines.find(catalog, artifacts, caller.account, baseline_arn)
    causes = [held.constraints_arn, held.statistics_arn, *await baselines.models(catalog, caller.account, model)]
    reading = None if reading is None else reading.captured(tuple(held.statistics.features))
    observed = await observe_aside(data, reading, on_progress)
    found = await asyncio.to_thread(find_violations, observed.statistics, held.statistics, held.constraints)
    asked = {} if correction is None else {"correction": correction}
    files = {"statistics.json": observed.statistics.to_json(), "constraint_violations.json": violations_to_json(found)}
    files |= _asked_for(observed, reading)
    if correction is not None:
        drifts = await asyncio.to_thread(compare, observed.statistics, held.statistics, correction)
        files["drift.json"] = drift_to_json(drifts, correction)
    record = Record(catalog.place(caller.account), name, {**identity(observed, reading), **asked, "causes": causes})
    subject = Subject(
        NAME,
        record.arn,
        record.job,
        observed,
        baseline=held.constraints_arn,
        model=causes[2] if model is not None else None,
        reading=reading or Reading(),
        settings=asked,
    )
    found_and_before = DataFound(observed.statistics, held.constraints, tuple(found), held.statistics)
    recorded = await conclude_run(
        *(catalog, artifacts, caller, record, observed),
        [
            *(File(name, TYPES[name], content) for name, content in files.items()),
            *await runs.pages(pages, subject, found_and_before),
        ],
        started=started,
        causes=causes,
        findings=[
            Finding(item.feature_name, item.constraint_check_type, (item.feature_name,), item.to_document())
            for item in found
        ],
    )
    return DataResult(recorded, observed, held.constraints, tuple(found))


def _asked_for(observed: Observed, reading: Reading | None) -> dict[str, bytes]:
    """The files that not every run has."""
    files: dict[str, bytes] = {}
    if observed.profile.grouping is not None:
        files["statistics_by_group.json"] = orjson.dumps(grouped_document(observed.profile))
    if reading is not None and reading.keep_profile:
        files["profile.bin"] = profile_to_bytes(observed.profile)
    return files
