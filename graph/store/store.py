"""One store over the official driver, on either database."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from typing import Any, TypeVar

from neo4j import (
    READ_ACCESS,
    AsyncDriver,
    AsyncGraphDatabase,
    AsyncTransaction,
    NotificationMinimumSeverity,
    Query,
)
from neo4j.exceptions import (
    AuthError,
    ClientError,
    ConfigurationError,
    ConstraintError,
    DriverError,
    IncompleteCommit,
    Neo4jError,
)

from cypher import statement
from graph.errors import DatabaseUnavailableError, TimeLimitError, UnavailableError
from graph.store.provider import Address, Provider

READ_SECONDS = 30.0
TRANSACTION_SECONDS = 60.0
RETRY_SECONDS = 20.0

log = logging.getLogger("stemma.store")

T = TypeVar("T")


class Store:
    """Reads and transactions, with connection loss retried inside a budget.

    Args:
        provider: Where the database is.
        retry_seconds: How long a lost connection is tried again before it is reported.
        read_seconds: The longest that a read may take.
    """

    def __init__(
        self, provider: Provider, *, retry_seconds: float = RETRY_SECONDS, read_seconds: float = READ_SECONDS
    ) -> None:
        self.provider = provider
        self.retry_seconds = retry_seconds
        self.read_seconds = read_seconds
        self._driver: AsyncDriver | None = None
        self._address: Address | None = None
        self._connecting = asyncio.Lock()

    async def close(self) -> None:
        """Close the connections and let go of the database."""
        if self._driver is not None:
            await self._driver.close()
            self._driver = None
        await self.provider.close()

    async def read(self, name: str, parameters: dict[str, Any], *, seconds: float | None = None) -> Any:
        """The one value that the statement `name` returns, or None when it returned no row.

        Raises:
            TimeLimitError: it took longer than `seconds` (default: the store's limit); the database stops working on it.
            DatabaseUnavailableError: the database did not answer within the retry budget.
        """
        limit = self.read_seconds if seconds is None else seconds

        async def once(driver: AsyncDriver, database: str) -> Any:
            query = Query(statement(name), timeout=limit)
            # On its own rather than in a managed transaction: one round trip, and the retries are ours anyway.
            async with driver.session(
                database=database,
                default_access_mode=READ_ACCESS,
                bookmark_manager=driver.execute_query_bookmark_manager,
            ) as session:
                return await _single(await session.run(query, parameters))

        try:
            async with asyncio.timeout(limit):
                return await self._retrying(once)
        except TimeoutError:
            raise TimeLimitError(
                f"reading took longer than {limit:g} s and was stopped; ask for less (a smaller depth or limit)"
            ) from None

    async def run(self, name: str, parameters: dict[str, Any] | None = None) -> Any:
        """Run a statement on its own, outside of a transaction of ours: the schema's statements need that."""

        async def once(driver: AsyncDriver, database: str) -> Any:
            async with driver.session(database=database) as session:
                return await _single(await session.run(statement(name), parameters or {}))

        return await self._retrying(once)

    async def transact(self, work: "Callable[[Transaction], Awaitable[T]]") -> T:
        """Do small work in one transaction and commit it; done again after a lost connection or a race, so it has to bear that.

        Raises:
            DatabaseUnavailableError: the database did not answer within the retry budget.
        """
        deadline = time.monotonic() + self.retry_seconds
        attempt = 0
        while True:
            try:
                async with self.transaction() as transaction:
                    done = await work(transaction)
                    await transaction.commit()
                    return done
            except LostRowsError:
                # The embedded database does not always find what a transaction beside this one has just merged.
                if time.monotonic() >= deadline:
                    raise
                await asyncio.sleep(0.01)
            except (Neo4jError, DriverError, OSError) as error:
                attempt += 1
                await self.recover(error, attempt, deadline)

    @asynccontextmanager
    async def transaction(self, *, ledger: bool = False) -> AsyncIterator["Transaction"]:
        """A transaction for callers that retry by themselves; rolled back unless committed.

        Args:
            ledger: Whether it moves a ledger's head, for which the writers of all processes take turns.
        """
        driver, address = await self._connect()
        manager = driver.execute_query_bookmark_manager
        turn = self.provider.turn() if ledger else nullcontext()
        async with turn, driver.session(database=address.database, bookmark_manager=manager) as session:
            inner = await session.begin_transaction(timeout=TRANSACTION_SECONDS)
            try:
                yield Transaction(inner)
            finally:
                await inner.close()

    async def forget(self) -> None:
        """Drop the connection, so that the next use looks for the database anew."""
        driver, self._driver = self._driver, None
        if driver is not None:
            await driver.close()

    async def _connect(self) -> tuple[AsyncDriver, Address]:
        if self._driver is not None and self._address is not None:
            return self._driver, self._address
        async with self._connecting:
            if self._driver is None or self._address is None:
                address = await self.provider.address()
                self._driver = AsyncGraphDatabase.driver(
                    address.uri,
                    auth=(address.user, address.password),
                    notifications_min_severity=NotificationMinimumSeverity.OFF,
                    connection_timeout=5.0,
                    connection_acquisition_timeout=self.read_seconds,
                    max_transaction_retry_time=0,
                    keep_alive=True,
                    user_agent="stemma",
                )
                self._address = address
        return self._driver, self._address

    async def _retrying(self, once: Callable[[AsyncDriver, str], Awaitable[Any]]) -> Any:
        deadline = time.monotonic() + self.retry_seconds
        attempt = 0
        while True:
            try:
                driver, address = await self._connect()
                return await once(driver, address.database)
            except (Neo4jError, DriverError, OSError) as error:
                attempt += 1
                await self.recover(error, attempt, deadline)

    async def recover(self, error: Exception, attempt: int, deadline: float) -> None:
        """Wait before the next attempt, or raise what the failure means.

        Raises:
            DatabaseUnavailableError: the budget is used up, or trying again can't help.
            TimeLimitError: the database stopped the statement because it took too long.
        """
        if is_time_limit(error):
            raise TimeLimitError(
                "the database stopped a statement that took too long; ask for less (a smaller depth or limit)"
            ) from error
        if isinstance(error, AuthError | ConfigurationError):
            raise DatabaseUnavailableError(
                f"the database refused the connection: {error}; check STEMMA_DATABASE, STEMMA_DATABASE_USER and "
                "STEMMA_DATABASE_PASSWORD"
            ) from error
        if not is_passing(error):
            raise error
        if time.monotonic() >= deadline:
            where = self._address.uri if self._address else self.provider.name
            raise DatabaseUnavailableError(
                f"the database at {where} did not answer for {self.retry_seconds:g} s: {error}"
            ) from error
        if is_lost(error):
            log.warning("database connection lost, trying again: %s", type(error).__name__)
            await self.forget()
        await asyncio.sleep(min(1.0, 0.002 * 2 ** min(attempt, 9)) * random.uniform(0.5, 1.5))  # noqa: S311


class Transaction:
    """One open transaction."""

    def __init__(self, inner: AsyncTransaction) -> None:
        self._inner = inner

    async def run(self, name: str, parameters: dict[str, Any]) -> Any:
        """The one value that the statement `name` returns."""
        return await _single(await self._inner.run(statement(name), parameters))

    async def count(self, name: str, rows: list[Any]) -> None:
        """Run a writing statement over rows and check that each was written.

        Raises:
            LostRowsError: fewer rows were written than sent; the transaction must not be committed.
        """
        if rows and (written := await self.run(name, {"rows": rows})) != len(rows):
            raise LostRowsError(f"{name} wrote {written} of {len(rows)} rows")

    async def commit(self) -> None:
        """Make it permanent."""
        await self._inner.commit()


class LostRowsError(UnavailableError):
    """The database wrote fewer rows than it was given."""


async def _single(result: Any) -> Any:
    value = None
    async for record in result:
        value = record.value()
    return value


def is_time_limit(error: Exception) -> bool:
    """Whether the database stopped the statement for its length."""
    return isinstance(error, Neo4jError) and "TransactionTimedOut" in (error.code or "")


def is_lost(error: Exception) -> bool:
    """Whether the connection is gone, as against a transaction that failed."""
    return isinstance(error, DriverError | OSError | IncompleteCommit)


def is_passing(error: Exception) -> bool:
    """Whether the same attempt may succeed later."""
    if isinstance(error, ConstraintError | DriverError | OSError):
        return True
    if isinstance(error, ClientError):
        # A statement that the embedded database ended because its caller's connection went away.
        return error.is_retryable() or "Transaction" in (error.code or "")
    return isinstance(error, Neo4jError) and (error.is_retryable() or "DatabaseUnavailable" in (error.code or ""))
