"""Requests of AWS's clients a second: signed DescribeArtifact and QueryLineage, and ListExperiments beside moto's server.

The client sends bytes that were made beforehand and reads no more than it has to, so that the two cores are the service's and
the database's; httpx alone needs more CPU time a request than the service.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from benchmarks import machine
from benchmarks.databases import catalogs, settings
from tests.servers.service import StemmaServer

SECONDS = 5.0
CLIENTS = 16
ROUNDS = 200
VERTICES = 50
EXPERIMENTS = 20
STEMMA = Path(sys.executable).with_name("stemma")


class Signed:
    """A client that signs; equal requests are signed once, as its cost is not what is measured."""

    def __init__(self, address: str, key_id: str, secret: str) -> None:
        self.address = address
        self._credentials = Credentials(key_id, secret)
        self._sent: dict[tuple[str, str], bytes] = {}
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def __call__(self, operation: str, **given: Any) -> dict[str, Any]:
        body = json.dumps(given)
        sent = self._sent.get((operation, body)) or self._signed(operation, body)
        reader, writer = self._free.pop() if self._free else await self._connected()
        writer.write(sent)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        content = await reader.readexactly(length)
        assert b" 200 " in head.partition(b"\r\n")[0], content
        if b"connection: close" in head:
            writer.close()
        else:
            self._free.append((reader, writer))
        found: dict[str, Any] = json.loads(content)
        return found

    async def close(self) -> None:
        for _, writer in self._free:
            writer.close()
            await writer.wait_closed()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        where = urlsplit(self.address)
        return await asyncio.open_connection(where.hostname, where.port)

    def _signed(self, operation: str, body: str) -> bytes:
        headers = {"X-Amz-Target": f"SageMaker.{operation}", "Content-Type": "application/x-amz-json-1.1"}
        request = AWSRequest("POST", f"{self.address}/", headers=headers, data=body)
        SigV4Auth(self._credentials, "sagemaker", "us-east-1").add_auth(request)
        others = {"Host": urlsplit(self.address).netloc, "Content-Length": str(len(body.encode()))}
        lines = [f"{name}: {value}" for name, value in {**request.headers, **others}.items()]
        sent = self._sent[operation, body] = "\r\n".join(["POST / HTTP/1.1", *lines, "", body]).encode()
        return sent


def cpu_seconds(process: int) -> float:
    """The user and system time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def rate(client: Signed, operation: str, **given: Any) -> float:
    """Requests a second with several clients at a time."""
    done = 0
    end = time.perf_counter() + SECONDS

    async def ask() -> None:
        nonlocal done
        while time.perf_counter() < end:
            await client(operation, **given)
            done += 1

    await asyncio.gather(*(ask() for _ in range(CLIENTS)))
    return done / SECONDS


async def times(client: Signed, operation: str, **given: Any) -> list[float]:
    """Seconds of one request after another."""
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await client(operation, **given)
        seconds.append(time.perf_counter() - began)
    return seconds


@contextmanager
def moto() -> Iterator[str]:
    """moto's server, on a free port."""
    script = (
        "import time\nfrom moto.server import ThreadedMotoServer\n"
        "server = ThreadedMotoServer('127.0.0.1', 0, verbose=False)\nserver.start()\n"
        "print(server.get_host_and_port()[1], flush=True)\ntime.sleep(600)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.wait()


def key(environment: dict[str, str], folder: Path) -> dict[str, str]:
    """A writer's key of a service."""
    service = StemmaServer(folder, environment)
    made = subprocess.run(
        [STEMMA, "keys", "create", "--principal", "bench", "--role", "writer", "--json"],
        env=service._environment,
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, str] = json.loads(made.stdout)
    return found


async def fill(client: Signed) -> str:
    """An artifact with fifty vertices behind it, and some experiments; the artifact's ARN."""
    source = {"SourceUri": "s3://b/data"}
    start = (await client("CreateArtifact", Source=source, ArtifactType="DataSet"))["ArtifactArn"]
    for number in range(VERTICES):
        source = {"SourceUri": f"s3://b/{number}"}
        made = (await client("CreateArtifact", Source=source, ArtifactType="Model"))["ArtifactArn"]
        await client("AddAssociation", SourceArn=start, DestinationArn=made, AssociationType="DerivedFrom")
    return str(start)


async def experiments(client: Signed) -> None:
    for number in range(EXPERIMENTS):
        await client("CreateExperiment", ExperimentName=f"e{number}")


async def measure(name: str, environment: dict[str, str], folder: Path, peer: Signed) -> None:
    made = key(environment, folder)
    service = StemmaServer(folder, {**environment, "STEMMA_RATE": "100000/second", "STEMMA_LOG_LEVEL": "warning"})
    service.start()
    try:
        client = Signed(service.address, made["accessKeyId"], made["secretAccessKey"])
        start = await fill(client)
        await experiments(client)
        await rate(client, "DescribeArtifact", ArtifactArn=start)
        before, own = cpu_seconds(service.process.pid), time.process_time()
        found = await rate(client, "DescribeArtifact", ArtifactArn=start)
        used, own = cpu_seconds(service.process.pid) - before, time.process_time() - own
        each = 1e3 / (found * SECONDS)
        shares = f"service {used * each:.2f} ms, client {own * each:.2f} ms"
        print(f"{name}: DescribeArtifact {found:.0f}/s (CPU time of one: {shares})")
        print(f"{name}: one at a time {machine.ms(await times(client, 'DescribeArtifact', ArtifactArn=start))}")
        asked = {"StartArns": [start], "Direction": "Descendants", "IncludeEdges": True}
        print(f"{name}: QueryLineage of {VERTICES} vertices {machine.ms(await times(client, 'QueryLineage', **asked))}")
        ours, theirs = [], []
        for _ in range(5):
            ours += await times(client, "ListExperiments", MaxResults=10)
            theirs += await times(peer, "ListExperiments", MaxResults=10)
        ratio = machine.median(ours) / machine.median(theirs)
        print(f"{name}: ListExperiments {machine.ms(ours)} beside moto's {machine.ms(theirs)}: {ratio:.2f} x")
        await client.close()
    finally:
        service.stop()


async def main() -> None:
    print(machine.describe())
    with moto() as address, TemporaryDirectory(prefix="stemma-bench-") as folder:
        peer = Signed(address, "x", "y")
        await experiments(peer)
        async with catalogs() as opened:
            for name, catalog in opened.items():
                place = Path(folder) / name
                place.mkdir()
                environment = {"STEMMA_DATA_DIR": str(place / "data"), **await settings(catalog)}
                await measure(name, environment, place, peer)
        await peer.close()


if __name__ == "__main__":
    asyncio.run(main())
