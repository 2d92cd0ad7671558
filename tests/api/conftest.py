"""Names that the tests of the doors take from `tests/servers/application.py`, where their fixtures are."""

from tests.servers.application import Reply, Serve, Service

__all__ = ["Reply", "Serve", "Service"]
