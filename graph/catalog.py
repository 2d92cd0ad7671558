"""The graph as doors use it: one object over store, write queue and ledger."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from graph import arns, history
from graph.access import Caller, Guarded, Permission, require
from graph.access_log import AccessLog
from graph.changes import Command
from graph.checkpoints import SECONDS, Checkpoints
from graph.commands import Place
from graph.entities import Entity
from graph.errors import NotFoundError, StemmaError
from graph.finding import Finder
from graph.ledger import Head
from graph.metric_writer import MetricWriter, Refused
from graph.metrics import Point
from graph.store import schema
from graph.store.provider import Provider
from graph.store.store import READ_SECONDS, RETRY_SECONDS, Store
from graph.store.writer import Outcome, Writer
from graph.times import Moment

LINEAGE = ("artifact", "action", "context", "experiment-trial-component", "experiment", "experiment-trial")


log = logging.getLogger("stemma.catalog")


class Catalog:
    """An open graph.

    Example:
        >>> catalog = await Catalog.open(EmbeddedProvider(Path("data")), Path("data"))  # doctest: +SKIP
    """

    def __init__(self, store: Store, checkpoints: Checkpoints, region: str, access_days: int = 0) -> None:
        self.store = store
        self.checkpoints = checkpoints
        self.region = region
        self.writer = Writer(store, self._sign)
        self.access_log = AccessLog(store, access_days)
        self.finder = Finder(store)
        self._metrics = MetricWriter(store)
        self._signing: asyncio.TimerHandle | None = None
        self.on_write: set[Callable[[], None]] = set()
        """Told after each commit of this process."""

    @classmethod
    async def open(
        cls,
        provider: Provider,
        data_dir: Path,
        *,
        region: str = "us-east-1",
        retry_seconds: float = RETRY_SECONDS,
        read_seconds: float = READ_SECONDS,
        access_days: int = 0,
    ) -> "Catalog":
        """Connect, and bring the schema up to date.

        Args:
            provider: Where the database is.
            data_dir: Where checkpoints and keys lie.
            region: The region in ARNs.
            retry_seconds: How long a lost database is tried again.
            read_seconds: The longest that one read may take.
            access_days: How long the access log is kept; 0 for ever.

        Raises:
            DatabaseUnavailableError: the database can't be reached.
            NewerSchemaError: a newer Stemma wrote it.
        """
        store = Store(provider, retry_seconds=retry_seconds, read_seconds=read_seconds)
        try:
            await schema.prepare(store)
            return cls(store, Checkpoints(data_dir), region, access_days)
        except BaseException:
            await store.close()
            raise

    async def close(self) -> None:
        """Finish the writes that wait, sign the heads and let go of the database."""
        await self.writer.close()
        await self._metrics.close()
        await self.access_log.close()
        if self._signing is not None:
            self._signing.cancel()
        try:
            self.checkpoints.flush()
        finally:
            await self.store.close()

    def _sign(self, heads: list[Head]) -> None:
        """Sign heads that were committed, or have them signed soon: the last of a burst must not wait for the next write."""
        for told in self.on_write:
            told()
        self.checkpoints.note(heads)
        if self.checkpoints.pending and self._signing is None:
            self._signing = asyncio.get_running_loop().call_later(SECONDS, self._sign_rest)

    def _sign_rest(self) -> None:
        self._signing = None
        try:
            self.checkpoints.flush()
        except (OSError, StemmaError) as error:
            log.error("a ledger head could not be signed; the next write tries again: %s", error)

    def place(self, account: str) -> Place:
        """Where an account's ARNs are made."""
        return Place(account, self.region)

    async def write(
        self, caller: Caller, commands: Sequence[Command], *, operation: str, request_id: str | None = None
    ) -> Outcome:
        """Do all commands or none; see `Writer.submit`.

        Raises:
            ForbiddenError: the caller may only read, or a command takes more than to write: to approve.
        """
        guarded = [cast(Guarded, command) for command in commands if hasattr(command, "permission")]
        for permission in (Permission.WRITE, *{command.permission for command in guarded}):
            require(caller, permission)
        return await self.writer.submit(caller, commands, operation=operation, request_id=request_id)

    async def put_metrics(
        self, caller: Caller, arn: str, points: Sequence[Point], *, request_id: str | None = None
    ) -> list[Refused | None]:
        """Keep points of a trial component's metrics; see `MetricWriter.put`.

        Raises:
            ForbiddenError: the caller may only read.
        """
        require(caller, Permission.WRITE)
        return await self._metrics.put(caller.account, arn, points, request_id=request_id)

    async def lineage_arns(self, account: str, texts: Sequence[str], when: Moment | None = None) -> list[str]:
        """The lineage ARNs of whatever is named; resources' own ARNs are looked up together.

        Args:
            account: Whose.
            texts: ARNs of either kind.
            when: At which moment to look resources up; None for now, where what was deleted has no name.

        Raises:
            InvalidError: one is not an ARN.
            NotFoundError: one belongs to another account, or no entity has it.
        """
        parsed = [arns.parse(text) for text in texts]
        for arn in parsed:
            # Said before anything is looked up, so that nothing of another account shows, not even a name's existence.
            if arn.account != account:
                raise NotFoundError(f"{arn} does not exist in account {account}")
        own = {str(arn) for arn in parsed if arn.resource.split("/", 1)[0] not in LINEAGE}
        found = await history.resolve(self.store, account, sorted(own), when)
        for name in sorted(own):
            if name not in found:
                raise NotFoundError(f"{name} does not exist in account {account}")
        return [found.get(str(arn), str(arn)) for arn in parsed]

    async def lineage_arn(self, text: str, when: Moment | None = None) -> str:
        """The lineage ARN of one thing, in the account that its ARN names; see `lineage_arns`."""
        return (await self.lineage_arns(arns.parse(text).account, [text], when))[0]

    async def moment(
        self, account: str, *, as_of: int | None = None, known_at: int | None = None, sequence: int | None = None
    ) -> Moment:
        """The point at which a read looks; see `history.moment`."""
        return await history.moment(self.store, account, as_of=as_of, known_at=known_at, sequence=sequence)

    async def entity(self, account: str, arn: str, when: Moment | None = None) -> Entity:
        """One entity at a moment, now by default.

        Raises:
            NotFoundError: it is not there then.
        """
        found = await history.entities(self.store, account, [arn], when)
        if arn not in found:
            raise NotFoundError(f"{arn} does not exist in account {account}")
        return found[arn]
