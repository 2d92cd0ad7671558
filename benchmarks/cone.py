"""A full downstream cone: Stemma's walk beside ml-metadata's, in turn, and the same cone inside larger graphs."""

import argparse
import asyncio
import contextlib
import gc
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
from neo4j import AsyncGraphDatabase

from benchmarks import databases, machine
from benchmarks.shape import Shape, cone
from graph import commands, lineage
from graph.access import Caller, Role
from graph.associations import AssociationType
from graph.catalog import Catalog
from graph.commands import Place, Put
from graph.entities import Kind
from graph.store.provider import Address
from graph.times import FOREVER
from tests.servers import environments

ROOT = Path(__file__).parent.parent
ACCOUNT = "123456789012"
WARM = 30
QUERY = """
query($start: [ID!]!) {
  lineage(start: $start, direction: DESCENDANTS, limit: 10000) {
    nodes { arn name type } edges { source destination association }
  }
}
"""
NOISE_NODES = """
UNWIND $rows AS row
CREATE (e:Entity:Artifact {arn: row[0], account: $account, kind: 'ARTIFACT', type: 'DataSet', name: row[1], created_at: 1,
  valid_from: 1, recorded_from: 1, deleted: false})
RETURN count(*) AS n
"""
NOISE_EDGES = """
UNWIND $rows AS row
MATCH (a:Entity {arn: row[0]})
MATCH (b:Entity {arn: row[1]})
CREATE (a)-[:DERIVED_FROM {account: $account, key: row[2], valid_from: 1, valid_to: $forever, recorded_from: 1,
  recorded_to: $forever}]->(b)
RETURN count(*) AS n
"""


class Peer:
    """ml-metadata in its own process; `walk` gives the seconds that it measured itself."""

    def __init__(self, shape: tuple[int, int, int], folder: Path) -> None:
        command = [environments.python("mlmd"), "-m", "benchmarks.peer_mlmd", folder / "mlmd.db", *map(str, shape)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self._answer()

    def walk(self) -> tuple[float, int, int]:
        assert self._process.stdin is not None
        self._process.stdin.write("walk\n")
        self._process.stdin.flush()
        answer = self._answer()
        return answer["seconds"], answer["nodes"], answer["edges"]

    def close(self) -> None:
        self._process.communicate()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


def puts(place: Place, shape: Shape) -> dict[int, Put]:
    """The commands that create the nodes."""
    artifacts = shape.artifact()
    made = {}
    for layer in shape.layers:
        for node in layer:
            if node in artifacts:
                made[node] = commands.create_artifact(place, f"s3://bench/{node}", name=f"node-{node}", type="DataSet")
            else:
                name = f"node-{node}"
                made[node] = commands.create_named(place, Kind.TRIAL_COMPONENT, name, type="TrainingJob")
    return made


async def load(catalog: Catalog, shape: Shape) -> list[str]:
    """Write the cone as any client would; its ARNs by number."""
    caller = Caller(ACCOUNT, "bench", "bench", Role.WRITER)
    nodes = puts(catalog.place(ACCOUNT), shape)
    artifacts = shape.artifact()
    edges = [
        commands.associate(
            nodes[source].arn,
            nodes[destination].arn,
            AssociationType.CONTRIBUTED_TO if source in artifacts else AssociationType.PRODUCED,
        )
        for source, destination in shape.edges
    ]
    await catalog.write(caller, list(nodes.values()), operation="bench")
    await catalog.write(caller, edges, operation="bench")
    return [nodes[number].arn for number in sorted(nodes)]


async def surround(catalog: Catalog, arns: list[str], edges: int, tag: str) -> None:
    """Lay a graph of `edges` edges around the cone, a tenth of which lead into it; straight into the database."""
    place = catalog.place(ACCOUNT)
    others = [place.arn(f"artifact/{tag}{number:031x}") for number in range(edges // 2)]
    rows = []
    for number in range(edges):
        source = others[number % len(others)]
        inside = number % 10 == 0
        target = arns[number // 10 % len(arns)] if inside else others[(number * 7 + 1) % len(others)]
        rows.append([source, target, f"{tag}/{number}"])
    where = await databases.address(catalog)
    async with AsyncGraphDatabase.driver(where.uri, auth=(where.user, where.password)) as driver:
        nodes = [[arn, f"{tag}-{number}"] for number, arn in enumerate(others)]
        for statement, values in ((NOISE_NODES, nodes), (NOISE_EDGES, rows)):
            for begin in range(0, len(values), 5_000):
                chunk = {"rows": values[begin : begin + 5_000], "account": ACCOUNT, "forever": FOREVER}
                await driver.execute_query(statement, chunk, database_=where.database)


async def walk(catalog: Catalog, start: str) -> tuple[float, int, int]:
    began = time.perf_counter()
    when = await catalog.moment(ACCOUNT)
    found = await lineage.walk(catalog.store, ACCOUNT, [start], lineage.Direction.DESCENDANTS, when, limit=10_000)
    return time.perf_counter() - began, len(found.nodes), len(found.edges)


class Service:
    """`stemma serve` in a process of its own on the same Neo4j, asked through GraphQL over HTTP."""

    def __init__(self, where: Address) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.folder = tempfile.TemporaryDirectory(prefix="stemma-bench-")
        settings = {"STEMMA_PORT": str(port), "STEMMA_ACCOUNT": ACCOUNT, "STEMMA_DATA_DIR": self.folder.name}
        settings |= {"STEMMA_DATABASE": where.uri, "STEMMA_DATABASE_PASSWORD": where.password}
        command = [Path(sys.executable).with_name("stemma"), "serve"]
        self._process = subprocess.Popen(
            command, env={**os.environ, **settings}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)
        for _ in range(300):
            time.sleep(0.1)
            with contextlib.suppress(httpx.TransportError):
                if self._client.get("/readyz").status_code == 200:
                    return
        raise RuntimeError("stemma serve did not become ready")

    def walk(self, start: str) -> tuple[float, int, int]:
        began = time.perf_counter()
        response = self._client.post("/graphql", json={"query": QUERY, "variables": {"start": [start]}})
        seconds = time.perf_counter() - began
        found = response.json()["data"]["lineage"]
        return seconds, len(found["nodes"]), len(found["edges"])

    def close(self) -> None:
        self._client.close()
        self._process.terminate()
        self._process.wait()
        self.folder.cleanup()


async def rounds(
    number: int, sides: dict[str, Callable[[], Awaitable[tuple[float, int, int]]]]
) -> dict[str, list[float]]:
    """Each side in turn, again and again, so that all of them meet the same weather."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(-WARM, number):
        for name, side in sides.items():
            seconds, nodes, edges = await side()
            if turn >= 0:
                times[name].append(seconds)
            if turn == 0:
                print(f"  {name}: {nodes:,} nodes, {edges:,} edges")
    return times


async def compare(number: int, shape: tuple[int, int, int], large: bool) -> None:
    graph = cone(*shape)
    print(f"cone of {graph.nodes:,} nodes and {len(graph.edges):,} edges in {shape[0]} levels, {number} rounds in turn")
    with tempfile.TemporaryDirectory(prefix="stemma-bench-") as folder:
        peer: Peer | None = None
        try:
            peer = Peer(shape, Path(folder))
        except environments.NoEnvironmentError as error:
            print(f"  without ml-metadata: {error}")
        async with databases.catalogs() as catalogs:
            arns = {name: await load(catalog, graph) for name, catalog in catalogs.items()}
            sides: dict[str, Callable[[], Awaitable[tuple[float, int, int]]]] = {}
            for name, catalog in catalogs.items():
                sides[name] = lambda c=catalog, n=name: walk(c, arns[n][0])  # type: ignore[misc]
            # As the service does once it has started.
            gc.collect()
            gc.freeze()
            service = Service(await databases.address(catalogs["neo4j"]))
            sides["over HTTP"] = lambda: asyncio.to_thread(service.walk, arns["neo4j"][0])
            if peer is not None:
                sides["ml-metadata"] = lambda: asyncio.to_thread(peer.walk)
            alone = await rounds(number, sides)
            for name, seconds in alone.items():
                print(f"  {name:12} {machine.ms(seconds)}{_ratio(seconds, alone.get('ml-metadata'))}")
            if peer is not None:
                peer.close()
            service.close()
            sides.pop("ml-metadata", None)
            sides.pop("over HTTP")
            before = 0
            for size in (100_000, 1_000_000) if large else (100_000,):
                for name, catalog in catalogs.items():
                    await surround(catalog, arns[name], size - before, f"{len(str(size))}")
                before = size
                print(f"the same cone inside {size:,} edges")
                inside = await rounds(number, sides)
                for name, seconds in inside.items():
                    ratio = machine.median(seconds) / machine.median(alone[name])
                    print(f"  {name:12} {machine.ms(seconds)}  {ratio:.2f} × the lone cone")


def _ratio(seconds: list[float], peer: list[float] | None) -> str:
    return "" if peer is None else f"  {machine.median(seconds) / machine.median(peer):.2f} × ml-metadata"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--large", action="store_true", help="also inside a graph of a million edges (minutes to load)")
    parser.add_argument("--shape", type=int, nargs=3, default=(20, 140, 5_000), metavar=("LEVELS", "WIDTH", "EDGES"))
    given = parser.parse_args()
    print(machine.describe())
    asyncio.run(compare(given.rounds, tuple(given.shape), given.large))


if __name__ == "__main__":
    main()
