"""An account's keys, and requests with them."""

from dataclasses import dataclass
from typing import Any

import boto3
import botocore.config
import httpx

from graph.access import Caller, Role
from graph.access_log import AccessFilter
from graph.keys import MadeKey
from graph.principals import Principals
from tests.servers.application import Service

WHO = "{ viewer { account actor { id name kind } } }"


@dataclass
class Keys:
    """The keys of an account, and the service that asks for them."""

    service: Service
    principals: Principals
    admin: Caller

    async def make(self, name: str = "ana", role: Role = Role.WRITER, **given: Any) -> MadeKey:
        return await self.principals.create(self.admin, name, role=role, **given)

    async def post(self, authorization: str | None, query: str = WHO, /, **variables: Any) -> httpx.Response:
        headers = {} if authorization is None else {b"Authorization": authorization.encode()}
        body = {"query": query, "variables": variables}
        return await self.service.client.post("/graphql", json=body, headers=headers)

    def as_(self, made: MadeKey) -> str:
        return f"Bearer {made.key.id}:{made.secret}"

    async def log(self) -> list[tuple[Any, ...]]:
        page, _ = await self.service.catalog.access_log.page(self.admin, AccessFilter(), first=500)
        return [(r.principal, r.key_id, r.door, r.operation, r.outcome, r.code) for r in reversed(page)]


def sagemaker(keys: Keys, key_id: str, secret: str, **given: Any) -> Any:
    return boto3.client(
        "sagemaker",
        endpoint_url=str(keys.service.client.base_url),
        region_name="us-east-1",
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
        **given,
    )
