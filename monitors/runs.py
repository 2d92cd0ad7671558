"""How a monitor's run ends: its files are stored, and it is recorded in one transaction."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from graph.access import Caller
from graph.artifacts import ArtifactStore, Stored
from graph.catalog import Catalog
from monitors.datasets import Reading
from monitors.records import MOST_VIOLATIONS, Data, Finding, Record

VIOLATIONS = "Violations"


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
class File:
    """A file that a run makes: its name, its artifact's type, its bytes."""

    name: str
    type: str
    content: bytes


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
