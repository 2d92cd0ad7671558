"""The worker: takes runs that are due, runs each in a process of its own, and commits what came of it, once.

Any number of workers may run, on any number of hosts where the database allows it. How runs are claimed and fenced:
docs/adr/0005-executions.md.
"""

import asyncio
import contextlib
import os
import shutil
import socket
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import structlog

from graph import history, jobs
from graph.access import Caller, Role
from graph.catalog import Catalog
from graph.entities import Entity, Status
from graph.errors import ConflictError, StemmaError, UnavailableError
from graph.jobs import JobKind
from graph.monitoring import alerts, executions, measurements, schedules
from graph.monitoring.executions import LEASE_MS, Execution, ExecutionStatus
from graph.reach import Policy
from graph.times import now_ms
from monitors.processing import inputs, models, processes, publishing, results, scripts, windows
from monitors.processing.allowances import Allowances
from monitors.processing.processes import Limits
from monitors.processing.sources import Bucket

ATTEMPTS = 3
"""How often a run is taken before it has failed: its worker died each time."""
FORGET_MS = 60_000
"""After how long a run that nobody recorded is dropped."""
POLL_SECONDS = 1.0
SENDING_SECONDS = 10.0
CAUGHT = 16
MESSAGE = 1_024
"""Characters of a status message."""

log = structlog.get_logger("stemma.worker")


class LostError(Exception):
    """Another worker has taken the run over."""


class StoppedError(Exception):
    """Somebody asked for the run to be stopped."""


class Worker:
    """Runs what is due.

    Args:
        catalog: The graph.
        policy: What may be touched for whom.
        limits: What one run may take.
        slots: How many run at the same time.
        name: What it is called in the graph.
        lease: How long it may be silent before its runs are taken over, in milliseconds.
        a_schedule: How many runs of one schedule may run at the same time.
        accounts: Whose runs; everybody's if None.
        allowances: What runs may use beside their data.
    """

    def __init__(
        self,
        catalog: Catalog,
        policy: Policy,
        limits: Limits,
        *,
        slots: int = 1,
        name: str | None = None,
        lease: int = LEASE_MS,
        a_schedule: int = 1,
        accounts: Sequence[str] | None = None,
        allowances: Allowances | None = None,
    ) -> None:
        self._allowances = allowances or Allowances()
        self._accounts = accounts
        self._catalog = catalog
        self._policy = policy
        self._limits = limits
        self._slots = slots
        self._lease = lease
        self._a_schedule = a_schedule
        self._running: set[asyncio.Task[None]] = set()
        self._sending: set[asyncio.Task[None]] = set()
        self.name = name or f"{socket.gethostname()[:60]}-{os.getpid()}"

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop; runs that have begun are given up, and taken over by another worker."""
        try:
            while not stop.is_set():
                took = False
                try:
                    took = await self.take()
                except UnavailableError as error:
                    log.warning("the database does not answer; trying again", error=error.message)
                if not took:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(POLL_SECONDS):
                            await stop.wait()
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)
            if self._sending:
                await asyncio.wait(self._sending, timeout=SENDING_SECONDS)

    async def take(self) -> bool:
        """Take one run if there is one and a slot is free; whether it did."""
        if len(self._running) >= self._slots:
            await asyncio.wait(self._running, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            return True
        now = now_ms()
        for seen in await executions.ready(self._catalog.store, now, CAUGHT, self._accounts):
            if seen.schedule is not None:
                others = await executions.running(self._catalog.store, seen.account, seen.schedule, now)
                if others >= self._a_schedule:
                    continue
            attempt = await executions.claim(self._catalog.store, seen, self.name, now, self._lease)
            if attempt is not None:
                task = asyncio.create_task(self._work(replace(seen, attempt=attempt)))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
                return True
        return False

    async def drain(self) -> None:
        """Run whatever is due now, and wait for it."""
        while await self.take():
            pass
        while self._running or self._sending:
            await asyncio.wait(self._running | self._sending)

    async def _work(self, run: Execution) -> None:
        try:
            await self._once(run)
        except (LostError, ConflictError) as error:
            log.warning("a run was taken over", job=run.job, attempt=run.attempt, error=str(error))
        except UnavailableError as error:
            # Whoever takes it next tries again.
            log.warning("a run could not be ended", job=run.job, attempt=run.attempt, error=error.message)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("a run failed inside", job=run.job, attempt=run.attempt)

    async def _once(self, run: Execution) -> None:
        job = await self._job(run)
        if job is None:
            return
        if job.status in jobs.ENDED:
            await self._settle(run, results.status_of(job), failure=job.status_message)
            return
        if job.status is Status.STOPPING:
            await self._end(run, Status.STOPPED, "stopped before it began")
            return
        if run.attempt > ATTEMPTS:
            await self._end(
                run, Status.FAILED, f"its worker died in each of {ATTEMPTS} attempts; the workers' logs say more"
            )
            return
        place = self._catalog.place(run.account)
        taken = jobs.take(place, JobKind.PROCESSING, run.job, run.attempt, self.name, started_at=datetime.now(UTC))
        await self._write(run, [taken], "takeJob")
        try:
            await self._guarded(run, lambda: self._perform(run, orjson.loads(job.specification or "{}")))
        except StoppedError:
            await self._end(run, Status.STOPPED, "stopped")
        except StemmaError as error:
            if isinstance(error, UnavailableError) and run.attempt < ATTEMPTS:
                # What a run needs may come back; the lease says when it is tried again.
                log.warning("a run is tried again", job=run.job, attempt=run.attempt, error=error.message)
                return
            if isinstance(error, ConflictError):
                raise
            await self._end(run, Status.FAILED, error.message)

    async def _guarded(self, run: Execution, work: Callable[[], Awaitable[None]]) -> None:
        """Do the work while the run is kept; it ends when the run is lost, or is to be stopped."""
        working = asyncio.ensure_future(work())
        try:
            while not (await asyncio.wait([working], timeout=self._lease / 3000))[0]:
                status = await executions.renew(
                    self._catalog.store, run.account, run.job, run.attempt, now_ms() + self._lease
                )
                if status is None:
                    raise LostError(f"attempt {run.attempt} of {run.job}")
                if status is ExecutionStatus.STOPPING:
                    raise StoppedError
            await working
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    async def _perform(self, run: Execution, told: Mapping[str, Any]) -> None:
        seconds = told.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", self._limits.seconds)
        limits = replace(self._limits, seconds=min(self._limits.seconds, seconds))
        bucket = Bucket(self._policy, run.account, limits.input_bytes)
        folder = Path(tempfile.mkdtemp(prefix="stemma-job-"))
        try:
            prepared = await self._prepared(run, told, bucket, folder)
            scripts.check(prepared.plan, allowed=self._allowances.scripts)
            prepared = inputs.introduced(prepared, run, self._catalog.place(run.account), self._allowances.pages)
            answering = models.answering(
                *(self._catalog, run.account, self._policy, self._allowances.serving, prepared, bucket, folder, limits)
            )
            async with answering as prepared:
                outcome = await processes.compute(prepared.plan, folder, limits)
            written = await results.upload(prepared, outcome, bucket)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        place = self._catalog.place(run.account)
        made = results.conclude(place, run.job, run.attempt, prepared, outcome, written)
        # Another attempt measures the same, so it does no harm that this one may be refused.
        if run.schedule is not None:
            await measurements.put(
                *(self._catalog.store, run.account, run.schedule, run.scheduled_at, run.job, outcome.measured)
            )
        await self._write(run, made.commands, "concludeJob")
        status = ExecutionStatus.VIOLATIONS if made.violations else ExecutionStatus.COMPLETED
        await self._settle(run, status, file=made.file)
        if publishing.wanted(self._policy, run, told, outcome):
            sending = publishing.publish(self._policy, self._allowances.namespaces, run, outcome.measured)
            self._sending.add(task := asyncio.create_task(sending))
            task.add_done_callback(self._sending.discard)

    async def _prepared(self, run: Execution, told: Mapping[str, Any], bucket: Bucket, folder: Path) -> inputs.Prepared:
        if "Run" in told:
            return await windows.of_run(self._catalog, run.account, told, bucket, folder)
        return await asyncio.to_thread(inputs.of_job, told, bucket, folder)

    async def _job(self, run: Execution) -> Entity | None:
        place = self._catalog.place(run.account)
        arn = jobs.component_arn(place, JobKind.PROCESSING, run.job)
        when = await self._catalog.moment(run.account)
        found = (await history.entities(self._catalog.store, run.account, [arn], when)).get(arn)
        if found is None:
            # It may be about to be recorded.
            if run.created_at < now_ms() - FORGET_MS:
                until = (await executions.find(self._catalog.store, run.account, [run.job])).get(run.job)
                if until is not None:
                    await executions.drop(self._catalog.store, until)
            else:
                await executions.settle(
                    *(self._catalog.store, run.account, run.job, ExecutionStatus.PENDING),
                    ready_at=now_ms() + 1_000,
                    attempt=0,
                )
        return found

    async def _end(self, run: Execution, status: Status, message: str) -> None:
        place = self._catalog.place(run.account)
        # An attempt that never took the job has no number there that could be compared.
        job = await self._job(run)
        held = int((job.properties or {}).get(jobs.ATTEMPT, "0")) if job is not None else 0
        report = jobs.report(
            place,
            JobKind.PROCESSING,
            run.job,
            status,
            message=message[:MESSAGE],
            ended_at=datetime.now(UTC),
            attempt=run.attempt if held == run.attempt else None,
        )
        await self._write(run, report, "endJob")
        known = {Status.FAILED: ExecutionStatus.FAILED, Status.STOPPED: ExecutionStatus.STOPPED}
        await self._settle(run, known[status], failure=message[:MESSAGE])

    async def _settle(
        self, run: Execution, status: ExecutionStatus, *, failure: str | None = None, file: str | None = None
    ) -> None:
        await executions.settle(self._catalog.store, run.account, run.job, status, failure=failure)
        if run.schedule is not None:
            await self._alert(run, run.schedule, file)

    async def _alert(self, run: Execution, name: str, file: str | None) -> None:
        """Raise or end the alert of a run's schedule, where its state is another one now."""
        store, place = self._catalog.store, self._catalog.place(run.account)
        when = await self._catalog.moment(run.account)
        try:
            schedule = await schedules.find(store, place, name, when)
        except StemmaError:
            return  # it was deleted meanwhile
        made = await alerts.changed(store, place, schedule, run.job, when, [] if file is None else [file])
        if made:
            await self._write(run, made, "changeAlert")

    async def _write(self, run: Execution, commands: list[Any], operation: str) -> None:
        caller = Caller(run.account, f"worker/{self.name}", "worker", Role.WRITER)
        await self._catalog.write(caller, commands, operation=operation)
