"""Audit reports that are made while nobody waits: how far each has come, and its file once it is there.

They live in the process that makes them: behind several processes a caller asks the one that began its report, or takes
`createAuditReport`, which answers with the file.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum

import structlog
from starlette.requests import Request
from starlette.responses import Response

from api.access import note
from api.audit_reports import Audited, Progress
from api.auth import Identity
from graph.access import Caller
from graph.errors import ConflictError, NotFoundError, StemmaError, ThrottledError, TimeLimitError

PATH = "/api/v1/audit-reports/"
ROUTE = PATH + "{id}"
AT_ONCE = 2
"""Reports that one process makes at a time: typesetting one may take a gibibyte."""
OPEN = 8
"""Reports of one caller's that wait or are being made."""
SECONDS = 300.0
KEPT_SECONDS = 900.0
KEPT_BYTES = 128 << 20
"""Of all files that wait to be fetched; what is beyond goes, the oldest first."""

log = structlog.get_logger("stemma.reports")

Work = Callable[[Progress], Awaitable[Audited]]


class Status(StrEnum):
    """How a report stands."""

    WAITING = "WAITING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


@dataclass(slots=True)
class Job:
    """A report that is made, or was.

    Attributes:
        done: how many of `api.audit_reports.STEPS` are.
        made: what came of it.
        failure: why nothing did, for the caller.
        ended: when, on the process's clock.
    """

    id: str
    arn: str
    account: str
    actor: str
    status: Status = Status.WAITING
    done: int = 0
    made: Audited | None = None
    failure: StemmaError | None = None
    ended: float | None = None

    @property
    def path(self) -> str | None:
        """Where its file is fetched."""
        return PATH + self.id if self.made is not None else None


class AuditJobs:
    """The reports of one process."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._jobs: dict[str, Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait until a report may be made."""
        async with self._slots:
            yield

    def start(self, caller: Caller, arn: str, work: Work) -> Job:
        """Begin a report.

        Args:
            caller: Who asks; nobody else sees it.
            arn: What it is about.
            work: What makes it.

        Raises:
            ThrottledError: too many of the caller's are not done yet.
        """
        self._forget()
        own = [job for job in self._jobs.values() if (job.account, job.actor) == (caller.account, caller.actor)]
        if sum(job.ended is None for job in own) >= OPEN:
            raise ThrottledError(
                f"{OPEN} of your reports are being made; ask again when one of them is done", retry_after=5
            )
        job = Job(secrets.token_urlsafe(24), arn, caller.account, caller.actor)
        self._jobs[job.id] = job
        task = asyncio.create_task(self._run(job, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return job

    def find(self, account: str, actor: str, id: str) -> Job:  # noqa: A002  # the field's own name
        """A report of the caller's.

        Raises:
            NotFoundError: the caller has none of this id here, or it is no longer kept.
        """
        self._forget()
        job = self._jobs.get(id)
        if job is None or (job.account, job.actor) != (account, actor):
            raise NotFoundError(
                f"you have no audit report {id[:200]!r} here; reports are kept for {KEPT_SECONDS / 60:g} minutes, "
                "by the process that made them"
            )
        return job

    async def close(self) -> None:
        """End what is being made."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def download(self, request: Request) -> Response:
        """The file of a report.

        Raises:
            NotFoundError: the caller has no such report.
            ConflictError: it is still being made.
            StemmaError: what it failed with.
        """
        identity: Identity = request.state.identity
        note(request, door="reports", operation="downloadAuditReport")
        job = self.find(identity.account, identity.actor, request.path_params["id"])
        note(request, door="reports", operation="downloadAuditReport", named=[job.arn])
        if job.failure is not None:
            raise job.failure
        if job.made is None:
            raise ConflictError(f"the report is not made yet: {job.status.lower()}; ask auditReportJob how far it is")
        file = job.made.file
        headers = {
            "Content-Type": file.media_type,
            "Content-Disposition": f'attachment; filename="{file.name}"',
            # A page made of what users wrote is saved, and never runs as one of ours.
            "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
        return Response(file.content, headers=headers)

    async def _run(self, job: Job, work: Work) -> None:
        try:
            async with self.slot():
                job.status = Status.RUNNING
                async with asyncio.timeout(SECONDS):
                    job.made = await work(lambda done, _: setattr(job, "done", done))
            job.status = Status.COMPLETED
        except TimeoutError:
            self._failed(job, TimeLimitError(f"the report was not made within {SECONDS:g} s"))
        except StemmaError as error:
            self._failed(job, error)
        except Exception:
            log.exception("an audit report failed", arn=job.arn)
            self._failed(job, StemmaError("internal error"))
        finally:
            job.ended = time.monotonic()

    def _failed(self, job: Job, error: StemmaError) -> None:
        job.status, job.failure = Status.FAILED, error

    def _forget(self) -> None:
        now = time.monotonic()
        ended = sorted((job for job in self._jobs.values() if job.ended is not None), key=lambda job: -(job.ended or 0))
        held = 0
        for job in ended:
            held += 0 if job.made is None else len(job.made.file.content)
            if held > KEPT_BYTES or now - (job.ended or now) > KEPT_SECONDS:
                del self._jobs[job.id]
