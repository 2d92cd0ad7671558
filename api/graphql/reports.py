"""Audit reports."""

import base64
from datetime import datetime
from enum import StrEnum

import strawberry

from api.audit_reports import Audited, audit
from api.graphql.context import Info
from api.graphql.scalars import BigInt
from graph.canonical import digest
from graph.errors import TooExpensiveError
from graph.times import from_ms, from_us
from reports.audit.bundle import Form

MOST_CONTENT = 32 << 20
"""Bytes of a file that an answer may hold."""


@strawberry.enum
class ReportFormat(StrEnum):
    """What a report is made as; CSV is a zip of all tables, ZIP has every format and what `stemma report verify` checks."""

    PDF = "PDF"
    HTML = "HTML"
    JSON = "JSON"
    CSV = "CSV"
    ZIP = "ZIP"


@strawberry.input
class CreateAuditReportInput:
    """What is asked: the same ARN, question, `asOf` and `knownAt` give the same bytes, whatever is written meanwhile."""

    arn: strawberry.ID
    format: ReportFormat = ReportFormat.PDF
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


@strawberry.type
class ReportMutations:
    """Reports on the graph."""

    @strawberry.mutation
    async def create_audit_report(self, info: Info, input: CreateAuditReportInput) -> AuditReport:
        """Says of an entity what it is, where it came from, what it touches, who decided on it and what was found."""
        context = info.context
        when = await context.moment(input.as_of, input.known_at, input.known_at_sequence)
        made = await audit(
            context.catalog,
            context.caller,
            input.arn,
            when,
            form=Form(input.format.value.lower()),
            question=input.question,
            artifacts=context.artifacts(),
        )
        return AuditReport(made=made)
