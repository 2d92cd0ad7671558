"""An audit report of a model version with some 500 related entities, in each format, beside what reading its cone takes alone.

`python -m benchmarks.audit_report [--runs 45] [--database neo4j]`. The bound is 2 s for the PDF.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial

from api.audit_reports import audit
from benchmarks import machine
from benchmarks.databases import NAMES, catalogs
from graph.access import Caller, Role
from graph.catalog import Catalog
from graph.lineage import Direction, walk
from reports.audit.forms import Form
from tests.reports.audit.story import tell

CALLER = Caller("123456789012", "bench", "bench", Role.WRITER)
ROUNDS = 5


async def seconds(work: Callable[[], Awaitable[object]]) -> float:
    """The shortest of some rounds: what disturbs a round only ever makes it longer."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await work()
        best = min(best, time.perf_counter() - began)
    return best


async def measured(name: str, catalog: Catalog, runs: int) -> None:
    """Write a story on one database, and print what its reports take."""
    story = await tell(catalog, CALLER, runs=runs)
    when = await catalog.moment(CALLER.account)
    arn = await catalog.lineage_arn(story.version)

    async def cones() -> int:
        return len((await walk(catalog.store, CALLER.account, [arn], Direction.BOTH, when)).nodes)

    print(f"{name}: {await cones()} entities; reading both cones {await seconds(cones):.3f} s")
    for form in Form:
        took = await seconds(partial(audit, catalog, CALLER, story.version, when, form=form))
        print(f"{name}: {form} {took:.3f} s")


async def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=45)
    parser.add_argument("--database", choices=NAMES)
    arguments = parser.parse_args()
    print(machine.describe())
    async with catalogs([arguments.database] if arguments.database else NAMES) as opened:
        for name, catalog in opened.items():
            await measured(name, catalog, arguments.runs)


if __name__ == "__main__":
    asyncio.run(main())
