"""Names that the tests of the doors take from `tests/servers/application.py`, where their fixtures are."""

from collections.abc import AsyncIterator

import pytest_asyncio

from api import auth
from graph.access import Caller, Role
from tests.api.keys import Keys
from tests.servers.application import Reply, Serve, Service

__all__ = ["Reply", "Serve", "Service"]


@pytest_asyncio.fixture
async def keys(serve: Serve, account: str) -> AsyncIterator[Keys]:
    """A service that asks for keys, and what makes them."""
    service = serve(keys="required")
    principals = auth.principals(service.settings, service.catalog)
    yield Keys(service, principals, Caller(account, "operator", "test", Role.ADMIN))
