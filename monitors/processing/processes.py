"""Starting the process of a job: its limits, what it gets to see, and how it ends whatever happens."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from graph.errors import InvalidError, StemmaError, TimeLimitError, TooExpensiveError
from monitors.processing.plans import Outcome, Plan, read_outcome

log = structlog.get_logger("stemma.processing")

KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "VIRTUAL_ENV")
"""Variables that a job's process gets; neither credentials nor settings are among them."""
SAID = 4_000
"""Characters of what a process says on standard error that are kept."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may take.

    Attributes:
        megabytes: of memory.
        seconds: of time, and of a core's time for each core.
        input_bytes: how much it may read.
    """

    megabytes: int = 4_096
    seconds: int = 3_600
    input_bytes: int = 1 << 36


async def compute(plan: Plan, folder: Path, limits: Limits) -> Outcome:
    """Compute a plan in a process of its own, which ends with this call.

    Raises:
        TimeLimitError: it took longer than it may.
        TooExpensiveError: it took more memory than it may.
        StemmaError: what the analysis says.
    """
    made = folder / "outcome.json"
    cores = os.cpu_count() or 1
    command = [
        sys.executable,
        "-m",
        "monitors.processing.child",
        str(made),
        str(limits.megabytes),
        str(limits.seconds * cores),
    ]
    code, said = await run(command, json.dumps(plan.document()).encode(), folder, limits.seconds)
    try:
        document: dict[str, Any] = json.loads(made.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise _died(code, said, limits) from None
    if "error" in document:
        raise InvalidError(document["error"], path="data", constraint="data that fits")
    return read_outcome(document["outcome"])


async def run(command: list[str], given: bytes, folder: Path, seconds: float) -> tuple[int, str]:
    """Run a process in a folder, with nothing of ours in its environment; its exit code, and the end of what it said.

    Raises:
        TimeLimitError: it took longer than it may.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=environment(folder),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(seconds):
            _, said = await process.communicate(given)
    except TimeoutError:
        raise TimeLimitError(
            f"the analysis took longer than {seconds:g} s; MaxRuntimeInSeconds and STEMMA_JOB_SECONDS say how long it may"
        ) from None
    finally:
        # Whatever it started is of its session, and ends with it.
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return process.returncode or 0, said.decode("utf-8", "replace")[-SAID:]


def environment(folder: Path) -> Mapping[str, str]:
    """What a process of ours for others gets to see: neither credentials nor settings."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "HOME": str(folder), "TMPDIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}


def _died(code: int, said: str, limits: Limits) -> StemmaError:
    log.warning("the process of a job died", code=code, said=said)
    if code == -signal.SIGXCPU:
        return TimeLimitError(
            "the analysis took more of the processor's time than it may; STEMMA_JOB_SECONDS says how much"
        )
    if code == -signal.SIGKILL or "memory" in said.lower() or "alloc" in said.lower():
        return TooExpensiveError(
            f"the analysis needs more memory than the {limits.megabytes} MB that STEMMA_JOB_MEMORY_MB gives it"
        )
    return TooExpensiveError(f"the analysis ended without a result (exit code {code}); the worker's log says more")
