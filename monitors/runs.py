"""How a monitor's run ends: its files are stored, and it is recorded in one transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from graph.access import Caller
from graph.artifacts import ArtifactStore, Stored
from graph.catalog import Catalog
from monitors.reading import Reading
from monitors.records import MOST_VIOLATIONS, Data, Finding, Record

VIOLATIONS, REPORT = "Violations", "Report"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a run left behind.

    Attributes:
        arn: of the job's trial component; of a baseline, what later runs name.
        job: the job's name.
        data_arn: of the data set's content.
        created: False when the same had been done before.
        files: the files and their artifacts' ARNs, by name.
        violation_arns: of the violations, in the order of what was found.
    """

    arn: str
    job: str
    data_arn: str
    created: bool
    files: dict[str, tuple[str, Stored]]
    violation_arns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What every monitor's baseline or run comes to: what was found, in a class of its own, and what it left behind."""

    recorded: Recorded

    @property
    def arn(self) -> str:
        """Of the job's trial component; of a baseline, what later runs name."""
        return self.recorded.arn

    @property
    def job(self) -> str:
        """The job's name."""
        return self.recorded.job

    @property
    def data_arn(self) -> str:
        """Of the data set's content."""
        return self.recorded.data_arn

    @property
    def created(self) -> bool:
        """False when the same had been done before."""
        return self.recorded.created

    @property
    def files(self) -> dict[str, tuple[str, Stored]]:
        """The files and their artifacts' ARNs, by name."""
        return self.recorded.files

    @property
    def violation_arns(self) -> tuple[str, ...]:
        """Of the violations, in the order of what was found."""
        return self.recorded.violation_arns


@dataclass(frozen=True, slots=True)
class File:
    """A file that a run makes: its name, its artifact's type, its bytes."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Subject:
    """What a run looked at, as a report on it says.

    Attributes:
        monitor: Which one, as `--type` names it.
        arn: Of the run's trial component.
        job: The job's name.
        data: What was read.
        baseline: The ARN of the constraints that it was held against; None of a baseline itself.
        model: The ARN of the model whose data this is, where one was named.
        reading: How the data was read, as far as it was not as usual.
        settings: What else the numbers depend on.
        again: How it is done again, where no command of ours does it.
    """

    monitor: str
    arn: str
    job: str
    data: Data
    baseline: str | None = None
    model: str | None = None
    reading: Reading = field(default_factory=Reading)
    settings: Mapping[str, float | int | str] = field(default_factory=dict)
    again: str | None = None


Found = TypeVar("Found")
Pages = Callable[[Subject, Found], Awaitable[Mapping[str, bytes]]]
"""Makes pages for people, such as `report.html`, of what a run looked at and what it found."""


async def pages(writer: Pages[Found] | None, subject: Subject, found: Found) -> list[File]:
    """The pages that a door wants of a run, as files of it."""
    return [] if writer is None else [File(name, REPORT, text) for name, text in (await writer(subject, found)).items()]


async def conclude(
    catalog: Catalog,
    artifacts: ArtifactStore,
    caller: Caller,
    record: Record,
    data: Data,
    files: Sequence[File],
    *,
    started: datetime,
    description: str,
    operation: str,
    causes: Sequence[str] = (),
    findings: Sequence[Finding] = (),
    facts: Mapping[str, float | str] | None = None,
) -> Recorded:
    """Store a run's files and record it with its causes and findings.

    Args:
        catalog: The graph.
        artifacts: Where the files are kept.
        caller: Who asks.
        record: The run, still empty.
        data: What it read.
        files: What it made; findings belong to the violations file among them.
        started: When it began.
        description: What it came to, for people.
        operation: What the ledger calls it.
        causes: ARNs of what had a part in it beside the data.
        findings: Violations.
        facts: Parameters of the trial component beside rows, columns and digest.
    """
    data_arn = record.data(data)
    stored = await asyncio.to_thread(lambda: {file.name: artifacts.put(file.content, file.name) for file in files})
    puts = [record.output(stored[file.name], file.type) for file in files]
    known: dict[str, float | str] = {"rows": data.rows, "columns": len(data.columns), "sha256": data.digest}
    record.run(started=started, ended=datetime.now(UTC), description=description, facts=known | dict(facts or {}))
    for arn in (data_arn, *causes):
        record.contributed(arn)
    for put in puts:
        record.produced(put)
    arns: list[str] = []
    for file, put in zip(files, puts, strict=True):
        if file.type == VIOLATIONS:
            arns = record.findings(put, findings, data_arn, data)
    outcome = await catalog.write(caller, record.commands, operation=operation)
    made = {file.name: (put.arn, stored[file.name]) for file, put in zip(files, puts, strict=True)}
    return Recorded(record.arn, record.job, data_arn, outcome.sequence is not None, made, tuple(arns))


async def conclude_run(
    catalog: Catalog,
    artifacts: ArtifactStore,
    caller: Caller,
    record: Record,
    data: Data,
    files: Sequence[File],
    *,
    started: datetime,
    causes: Sequence[str],
    findings: Sequence[Finding],
    facts: Mapping[str, float | str] | None = None,
) -> Recorded:
    """`conclude` for what was held against a baseline: it says how many violations there are."""
    return await conclude(
        *(catalog, artifacts, caller, record, data, files),
        started=started,
        description=exit_message(len(findings)),
        operation="monitor_run",
        causes=causes,
        findings=findings,
        facts={**(facts or {}), **violation_facts(len(findings))},
    )


def violation_facts(found: int) -> dict[str, float | str]:
    """How many violations there are, and how many of them became artifacts."""
    return {"violations": found, "violations_recorded": min(found, MOST_VIOLATIONS)}


def exit_message(violations: int) -> str:
    """How SageMaker words a run's end."""
    if not violations:
        return "Completed: Job completed successfully with no violations."
    return f"CompletedWithViolations: Job completed successfully with {violations} violations."


def identity(data: Data, reading: Reading | None) -> dict[str, object]:
    """What a run read, as far as its job's name depends on it."""
    reading = reading or Reading()
    return {
        "uri": data.uri,
        "digest": data.digest,
        "format": data.format,
        "header": reading.header,
        **reading.identity(),
    }
