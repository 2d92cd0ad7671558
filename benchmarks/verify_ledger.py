"""How long it takes to verify a ledger: `python -m benchmarks.verify_ledger [--entries 1000000] [--database neo4j]`.

Each entry makes an artifact, every second one also associates it with the one before, and every tenth one updates that one.
The entries are loaded straight into the database, in transactions of thousands, as the write queue would write them.
"""

import argparse
import asyncio
import resource
import time

from benchmarks.databases import NAMES, catalogs
from graph.access import Caller, Role
from graph.catalog import Catalog
from graph.commands import Place, create_artifact
from graph.entities import Kind
from graph.ledger import GENESIS, Head, entry_row, next_entry
from graph.records import Closing, Edge, Records, Revision
from graph.store.rows import Rows
from graph.times import now_us
from graph.verification import verify

ACCOUNT = "123456789012"
CHUNK = 4_000
TARGET_SECONDS = 60.0
TARGET_ENTRIES = 1_000_000


class Loader:
    """Makes entries and writes them."""

    def __init__(self, catalog: Catalog) -> None:
        self.store = catalog.store
        self.place = Place(ACCOUNT, catalog.region)
        self.caller = Caller(ACCOUNT, "benchmark", "benchmark", Role.WRITER)
        self.head = Head(ACCOUNT, 0, GENESIS, 0)
        self.last: Revision | None = None

    def records(self, number: int, now: int) -> Records:
        """What one entry writes."""
        put = create_artifact(self.place, f"s3://bucket/part-{number}.parquet", type="DataSet", tags={"team": "churn"})
        made = {"created_at": now, "created_by": "benchmark", "modified_at": now, "modified_by": "benchmark"}
        state = {**{k: v for k, v in put.state.items() if v}, **made, "account": ACCOUNT}
        new = Revision(put.arn, ACCOUNT, Kind.ARTIFACT, state, now)
        records = Records([new])
        last = self.last
        if last is not None and last.state is not None:
            if number % 2:
                records.edges.append(Edge((last.arn, "DERIVED_FROM", put.arn), ACCOUNT, now))
            if number % 10 == 0:
                changed = {**last.state, "description": "changed", "modified_at": now}
                begin = last.valid_from
                records.revisions.append(
                    Revision(last.arn, ACCOUNT, last.kind, changed, begin, operation="update", replaces=last.key)
                )
                records.closings.append(Closing(last))
        self.last = new
        return records

    async def load(self, first: int, count: int) -> None:
        """Write some entries in one transaction."""
        entries, rows = [], Rows()
        for number in range(first, first + count):
            recorded = max(now_us(), self.head.recorded + 1)
            records = self.records(number, recorded // 1000)
            leaves = records.seal(ACCOUNT, self.head.sequence + 1)
            entry = next_entry(
                self.head,
                recorded=recorded,
                actor="benchmark",
                door="benchmark",
                request=f"{ACCOUNT}/benchmark/{number}",
                payload="",
                leaves=leaves,
            )
            self.head = entry.head()
            entries.append(entry_row(entry))
            rows.add(records, entry, self.caller)
        async with self.store.transaction() as transaction:
            await transaction.run("ledger/lock", {"accounts": [ACCOUNT], "genesis": GENESIS})
            moved = [[ACCOUNT, self.head.sequence, self.head.hash, self.head.recorded]]
            await transaction.run("ledger/append", {"heads": moved, "entries": entries})
            for name, values in rows.statements():
                await transaction.count(name, values)
            await transaction.commit()


async def measure(catalog: Catalog, name: str, entries: int) -> None:
    loader = Loader(catalog)
    began = time.monotonic()
    for first in range(0, entries, CHUNK):
        await loader.load(first, min(CHUNK, entries - first))
    print(f"{name}: loaded {entries:,} entries in {time.monotonic() - began:.1f} s", flush=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, cpu = time.monotonic(), time.process_time()
    marks: dict[str, float] = {}
    verdict = await verify(
        catalog.store, None, ACCOUNT, on_progress=lambda what, *_: marks.update({what: time.monotonic() - began})
    )
    took, used = time.monotonic() - began, time.process_time() - cpu
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(
        f"{name}: verified {verdict.entries:,} entries, {verdict.revisions:,} revisions, {verdict.edges:,} edges in "
        f"{took:.1f} s ({used:.1f} s of it this process's; the chain {marks['entries']:.1f} s), {grown:.0f} MiB more memory: "
        f"{verdict.problem or 'in order'}; 10⁶ entries at this rate: {took / entries * TARGET_ENTRIES:.0f} s "
        f"(target {TARGET_SECONDS:.0f} s)",
        flush=True,
    )


async def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--database", choices=NAMES, action="append")
    arguments = parser.parse_args()
    for name in arguments.database or NAMES:
        async with catalogs([name]) as opened:
            await measure(opened[name], name, arguments.entries)


if __name__ == "__main__":
    asyncio.run(main())
