"""Bulk ingest with history and ledger beside a bare driver that loads the same rows; and single writes, one to many at once.

Bulk ingest goes twice: in this process, and through the bulk mutation of a service of its own.
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import orjson
from neo4j import AsyncGraphDatabase

from benchmarks import bare, databases, machine
from graph import commands
from graph.access import Caller, Role
from graph.associations import AssociationType
from graph.catalog import Catalog
from graph.commands import Command, Place
from graph.entities import Kind
from tests.servers.service import StemmaServer

OURS = Caller("123456789012", "bench", "bench", Role.WRITER)
BARE = Caller("210987654321", "bench", "bench", Role.WRITER)
SERVED = "111111111111"
"""The account of the service."""
INGEST = "mutation($input: IngestInput!) { ingest(input: $input) { sequence created } }"
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


def request(number: int) -> bytes:
    """The same batch as a request of the bulk mutation."""
    half = ENTITIES // 2
    entities: list[dict[str, Any]] = [
        {
            "artifact": {
                "sourceUri": f"s3://lake/batch-{number}/part-{i:06d}.parquet",
                "type": "DataSet",
                "properties": [{"key": "rows", "value": str(1000 + i)}, {"key": "format", "value": "parquet"}],
                "tags": [{"key": "team", "value": "risk"}],
            }
        }
        for i in range(half)
    ]
    entities += [
        {"trialComponent": {"name": f"job-{number}-{i}", "type": "SageMakerProcessingJob", "status": "COMPLETED"}}
        for i in range(half)
    ]
    associations = []
    for i in range(EDGES // 3):
        for source, destination, association in (
            (i, half + i, "CONTRIBUTED_TO"),
            (i, half + (i + 1) % half, "CONTRIBUTED_TO"),
            (half + i, (i + 7) % half, "PRODUCED"),
        ):
            associations.append({"sourceRow": source, "destinationRow": destination, "association": association})
    given = {"entities": entities, "associations": associations}
    return orjson.dumps({"query": INGEST, "variables": {"input": given}})


async def mutate(client: httpx.AsyncClient, body: bytes) -> float:
    began = time.perf_counter()
    response = await client.post("/graphql", content=body, headers={"Content-Type": "application/json"})
    seconds = time.perf_counter() - began
    assert response.json()["data"]["ingest"]["created"] == ENTITIES + EDGES, response.text[:500]
    return seconds


async def bulk(name: str, catalog: Catalog, number: int) -> None:
    with tempfile.TemporaryDirectory(prefix="stemma-bench-") as folder:
        settings = {"STEMMA_DATA_DIR": folder, **await databases.settings(catalog), "STEMMA_ACCOUNT": SERVED}
        server = StemmaServer(Path(folder), settings)
        await asyncio.to_thread(server.start)
        try:
            async with httpx.AsyncClient(base_url=server.address, timeout=60, trust_env=False) as client:
                await _bulk(name, catalog, client, number)
        finally:
            await asyncio.to_thread(server.stop)


async def _bulk(name: str, catalog: Catalog, client: httpx.AsyncClient, number: int) -> None:
    where = await databases.address(catalog)
    ours: list[float] = []
    theirs: list[float] = []
    served: list[float] = []
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
            served_seconds = await mutate(client, request(turn + WARM))
            if turn >= 0:
                ours.append(own_seconds)
                theirs.append(bare_seconds)
                served.append(served_seconds)
    rows = ENTITIES + EDGES
    for label, seconds in (("bare driver", theirs), ("Stemma", ours), ("bulk mutation", served)):
        print(f"  {name:9} {label:13} {machine.ms(seconds)}  {rows / machine.median(seconds):8,.0f} rows/s")
    bare_median = machine.median(theirs)
    print(
        f"  {name:9} ratios {machine.median(ours) / bare_median:.2f} × the bare driver, "
        f"{machine.median(served) / bare_median:.2f} × through the mutation"
    )


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
