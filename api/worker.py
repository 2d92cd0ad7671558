"""The worker process: `stemma worker`."""

import asyncio
import signal
from collections.abc import Sequence

import structlog

from api import logs
from api.app import open_catalog
from api.settings import Settings
from graph.monitoring.scheduler import Scheduler
from monitors.processing.allowances import Allowances
from monitors.processing.processes import Limits
from monitors.processing.worker import Worker

log = structlog.get_logger("stemma.worker")


def run_worker(settings: Settings, *, accounts: Sequence[str] | None = None, once: bool = False) -> None:
    """Run what is due until SIGINT or SIGTERM.

    Args:
        settings: What was set.
        accounts: Whose runs; everybody's if None.
        once: Whether to end when nothing is due any more.

    Raises:
        SettingError: the policy can't be used.
        DatabaseUnavailableError: the database can't be reached.
    """
    logs.configure(settings.log_level, settings.log_format)
    asyncio.run(_work(settings, accounts, once=once))


async def _work(settings: Settings, accounts: Sequence[str] | None, *, once: bool) -> None:
    policy = settings.reach()
    catalog = await open_catalog(settings)
    try:
        limits = Limits(settings.job_memory_mb, settings.job_seconds, settings.job_input_bytes)
        slots, a_schedule = settings.worker_slots, settings.schedule_slots
        worker = Worker(
            *(catalog, policy, limits),
            slots=slots,
            lease=int(settings.worker_lease_seconds * 1000),
            a_schedule=a_schedule,
            accounts=accounts,
            allowances=Allowances(
                settings.serving, "reports.monitoring.writing", settings.job_scripts, settings.namespaces
            ),
        )
        scheduler = Scheduler(catalog, accounts=accounts)
        if once:
            if settings.scheduler:
                await scheduler.tick()
            await worker.drain()
            return
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        log.info("working", worker=worker.name, slots=slots, database=catalog.store.provider.name)
        if settings.scheduler:
            scheduler.start()
        try:
            await worker.run(stop)
        finally:
            scheduler.stop()
    finally:
        await catalog.close()
        log.info("stopped")
