"""The process of a job: reads a plan from standard input, computes, and writes the outcome. It has limits, and no credentials.

`python -m monitors.processing.child OUTCOME MEGABYTES SECONDS`
"""

import json
import os
import resource
import sys
import threading
import time
from pathlib import Path
from typing import Any

MEGABYTE = 1 << 20


def main(outcome: str, megabytes: str, seconds: str) -> None:
    """Compute the plan on standard input, and write what came of it to a file."""
    limit(int(megabytes), int(seconds))
    threading.Thread(target=follow, args=(os.getppid(),), daemon=True).start()
    # What takes memory and time is imported under the limits.
    from graph.errors import StemmaError
    from monitors.processing.analyses import compute
    from monitors.processing.plans import read_plan

    document: dict[str, Any]
    plan = read_plan(json.load(sys.stdin))
    try:
        document = {"outcome": compute(plan).document()}
    except StemmaError as error:
        # Where the data lies here is nobody's business, and gone when somebody reads this.
        document = {"error": error.message.replace(plan.data, plan.uri)}
    except MemoryError:
        document = {
            "error": f"the analysis needs more than {megabytes} MB; STEMMA_JOB_MEMORY_MB says how much it may take"
        }
    Path(outcome).write_text(json.dumps(document), encoding="utf-8")


def limit(megabytes: int, seconds: int) -> None:
    """Let this process use so much memory and time of a core, write no core file, and start few others."""
    # Address space would count what polars only reserves.
    lower(resource.RLIMIT_DATA, megabytes * MEGABYTE)
    lower(resource.RLIMIT_CPU, seconds, seconds + 5)
    lower(resource.RLIMIT_CORE, 0)


def lower(what: int, soft: int, hard: int | None = None) -> None:
    """Set a limit, or keep the one that is lower already."""
    most = resource.getrlimit(what)[1]
    wanted = soft if hard is None else hard
    hard = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(what, (min(soft, hard), hard))


def follow(parent: int) -> None:
    """End with the worker that started this process, however that ended."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
