"""Bulk ingest with history and ledger beside a bare driver that loads the same rows; and single writes, one to many at once."""

import argparse
import asyncio
import time

from neo4j import AsyncGraphDatabase

from benchmarks import bare, databases, machine
from graph import commands
from graph.access import Caller, Role
from graph.associations import AssociationType
from graph.catalog import Catalog
from graph.commands import Command, Place
from graph.entities import Kind

OURS = Caller("123456789012", "bench", "bench", Role.WRITER)
BARE = Caller("210987654321", "bench", "bench", Role.WRITER)
ENTITIES = 2_000
EDGES = 3_000
WARM = 3


def batch(place: Place, number: int) -> list[Command]:
    """Half data sets and half jobs, each job with inputs and outputs; 2,000 entities and 3,000 associations."""
    half = ENTITIES // 2
    artifacts = [
        commands.create_artifact(
            place,
            f"s3://lake/batch-{number}/part-{i:06d}.parquet",
            type="DataSet",
            properties={"rows": str(1000 + i), "format": "parquet"},
            tags={"team": "risk"},
        )
        for i in range(half)
    ]
    jobs = [
        commands.create_named(
            place, Kind.TRIAL_COMPONENT, f"job-{number}-{i}", type="SageMakerProcessingJob", status="COMPLETED"
        )
        for i in range(half)
    ]
    edges: list[Command] = []
    for i in range(EDGES // 3):
        edges.append(commands.associate(artifacts[i].arn, jobs[i].arn, AssociationType.CONTRIBUTED_TO))
        edges.append(commands.associate(artifacts[i].arn, jobs[(i + 1) % half].arn, AssociationType.CONTRIBUTED_TO))
        edges.append(commands.associate(jobs[i].arn, artifacts[(i + 7) % half].arn, AssociationType.PRODUCED))
    return [*artifacts, *jobs, *edges]


async def bulk(name: str, catalog: Catalog, number: int) -> None:
    where = await databases.address(catalog)
    ours: list[float] = []
    theirs: list[float] = []
    async with AsyncGraphDatabase.driver(where.uri, auth=(where.user, where.password)) as driver:
        for turn in range(-WARM, number):
            prepared = bare.prepare(BARE, batch(catalog.place(BARE.account), turn + WARM), turn + WARM + 1)
            began = time.perf_counter()
            await bare.load(driver, where.database, prepared)
            bare_seconds = time.perf_counter() - began
            # Making and checking the commands is part of ingest, so it is inside of the clock.
            began = time.perf_counter()
            await catalog.write(OURS, batch(catalog.place(OURS.account), turn + WARM), operation="ingest")
            own_seconds = time.perf_counter() - began
            if turn >= 0:
                ours.append(own_seconds)
                theirs.append(bare_seconds)
    rows = ENTITIES + EDGES
    for label, seconds in (("bare driver", theirs), ("Stemma", ours)):
        print(f"  {name:9} {label:12} {machine.ms(seconds)}  {rows / machine.median(seconds):8,.0f} rows/s")
    print(f"  {name:9} ratio {machine.median(ours) / machine.median(theirs):.2f} × the bare driver")


async def single(name: str, catalog: Catalog, seconds: float) -> None:
    place = catalog.place(OURS.account)
    for writers in (1, 4, 16):
        latencies: list[float] = []
        end = time.perf_counter() + seconds

        async def writer(label: str, end: float = end, latencies: list[float] = latencies) -> None:
            count = 0
            while (began := time.perf_counter()) < end:
                put = commands.create_artifact(place, f"s3://single/{label}/{count}", type="DataSet")
                await catalog.write(OURS, [put], operation="put")
                latencies.append(time.perf_counter() - began)
                count += 1

        began = time.perf_counter()
        await asyncio.gather(*(writer(f"{began}-{number}") for number in range(writers)))
        rate = len(latencies) / (time.perf_counter() - began)
        latencies.sort()
        p50, p99 = latencies[len(latencies) // 2], latencies[len(latencies) * 99 // 100]
        print(f"  {name:9} {writers:2} writers {rate:7,.0f}/s, p50 {p50 * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms")


async def run(number: int, seconds: float) -> None:
    async with databases.catalogs() as catalogs:
        print(f"bulk: batches of {ENTITIES:,} entities and {EDGES:,} associations, {number} rounds in turn")
        for name, catalog in catalogs.items():
            await bulk(name, catalog, number)
        print("one entity a request")
        for name, catalog in catalogs.items():
            await single(f"({name})", catalog, 1.0)  # warms up
        for name, catalog in catalogs.items():
            await single(name, catalog, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=5.0)
    given = parser.parse_args()
    print(machine.describe())
    asyncio.run(run(given.rounds, given.seconds))


if __name__ == "__main__":
    main()
