"""A worker, and S3 by moto's server over HTTP, with a policy that lets the account of a test touch a bucket of its own."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from graph.reach.policy import Policy
from monitors.processing.processes import Limits
from monitors.processing.worker import Worker
from tests.api.conftest import Serve
from tests.api.sagemaker.conftest import CONFIG, Aws

LIMITS = Limits(megabytes=2_048, seconds=120)


@dataclass
class Lake:
    """A bucket, and the file of a policy that allows it.

    Attributes:
        bucket: its name; the buckets of all of moto's servers are one process's.
    """

    client: Any
    bucket: str
    policy: Path

    def put(self, key: str, content: bytes | str) -> str:
        body = content.encode() if isinstance(content, str) else content
        self.client.put_object(Bucket=self.bucket, Key=key, Body=body)
        return f"s3://{self.bucket}/{key}"

    def get(self, uri: str) -> bytes:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        found: bytes = self.client.get_object(Bucket=bucket, Key=key)["Body"].read()
        return found

    def keys(self, prefix: str = "") -> list[str]:
        found = self.client.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", ())
        return [item["Key"] for item in found]


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def lake(s3: str, account: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    import boto3

    monkeypatch.setenv("LAKE_ID", "id")
    monkeypatch.setenv("LAKE_SECRET", "secret")
    client: Any = boto3.client(
        "s3", endpoint_url=s3, region_name="us-east-1", aws_access_key_id="id", aws_secret_access_key="secret"
    )
    bucket = f"lake-{random.randrange(10**12):012d}"
    client.create_bucket(Bucket=bucket)
    policy = tmp_path / "policy.toml"
    policy.write_text(
        f"""
        [credentials.lake]
        key_id_variable = "LAKE_ID"
        secret_variable = "LAKE_SECRET"
        endpoint = "{s3}"
        region = "us-east-1"
        [accounts.{account}]
        s3 = [{{ prefix = "s3://{bucket}/", credentials = "lake" }}]
        cloudwatch = "lake"
        """
    )
    policy.chmod(0o600)
    return Lake(client, bucket, policy)


@pytest.fixture
def aws(serve: Serve, lake: Lake) -> Aws:
    """SageMaker's client of an application that may touch the lake."""
    import boto3

    service = serve(policy=lake.policy)
    client: Any = boto3.client(
        "sagemaker",
        endpoint_url=str(service.client.base_url),
        region_name="us-east-1",
        aws_access_key_id="AKIAEXAMPLE",
        aws_secret_access_key="secret",
        config=CONFIG,
    )
    return Aws(client, service)


@pytest.fixture
def worker(aws: Aws, lake: Lake) -> Worker:
    return Worker(aws.service.catalog, Policy.load(lake.policy), LIMITS, accounts=[aws.service.account])
