"""Audit reports."""

import base64
from datetime import datetime

import strawberry

from api.audit_jobs import Job, Status
from api.audit_reports import STEPS, Audited, Progress, audit
from api.graphql.context import Context, Info
from api.graphql.scalars import BigInt
from graph.canonical import digest
from graph.errors import TooExpensiveError
from graph.times import Moment, from_ms, from_us
from reports.audit.forms import Form

MOST_CONTENT = 32 << 20
"""Bytes of a file that an answer may hold."""


strawberry.enum(
    Form,
    name="ReportFormat",
    description=(
        "What a report is made as; CSV is a zip of all tables, ZIP has every format and what `stemma report verify` checks."
    ),
)


@strawberry.input
class CreateAuditReportInput:
    """What is asked: the same ARN, question, `asOf` and `knownAt` give the same bytes, whatever is written meanwhile."""

    arn: strawberry.ID
    format: Form = Form.PDF
    question: str | None = None
    as_of: datetime | None = None
    known_at: datetime | None = None
    known_at_sequence: BigInt | None = None


@strawberry.type
class AuditReport:
    """A report that was made; for those who may write it is kept, and recorded as derived from what it rests on."""

    made: strawberry.Private[Audited]

    @strawberry.field
    def name(self) -> str:
        """What its file is called."""
        return self.made.file.name

    @strawberry.field
    def media_type(self) -> str:
        return self.made.file.media_type

    @strawberry.field
    def bytes(self) -> BigInt:
        return BigInt(len(self.made.file.content))

    @strawberry.field
    def sha256(self) -> str:
        return digest(self.made.file.content)

    @strawberry.field
    def content(self) -> str:
        """The file, in base64."""
        if len(self.made.file.content) > MOST_CONTENT:
            raise TooExpensiveError(
                f"the report has {len(self.made.file.content):,} bytes; an answer holds {MOST_CONTENT:,}: "
                "ask for PDF or HTML, or make it with `stemma report audit`"
            )
        return base64.b64encode(self.made.file.content).decode()

    @strawberry.field
    def uri(self) -> str | None:
        """Where it is kept in the artifact store; null for who may only read."""
        return None if self.made.stored is None else self.made.stored[0].uri

    @strawberry.field
    def artifact(self) -> strawberry.ID | None:
        """The ARN of its artifact; null for who may only read."""
        return None if self.made.stored is None else strawberry.ID(self.made.stored[1])

    @strawberry.field
    def as_of(self) -> datetime:
        return from_ms(self.made.scope.when.at)

    @strawberry.field
    def known_at(self) -> datetime:
        return from_us(self.made.scope.when.known)

    @strawberry.field
    def known_at_sequence(self) -> BigInt:
        return BigInt(self.made.scope.head.sequence)

    @strawberry.field
    def entities(self) -> int:
        """How many entities it speaks of."""
        return self.made.entities


strawberry.enum(Status, name="AuditReportStatus", description="How a report stands.")


@strawberry.type
class AuditReportFailure:
    """Why no report was made."""

    code: str
    message: str


@strawberry.type
class AuditReportJob:
    """A report that is made while nobody waits; it is seen by whoever started it, for a quarter of an hour after it is done."""

    job: strawberry.Private[Job]

    @strawberry.field
    def id(self) -> strawberry.ID:
        return strawberry.ID(self.job.id)

    @strawberry.field
    def status(self) -> Status:
        return self.job.status

    @strawberry.field
    def step(self) -> str | None:
        """What is being done; null when nothing is."""
        running = self.job.status is Status.RUNNING and self.job.done < len(STEPS)
        return STEPS[self.job.done] if running else None

    @strawberry.field
    def done(self) -> int:
        """How many steps are done."""
        return self.job.done

    @strawberry.field
    def steps(self) -> int:
        """How many there are."""
        return len(STEPS)

    @strawberry.field
    def failure(self) -> AuditReportFailure | None:
        failed = self.job.failure
        return None if failed is None else AuditReportFailure(code=failed.code, message=failed.message)

    @strawberry.field
    def download_path(self) -> str | None:
        """Where its file is fetched from this service by GET, as the same caller; null until it is made."""
        return self.job.path

    @strawberry.field
    def report(self) -> AuditReport | None:
        """The report; null until it is made."""
        return None if self.job.made is None else AuditReport(made=self.job.made)


@strawberry.type
class ReportQueries:
    """Reports on the graph."""

    @strawberry.field
    async def audit_report_job(self, info: Info, id: strawberry.ID) -> AuditReportJob:
        """How far a report of the caller's is."""
        caller = info.context.caller
        return AuditReportJob(job=info.context.audits.find(caller.account, caller.actor, id))


@strawberry.type
class ReportMutations:
    """Reports on the graph."""

    @strawberry.mutation
    async def start_audit_report(self, info: Info, input: CreateAuditReportInput) -> AuditReportJob:
        """Begins a report and answers at once; `auditReportJob` tells how far it is and where its file is fetched."""
        context = info.context
        when = await context.moment(input.as_of, input.known_at, input.known_at_sequence)
        # What is not there is said at once, not by a job that fails.
        await context.entity(await context.lineage_arn(input.arn, when), when)

        async def work(on_progress: Progress) -> Audited:
            return await _made(context, input, when, on_progress)

        return AuditReportJob(job=context.audits.start(context.caller, input.arn, work))

    @strawberry.mutation
    async def create_audit_report(self, info: Info, input: CreateAuditReportInput) -> AuditReport:
        """Says of an entity what it is, where it came from, what it touches, who decided on it and what was found."""
        context = info.context
        when = await context.moment(input.as_of, input.known_at, input.known_at_sequence)
        async with context.audits.slot():
            return AuditReport(made=await _made(context, input, when, lambda _done, _all: None))


async def _made(context: Context, asked: CreateAuditReportInput, when: Moment, on_progress: Progress) -> Audited:
    return await audit(
        context.catalog,
        context.caller,
        asked.arn,
        when,
        form=asked.format,
        question=asked.question,
        artifacts=context.artifacts(),
        on_progress=on_progress,
    )
