"""Workers killed in the middle of a run: another takes it over, and its results count once."""

import asyncio
import os
import random
import secrets
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from graph.catalog import Catalog
from graph.monitoring import executions
from graph.monitoring.executions import ExecutionStatus
from graph.store.provider import EmbeddedProvider
from tests.api.sagemaker.conftest import CONFIG
from tests.conftest import Databases
from tests.monitors.processing.conftest import Lake
from tests.monitors.processing.test_baselines import request, table
from tests.servers.service import STEMMA, StemmaServer

SOAK = int(os.environ.get("STEMMA_SOAK", "1"))
SLOW = "import time\ndef postprocess_handler():\n    time.sleep(1.5)\n"
KEYS = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "secret", "region_name": "us-east-1"}


@pytest.mark.soak
@pytest.mark.parametrize("database", ["embedded", "neo4j"])
async def test_runs_of_killed_workers_are_taken_over(
    database: str, databases: Databases, tmp_path: Path, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKE_ID", "id")
    monkeypatch.setenv("LAKE_SECRET", "secret")
    s3 = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    s3.start()
    address = "http://{}:{}".format(*s3.get_host_and_port())
    bucket = f"lake-{random.randrange(10**12):012d}"
    policy = tmp_path / "policy.toml"
    policy.write_text(
        f'[credentials.lake]\nkey_id_variable = "LAKE_ID"\nsecret_variable = "LAKE_SECRET"\nendpoint = "{address}"\n'
        f'region = "us-east-1"\n[accounts.{account}]\ns3 = [{{ prefix = "s3://{bucket}/", credentials = "lake" }}]\n'
    )
    policy.chmod(0o600)
    data = tmp_path / "data"
    settings = {"STEMMA_DATA_DIR": str(data), "STEMMA_ACCOUNT": account, "STEMMA_KEYS": "off"}
    settings |= {"STEMMA_POLICY": str(policy), "STEMMA_JOB_SCRIPTS": "true", "STEMMA_WORKER_LEASE_SECONDS": "2"}
    provider = EmbeddedProvider(data) if database == "embedded" else await databases.provider(database)
    if database == "neo4j":
        found = await provider.address()
        settings |= {
            "STEMMA_DATABASE": found.uri,
            "STEMMA_DATABASE_USER": found.user,
            "STEMMA_DATABASE_PASSWORD": found.password,
            "STEMMA_DATABASE_NAME": found.database,
        }
    server = StemmaServer(tmp_path, settings)
    worker: subprocess.Popen[bytes] | None = None
    client: Any = boto3.client("s3", endpoint_url=address, **KEYS)
    client.create_bucket(Bucket=bucket)
    lake = Lake(client, bucket, policy)
    try:
        await asyncio.to_thread(server.start)
        sagemaker: Any = boto3.client("sagemaker", endpoint_url=server.address, config=CONFIG, **KEYS)
        worker = begin(tmp_path, settings, account)
        for number in range(2 * SOAK):
            name = f"round-{number}"
            await asyncio.to_thread(lambda name=name: sagemaker.create_processing_job(**slow(lake, name)))  # type: ignore[misc]
            await until(sagemaker, name, lambda job: "ProcessingStartTime" in job)
            await asyncio.sleep(secrets.randbelow(1200) / 1000)
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait()
            worker = begin(tmp_path, settings, account)
            done = await until(
                sagemaker, name, lambda job: job["ProcessingJobStatus"] not in ("InProgress", "Stopping")
            )
            assert done["ProcessingJobStatus"] == "Completed", done
            assert lake.keys(f"out/{name}/") == [
                f"out/{name}/{file}" for file in ("constraints.json", "statistics.json")
            ]
    finally:
        if worker is not None:
            worker.kill()
            worker.wait()
        server.kill()
        s3.stop()
    catalog = await Catalog.open(provider, data)
    try:
        names = [f"round-{number}" for number in range(2 * SOAK)]
        held = await executions.find(catalog.store, account, names)
        assert {held[name].status for name in names} == {ExecutionStatus.COMPLETED}
        # A worker that was killed at the very end may have ended its run before.
        assert {held[name].attempt for name in names} <= {1, 2}
        assert 2 in {held[name].attempt for name in names}
    finally:
        await catalog.close()


def slow(lake: Lake, name: str) -> dict[str, Any]:
    """A baseline with a script behind it that takes a while."""
    script = lake.put("scripts/slow.py", SLOW)
    given = request(lake, lake.put("train.csv", table(50).write_csv()), f"out/{name}")
    local = "/opt/ml/processing/input/post"
    given["Environment"]["post_analytics_processor_script"] = f"{local}/slow.py"
    source = {"S3Uri": script, "LocalPath": local, "S3DataType": "S3Prefix", "S3InputMode": "File"}
    given["ProcessingInputs"].append({"InputName": "post", "S3Input": source})
    return {"ProcessingJobName": name, **given}


def begin(folder: Path, settings: dict[str, str], account: str) -> "subprocess.Popen[bytes]":
    """A worker in a process of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("STEMMA_")}
    with (folder / "worker.log").open("ab") as log:
        return subprocess.Popen(
            [str(STEMMA), "worker", "--account", account],
            cwd=folder,
            env={**clean, **settings},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


async def until(sagemaker: Any, name: str, holds: Any) -> dict[str, Any]:
    """A job, once something holds of it."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        job: dict[str, Any] = await asyncio.to_thread(sagemaker.describe_processing_job, ProcessingJobName=name)
        if holds(job):
            return job
        await asyncio.sleep(0.1)
    raise AssertionError(job)
