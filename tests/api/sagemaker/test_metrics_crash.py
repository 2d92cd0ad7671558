"""The service killed under writers of metrics, who put again what was not acknowledged."""

import asyncio
import os
import secrets
from functools import cache, partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.conftest import Databases
from tests.servers.service import StemmaServer

SOAK = int(os.environ.get("STEMMA_SOAK", "1"))
WRITERS = 4
START = 1_760_000_000


@cache
def client(address: str, name: str) -> Any:
    """A client that does not try again by itself."""
    return boto3.client(
        name,
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id="AKIAEXAMPLE",
        aws_secret_access_key="secret",
        config=Config(retries={"max_attempts": 0}, read_timeout=20),
    )


class Putters:
    """Writers of one metric; each batch is put until it is acknowledged."""

    def __init__(self, server: StemmaServer) -> None:
        self.acknowledged: list[int] = []
        self.repeated = 0
        self._server = server
        self._writing = True
        self._wrote = asyncio.Event()
        self._tasks = [asyncio.create_task(self._write(number)) for number in range(WRITERS)]

    async def _write(self, writer: int) -> None:
        batch = writer
        while self._writing:
            steps = range(10 * batch, 10 * batch + 10)
            data = [
                {"MetricName": "loss", "Value": step / 7, "Step": step, "Timestamp": START + step} for step in steps
            ]
            while True:
                metrics = await asyncio.to_thread(client, self._server.address, "sagemaker-metrics")
                put = partial(metrics.batch_put_metrics, TrialComponentName="run", MetricData=data)
                try:
                    assert "Errors" not in await asyncio.to_thread(put)
                    break
                except (BotoCoreError, ClientError):
                    self.repeated += 1
                    await asyncio.sleep(0.05)
            self.acknowledged += steps
            self._wrote.set()
            batch += WRITERS

    async def more(self, count: int, seconds: float = 120.0) -> None:
        """Wait until so many more points were acknowledged."""
        wanted = len(self.acknowledged) + count
        async with asyncio.timeout(seconds):
            while len(self.acknowledged) < wanted and not any(task.done() for task in self._tasks):
                self._wrote.clear()
                await self._wrote.wait()

    async def stop(self) -> None:
        """Let them finish; raises what one of them met."""
        self._writing = False
        await asyncio.gather(*self._tasks)


@pytest.mark.soak
@pytest.mark.parametrize("database", ["embedded", "neo4j"])
async def test_metrics_are_exact_after_the_service_was_killed(
    database: str, databases: Databases, tmp_path: Path, account: str
) -> None:
    settings = {"STEMMA_DATA_DIR": str(tmp_path / "data"), "STEMMA_ACCOUNT": account, "STEMMA_KEYS": "off"}
    if database == "neo4j":
        found = await (await databases.provider(database)).address()
        settings |= {
            "STEMMA_DATABASE": found.uri,
            "STEMMA_DATABASE_USER": found.user,
            "STEMMA_DATABASE_PASSWORD": found.password,
            "STEMMA_DATABASE_NAME": found.database,
        }
    server = StemmaServer(tmp_path, settings)
    await asyncio.to_thread(server.start)
    try:
        sagemaker = client(server.address, "sagemaker")
        await asyncio.to_thread(partial(sagemaker.create_trial_component, TrialComponentName="run"))
        putters = Putters(server)
        for _ in range(2 * SOAK):
            await putters.more(60)
            await asyncio.sleep(secrets.randbelow(100) / 1000)
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
        await putters.more(60)
        await putters.stop()
        sagemaker = client(server.address, "sagemaker")
        described = await asyncio.to_thread(partial(sagemaker.describe_trial_component, TrialComponentName="run"))
        metrics = client(server.address, "sagemaker-metrics")
        arn = described["TrialComponentArn"]
        query = {"MetricName": "loss", "ResourceArn": arn, "MetricStat": "Count", "Period": "IterationNumber"}
        asked = [{**query, "XAxisType": "IterationNumber"}]
        (series,) = (await asyncio.to_thread(partial(metrics.batch_get_metrics, MetricQueries=asked)))[
            "MetricQueryResults"
        ]
        assert await asyncio.to_thread(server.stop) == 0
    finally:
        server.kill()
    assert putters.repeated
    steps = sorted(putters.acknowledged)
    (summary,) = described["Metrics"]
    assert series["XAxisValues"] == steps
    assert set(series["MetricValues"]) == {1.0}
    values = [step / 7 for step in steps]
    assert (summary["Count"], summary["Min"], summary["Max"]) == (len(values), min(values), max(values))
    assert summary["Avg"] == pytest.approx(sum(values) / len(values), rel=1e-14)
    assert summary["Last"] == max(values)
