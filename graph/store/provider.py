"""Where the database is: one answer for Neo4j and one for the embedded database."""

from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from graph.errors import SettingError
from graph.store.embedded.attachment import Attachment, attach
from graph.store.embedded.directory import DataDirectory
from graph.store.embedded.options import EmbeddedOptions
from graph.store.embedded.turns import Turns

SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")


@dataclass(frozen=True, slots=True)
class Address:
    """What a driver needs to connect; the password stays out of its text."""

    uri: str
    user: str
    password: str = field(repr=False)
    database: str


class Provider(Protocol):
    """Knows the address of a database and keeps it running as far as that is ours to do."""

    name: str

    async def address(self) -> Address:
        """The address now; called again after the connection was lost.

        Raises:
            DatabaseUnavailableError: the database can't be started.
        """

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Hold while the ledger is written, where the database has no queue of its own for writers of several processes."""

    async def close(self) -> None:
        """Let go of the database."""


class Neo4jProvider:
    """A Neo4j that runs elsewhere."""

    name = "neo4j"

    def __init__(self, uri: str, user: str, password: str, database: str) -> None:
        parts = urlsplit(uri)
        if parts.scheme not in SCHEMES or not parts.hostname:
            raise SettingError(
                f"STEMMA_DATABASE is {uri!r}; it is 'embedded' or an address such as bolt://host:7687 or neo4j://host:7687"
            )
        if parts.username or parts.password:
            raise SettingError(
                "STEMMA_DATABASE holds a user or password; set STEMMA_DATABASE_USER and STEMMA_DATABASE_PASSWORD instead"
            )
        self._address = Address(uri, user, password, database)

    async def address(self) -> Address:
        """The address as it was set."""
        return self._address

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Nothing: writers queue for the head's lock in the database."""
        return nullcontext()

    async def close(self) -> None:
        """Nothing to let go of."""


class EmbeddedProvider:
    """The embedded database of a data directory, shared with every other process there."""

    name = "embedded"

    def __init__(self, data_dir: Path, options: EmbeddedOptions | None = None) -> None:
        self.data_dir = data_dir
        self._options = options
        self._attachment: Attachment | None = None
        self._turns = Turns(DataDirectory(data_dir))

    async def address(self) -> Address:
        """The address of the running database; starts it when it does not run (again)."""
        if self._attachment is not None and not self._attachment.alive:
            self._detach()
        if self._attachment is None:
            self._attachment = await attach(self.data_dir, self._options)
        held = self._attachment
        return Address(held.address, held.user, held.password, held.database)

    def turn(self) -> AbstractAsyncContextManager[None]:
        """The data directory's turn among its processes."""
        return self._turns.take()

    async def close(self) -> None:
        """Detach; the database ends when nobody else is attached."""
        self._turns.close()
        self._detach()

    def _detach(self) -> None:
        if self._attachment is not None:
            self._attachment.close()
            self._attachment = None
