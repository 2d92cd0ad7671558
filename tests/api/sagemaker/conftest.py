"""boto3 against the application over real HTTP, once on each database."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.api.conftest import Serve, Service

CONFIG = Config(retries={"max_attempts": 1}, parameter_validation=False)


@dataclass
class Aws:
    """A boto3 client; its calls run in a thread, since the server shares the tests' loop."""

    client: Any
    service: Service

    async def __call__(self, operation: str, **given: Any) -> dict[str, Any]:
        found: dict[str, Any] = await asyncio.to_thread(partial(getattr(self.client, operation), **given))
        assert found.pop("ResponseMetadata")["HTTPStatusCode"] == 200
        return found

    async def refused(self, operation: str, **given: Any) -> tuple[str, str]:
        """The code and message with which a call is refused."""
        with pytest.raises(ClientError) as caught:
            await self(operation, **given)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    async def pages(self, operation: str, **given: Any) -> list[dict[str, Any]]:
        """All pages of a list."""
        found = [await self(operation, **given)]
        while (token := found[-1].get("NextToken")) is not None:
            found.append(await self(operation, **given, NextToken=token))
        return found

    def arn(self, resource: str) -> str:
        return self.service.arn(resource)


AwsOf = Callable[[str], Aws]


@pytest.fixture
def aws_of(serve: Serve) -> AwsOf:
    """A client of any service, all of one application."""
    service = serve()

    def make(name: str) -> Aws:
        client: Any = boto3.client(
            name,
            endpoint_url=str(service.client.base_url),
            region_name="us-east-1",
            aws_access_key_id="AKIAEXAMPLE",
            aws_secret_access_key="secret",
            config=CONFIG,
        )
        return Aws(client, service)

    return make


@pytest.fixture
def aws(aws_of: AwsOf) -> Aws:
    return aws_of("sagemaker")
