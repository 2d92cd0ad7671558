"""The model registry: registering, listing, look-ups by alias, and what ran at a time; beside MLflow's registry on SQLite.

`python -m benchmarks.registry [--versions 10000] [--deployments 100000] [--database neo4j]`. Beside MLflow, both are asked in
process, in turn; MLflow keeps rows, Stemma keeps lineage, history and a ledger, too. The door is measured over HTTP.
"""

import argparse
import asyncio
import json
import random
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import machine
from benchmarks.databases import NAMES, catalogs, settings
from benchmarks.sagemaker import CLIENTS, Signed, key, rate, times
from graph.access import Caller, Role
from graph.catalog import Catalog
from graph.commands import create_named, update
from graph.entities import Kind, Status
from graph.hosting import production
from graph.registry import groups, lists
from graph.registry.groups import set_alias
from graph.registry.lists import RegistryFilter
from graph.registry.versions import register
from graph.times import Moment, from_ms
from tests.servers import environments
from tests.servers.service import StemmaServer

CALLER = Caller("123456789012", "bench", "bench", Role.WRITER)
GROUP, ALIAS, PAGE = "churn", "champion", 100
BATCH = 250
ROUNDS = 100
ROOT = Path(__file__).parent.parent
ENDPOINTS, YEARS = 200, 5 * 365 * 86_400_000
REQUEST = {
    "InferenceSpecification": {
        "Containers": [{"Image": "xgboost:1.7", "ModelDataUrl": "s3://models/churn/model.tar.gz"}],
        "SupportedContentTypes": ["text/csv"],
    }
}


class Peer:
    """MLflow in a process of its own."""

    def __init__(self, folder: Path, versions: int) -> None:
        command = [environments.python("mlflow"), "-m", "benchmarks.peer_mlflow", folder / "mlflow.db", str(versions)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
        )
        assert self._read() == "ready"

    async def seconds(self, what: str) -> float:
        """How long it took to do something once."""
        return await asyncio.to_thread(self._ask, what)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _ask(self, what: str) -> float:
        assert self._process.stdin is not None
        print(what, file=self._process.stdin, flush=True)
        found: float = self._read()
        return found

    def _read(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


async def fill(catalog: Catalog, versions: int) -> float:
    """A group with versions, an alias on the one in the middle; versions a second in batches."""
    place = catalog.place(CALLER.account)
    await catalog.write(CALLER, [groups.create(place, GROUP)], operation="bench")
    began = time.perf_counter()
    for begin in range(0, versions, BATCH):
        made = [register(place, _request(begin + each), group=GROUP) for each in range(min(BATCH, versions - begin))]
        await catalog.write(CALLER, made, operation="bench")
    took = time.perf_counter() - began
    await catalog.write(CALLER, [set_alias(place, GROUP, ALIAS, max(1, versions // 2))], operation="bench")
    return versions / took


async def beside(name: str, catalog: Catalog, peer: Peer, versions: int) -> None:
    """The same in process, in turn with MLflow."""
    place, store = catalog.place(CALLER.account), catalog.store
    filter_ = RegistryFilter(group=GROUP, numbered=True)
    after = f"{CALLER.account}/model-package/{GROUP}/{PAGE + 1:010d}"

    async def page(cursor: str | None) -> None:
        when = await catalog.moment(CALLER.account)
        found = await lists.page(
            *(store, CALLER.account, "model-package", when), filter=filter_, first=PAGE, after=cursor
        )
        assert len(found.items) == PAGE

    async def registers() -> None:
        await catalog.write(CALLER, [register(place, _request(versions), group=GROUP)], operation="bench")

    async def alias() -> None:
        await lists.version(store, place, GROUP, ALIAS, await catalog.moment(CALLER.account))

    work: dict[str, Callable[[], Awaitable[None]]] = {
        "register": registers,
        "first": lambda: page(None),
        "last": lambda: page(after),
        "alias": alias,
    }
    for what, ours in work.items():
        seconds: dict[str, list[float]] = {"ours": [], "mlflow": []}
        for _ in range(ROUNDS):
            began = time.perf_counter()
            await ours()
            seconds["ours"].append(time.perf_counter() - began)
            seconds["mlflow"].append(await peer.seconds(what))
        ratio = machine.median(seconds["ours"]) / machine.median(seconds["mlflow"])
        print(f"{name}: {what:8} {machine.ms(seconds['ours'])}, MLflow {machine.ms(seconds['mlflow'])}: {ratio:.2f} x")


async def door(name: str, environment: dict[str, str], folder: Path, versions: int) -> None:
    """ListModelPackages and CreateModelPackage over HTTP, signed."""
    made = key(environment, folder)
    service = StemmaServer(folder, {**environment, "STEMMA_RATE": "100000/second", "STEMMA_LOG_LEVEL": "warning"})
    service.start()
    try:
        client = Signed(service.address, made["accessKeyId"], made["secretAccessKey"])
        asked: dict[str, Any] = {"ModelPackageGroupName": GROUP, "MaxResults": PAGE}
        last = await client("ListModelPackages", **asked)
        for _ in range(versions // PAGE - 2):
            last = await client("ListModelPackages", **asked, NextToken=last["NextToken"])
        first, hundredth = [], []
        for _ in range(3):
            first += await times(client, "ListModelPackages", **asked)
            hundredth += await times(client, "ListModelPackages", **asked, NextToken=last["NextToken"])
        ratio = machine.median(hundredth) / machine.median(first)
        print(f"{name}: ListModelPackages of {PAGE}, page 1 {machine.ms(first)} (aim 15 ms)")
        print(f"{name}: page {versions // PAGE} {machine.ms(hundredth)}, {ratio:.2f} x page 1 (aim 1.3)")
        await rate(client, "CreateModelPackage", ModelPackageGroupName=GROUP, **REQUEST)
        found = await rate(client, "CreateModelPackage", ModelPackageGroupName=GROUP, **REQUEST)
        print(f"{name}: CreateModelPackage {found:.0f}/s from {CLIENTS} clients (aim 100)")
        await client.close()
    finally:
        service.stop()


def stretches(count: int, start: int, now: int) -> Iterator[tuple[int, int, int]]:
    """Endpoint, beginning and end of deployments: on each endpoint one follows the other, for hours to weeks each."""
    draw = random.Random(7)
    for endpoint in range(ENDPOINTS):
        shares = [draw.choice((1, 24, 24 * 7)) * draw.random() for _ in range(count // ENDPOINTS)]
        scale = (now - start) / sum(shares)
        since = float(start)
        for share in shares:
            yield endpoint, int(since), int(since + share * scale)
            since += share * scale


async def deployed(name: str, catalog: Catalog, count: int) -> None:
    """What ran at a time, among many deployments."""
    place = catalog.place(CALLER.account)
    now = int(time.time() * 1000) - 1
    start = now - YEARS
    commands: list[Any] = []
    for number, (endpoint, since, until) in enumerate(stretches(count, start, now)):
        made = create_named(
            *(place, Kind.ACTION, f"deployment-{number}"),
            type="ModelDeployment",
            status=Status.IN_PROGRESS,
            started_at=from_ms(since),
            source_uri=place.arn(f"endpoint/e{endpoint}"),
            source_type="Endpoint",
            properties={"Variant": "main", "Endpoint": f"e{endpoint}"},
            valid_from=from_ms(since),
        )
        ended = {"status": Status.COMPLETED, "ended_at": from_ms(until), "valid_from": from_ms(until)}
        commands += [made, update(made.arn, Kind.ACTION, **ended)]
    for begin in range(0, len(commands), 2 * BATCH):
        await catalog.write(CALLER, commands[begin : begin + 2 * BATCH], operation="bench")
    head = await catalog.moment(CALLER.account)
    draw = random.Random(8)
    seconds = []
    for _ in range(ROUNDS):
        when = Moment(draw.randrange(start, now), head.known, head.sequence)
        began = time.perf_counter()
        found = await production.at(catalog.store, CALLER.account, when)
        seconds.append(time.perf_counter() - began)
        assert len(found.items) == 50
    print(f"{name}: deployments(at) among {len(commands) // 2:,} {machine.ms(seconds)} (aim 20 ms)")


def _request(number: int) -> dict[str, Any]:
    container = {"Image": "xgboost:1.7", "ModelDataUrl": f"s3://models/churn/{number}/model.tar.gz"}
    return {"InferenceSpecification": {"Containers": [container], "SupportedContentTypes": ["text/csv"]}}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--versions", type=int, default=10_000)
    parser.add_argument("--deployments", type=int, default=100_000)
    parser.add_argument("--database", choices=NAMES, action="append")
    given = parser.parse_args()
    print(machine.describe())
    with TemporaryDirectory(prefix="stemma-bench-") as folder:
        peer = Peer(Path(folder), given.versions)
        async with catalogs(given.database or NAMES) as opened:
            for name, catalog in opened.items():
                print(f"{name}: {await fill(catalog, given.versions):.0f} versions/s in batches of {BATCH}")
                await beside(name, catalog, peer, given.versions)
                place = Path(folder) / name
                place.mkdir()
                environment = {"STEMMA_DATA_DIR": str(place / "data"), **await settings(catalog)}
                await door(name, environment, place, given.versions)
                await deployed(name, catalog, given.deployments)
        peer.close()


if __name__ == "__main__":
    asyncio.run(main())
