"""What a run leaves behind: its files in S3, and in the graph its data, files and violations, committed once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from graph import jobs
from graph.associations import AssociationType
from graph.commands import Command, Place, associate
from graph.contents import content, sha256
from graph.entities import Entity, Status
from graph.jobs import File, JobKind
from graph.monitoring.executions import ExecutionStatus
from monitors import attribution, baselines, bias
from monitors.processing.inputs import Prepared
from monitors.processing.outcomes import ANALYSIS, CONSTRAINTS, LOCAL, STATISTICS, VIOLATIONS
from monitors.processing.plans import Analysis, Outcome
from monitors.processing.sources import Bucket, Fetched
from monitors.records import MEDIA_TYPES, Finding, Record
from monitors.runs import REPORT, exit_message, violation_facts

TYPES = {
    LOCAL: attribution.LOCAL,
    STATISTICS: baselines.STATISTICS,
    CONSTRAINTS: baselines.CONSTRAINTS,
    VIOLATIONS: "Violations",
    ANALYSIS: bias.ANALYSIS,
}
"""The type of the artifact that a file becomes; any other is a report."""


@dataclass(frozen=True, slots=True)
class Observed:
    """A data set that was read, as `monitors.records.Data` wants it."""

    uri: str
    outcome: Outcome

    @property
    def name(self) -> str:
        """The last part of its URI."""
        return self.uri.rstrip("/").rpartition("/")[2] or self.uri

    @property
    def digest(self) -> str:
        """Of its content."""
        return self.outcome.digest

    @property
    def size(self) -> int:
        """Bytes."""
        return self.outcome.size

    @property
    def files(self) -> int:
        """How many files it is made of."""
        return self.outcome.count

    @property
    def format(self) -> str:
        """How it was read."""
        return self.outcome.format

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.outcome.rows

    @property
    def columns(self) -> Sequence[str]:
        """The names of its columns."""
        return self.outcome.columns


@dataclass(frozen=True, slots=True)
class Concluded:
    """The commands that record a run's end.

    Attributes:
        violations: how many there were; None where the data was held against nothing.
        file: the ARN of the file with the violations.
    """

    commands: list[Command]
    message: str
    violations: int | None
    file: str | None


async def upload(prepared: Prepared, outcome: Outcome, bucket: Bucket) -> dict[str, Fetched]:
    """Write the files that were made to where the job's output goes; by their names.

    Raises:
        ForbiddenError: the account may not write there.
        UnavailableError: S3 does not answer.
    """

    def put() -> dict[str, Fetched]:
        folder = Path(prepared.plan.output)
        for part in outcome.merged:
            bucket.put(f"{prepared.merged}/{part}", (folder / part).read_bytes())
        return {name: bucket.put(f"{prepared.output}/{name}", (folder / name).read_bytes()) for name in outcome.files}

    return await asyncio.to_thread(put)


def conclude(
    place: Place,
    job: str,
    attempt: int,
    prepared: Prepared,
    outcome: Outcome,
    written: dict[str, Fetched],
) -> Concluded:
    """The commands that record what a run found; the ledger refuses them of an attempt that was taken over from."""
    record = Record(place, "job", {}, job)
    observed = Observed(prepared.plan.uri, outcome)
    data_arn = record.data(observed)
    causes = [data_arn]
    for fetched in prepared.inputs.values():
        made = content(place, fetched.uri, [sha256(fetched.digest)], type="DataSet")
        record.commands.append(made)
        causes.append(made.arn)
    causes += prepared.models
    found = len(outcome.findings)
    message = exit_message(found) if outcome.held else "Completed: Job completed successfully."
    types = dict(TYPES)
    if prepared.plan.analysis is Analysis.EXPLAINABILITY:
        types[ANALYSIS] = attribution.ANALYSIS
    files = [_file(name, fetched, types.get(name, REPORT)) for name, fetched in written.items()]
    reported = jobs.report(
        place,
        JobKind.PROCESSING,
        job,
        Status.COMPLETED,
        message=message,
        step="Completed",
        ended_at=datetime.now(UTC),
        outputs=files,
        parameters=_facts(outcome),
        attempt=attempt,
    )
    record.commands[:0] = reported
    for cause in causes:
        record.contributed(cause)
    record.commands += [
        associate(deployment, data_arn, AssociationType.CONTRIBUTED_TO) for deployment in prepared.deployments
    ]
    if prepared.endpoint is not None:
        record.commands.append(associate(data_arn, prepared.endpoint, AssociationType.ASSOCIATED_WITH))
    file = None
    if VIOLATIONS in written:
        violations = content(place, written[VIOLATIONS].uri, [sha256(written[VIOLATIONS].digest)], type="Violations")
        file = violations.arn
        findings = [Finding(item.subject, item.check, item.columns, item.document) for item in outcome.findings]
        record.findings(violations.content, findings, data_arn, observed)
    return Concluded(record.commands, message, found if outcome.held else None, file)


def _file(name: str, fetched: Fetched, kind: str) -> File:
    media_type = MEDIA_TYPES.get(name.rpartition(".")[2], "application/octet-stream")
    return File(name.removesuffix(".json"), fetched.uri, kind, media_type, (sha256(fetched.digest),))


def _facts(outcome: Outcome) -> dict[str, dict[str, str]]:
    known: dict[str, float | str] = {"rows": outcome.rows, "columns": len(outcome.columns), "sha256": outcome.digest}
    known |= outcome.facts
    known |= violation_facts(len(outcome.findings)) if outcome.held else {}
    return {
        key: {"string": value} if isinstance(value, str) else {"number": repr(float(value))}
        for key, value in known.items()
    }


def status_of(job: Entity) -> ExecutionStatus:
    """What became of a run, from its job that has ended."""
    if job.status is Status.COMPLETED:
        found = float((job.parameters or {}).get("violations", {}).get("number", "0"))
        return ExecutionStatus.VIOLATIONS if found else ExecutionStatus.COMPLETED
    return ExecutionStatus.FAILED if job.status is Status.FAILED else ExecutionStatus.STOPPED
