"""Watches the ledgers for what makes approvals stale, and says so once an approval: by an action, of which an event follows.

Any number of replicas may. How far they have come is kept beside the ledger and only ever moves on; the action's name is made
of the approval's, so whoever comes second, or again after a crash, finds it there.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence

import orjson

from graph import history
from graph.access import Caller, Role
from graph.associations import AssociationType
from graph.canonical import digest
from graph.catalog import Catalog
from graph.changes import Command
from graph.commands import Place, associate, create_named
from graph.entities import Entity, Kind, Status
from graph.errors import StemmaError
from graph.ledger import entry_key
from graph.registry import decisions, names
from graph.registry.staleness import Reason, outdated
from graph.store.store import Transaction
from graph.times import FOREVER, from_ms

FOLLOWER = "approval-stale"
STEP = 200
"""Ledger entries that are looked at together."""
POLL_SECONDS = 2.0
"""How often is looked for what other processes wrote; what this one writes is heard of at once."""
PAUSE_SECONDS = 0.2
NAMED = 20
"""Reasons that an action names."""
DOOR = "watch"

log = logging.getLogger("stemma.watch")


class Watch:
    """Follows the ledgers of all accounts, or of some.

    Args:
        catalog: The open graph.
        accounts: Whose; everybody's if None.
    """

    def __init__(self, catalog: Catalog, *, accounts: Sequence[str] | None = None) -> None:
        self._catalog = catalog
        self._store = catalog.store
        self._accounts = accounts
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._ending = False

    def start(self) -> None:
        """Begin to follow, in the running event loop."""
        self._catalog.on_write.add(self._wake.set)
        self._task = asyncio.create_task(self._work(), name="stemma-watch")

    async def stop(self) -> None:
        """Follow no more."""
        self._catalog.on_write.discard(self._wake.set)
        self._ending = True  # should something on the way make another error of the cancellation
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _work(self) -> None:
        while not self._ending:
            self._wake.clear()
            try:
                await self.look()
            except StemmaError as error:
                log.warning("the ledgers could not be followed; trying again: %s", error)
            except Exception:  # whatever it was, later entries must be looked at, too
                log.exception("following the ledgers failed")
            await asyncio.sleep(PAUSE_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._wake.wait()

    async def look(self) -> int:
        """Look at whatever was written since the last time; how many approvals were found stale."""
        heads = dict(await self._store.read("ledger/heads", {}) or [])
        come = dict(await self._store.read("follower/positions", {"name": FOLLOWER}) or [])
        told = 0
        for account, head in sorted(heads.items()):
            if self._accounts is not None and account not in self._accounts:
                continue
            position = come.get(account, 0)
            while position < head and not self._ending:
                upto = min(position + STEP, head)
                told += await self._tell(account, position, upto)
                await self._move(account, upto)
                position = upto
        return told

    async def _tell(self, account: str, after: int, upto: int) -> int:
        """Say which approvals some ledger entries made stale."""
        span = {
            "account": account,
            "after": entry_key(account, after + 1),
            "end": entry_key(account, upto + 1),
            "forever": FOREVER,
        }
        written = [arn for _, arn, body in await self._store.read("revision/since", span) if body is not None]
        candidates = [arn for arn in written if ":artifact/" in arn or ":experiment-trial-component/" in arn]
        if not candidates:
            return 0
        place = self._catalog.place(account)
        when = await self._catalog.moment(account)
        told = 0
        for version, reasons in await outdated(self._store, place, candidates, when):
            approval = await decisions.in_force(self._store, account, version.arn, when)
            if approval is None:
                continue
            arn, made = commands(place, version, approval, reasons)
            if await history.entities(self._store, account, [arn], None):
                continue
            caller = Caller(account, "stemma", DOOR, Role.WRITER)
            await self._catalog.write(caller, made, operation="approvalStale")
            told += 1
        return told

    async def _move(self, account: str, sequence: int) -> None:
        parameters = {"key": f"{FOLLOWER}/{account}", "name": FOLLOWER, "account": account, "sequence": sequence}

        async def work(transaction: Transaction) -> None:
            await transaction.run("follower/move", parameters)

        await self._store.transact(work)


def commands(place: Place, version: Entity, approval: Entity, reasons: Sequence[Reason]) -> tuple[str, list[Command]]:
    """The ARN of the action that says that an approval has become stale, and the commands that record it with its causes."""
    named = names.of_arn(version.resource_arn or "")
    assert named is not None
    since = min(reason.at for reason in reasons)
    kept = {
        "Approval": approval.arn,
        "Count": len(reasons),
        "Reasons": [
            {"Kind": reason.kind.value, "Arn": reason.arn, "Text": reason.text[:500]} for reason in reasons[:NAMED]
        ],
    }
    made = create_named(
        place,
        Kind.ACTION,
        f"{named.slug}-approval-stale-{digest(approval.arn.encode())[:12]}",
        type=names.STALE_TYPE,
        source_uri=version.resource_arn,
        source_id=approval.arn,
        status=Status.COMPLETED,
        started_at=from_ms(since),
        ended_at=from_ms(since),
        properties={"Reasons": str(len(reasons)), "First": reasons[0].text[:1000]},
        specification=orjson.dumps(kept).decode(),
    )
    contributed = AssociationType.CONTRIBUTED_TO
    causes = [approval.arn, *(reason.arn for reason in reasons[:NAMED])]
    return made.arn, [made, *(associate(arn, made.arn, contributed) for arn in dict.fromkeys(causes))]
