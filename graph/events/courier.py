"""The courier of a service: goes through the feeds and delivers what is due. Replicas share the work through the graph."""

import asyncio
import contextlib
import logging
import time
from collections import Counter

from graph.catalog import Catalog
from graph.errors import StemmaError
from graph.events import deliveries, feed
from graph.events.deliveries import BACKOFF, EVENTS, Attempt, Backoff, Claim, DeliveryState
from graph.events.sending import Sender
from graph.events.webhooks import Webhook, held
from graph.sealing import SealBrokenError, Sealer

POLL_SECONDS = 1.0
"""How often is looked for what others wrote; what this process writes is heard of at once."""
PAUSE_SECONDS = 0.05
"""The least time between two looks, so that a busy writer is not slowed down."""
EACH, TOGETHER = 4, 32
"""Attempts at a time: to one webhook, so that a slow one does not hold up the others, and in all."""
PURGE_SECONDS = 3_600.0
ENDING_SECONDS = 5.0
"""How long attempts that run may take to end when the service does; the others will be made again."""

log = logging.getLogger("stemma.courier")


class Courier:
    """Delivers the events of all accounts.

    Args:
        catalog: The open graph.
        sealer: Opens the webhooks' secrets.
        sender: Sends.
        backoff: How failed deliveries wait.
    """

    def __init__(self, catalog: Catalog, sealer: Sealer, sender: Sender, backoff: Backoff = BACKOFF) -> None:
        self._catalog = catalog
        self._store = catalog.store
        self._sealer = sealer
        self._sender = sender
        self._backoff = backoff
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._attempts: dict[asyncio.Task[None], str] = {}
        self._purged = 0.0
        self.outcomes: Counter[DeliveryState] = Counter()
        """What became of the attempts of this process."""

    def start(self) -> None:
        """Begin to deliver."""
        self._catalog.on_write.add(self._wake.set)
        self._task = asyncio.create_task(self._work(), name="stemma-courier")

    async def stop(self) -> None:
        """Let the attempts that run end, and end."""
        self._catalog.on_write.discard(self._wake.set)
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        if self._attempts:
            await asyncio.wait(self._attempts, timeout=ENDING_SECONDS)
        for attempt in list(self._attempts):
            attempt.cancel()
        await asyncio.gather(*self._attempts, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            self._wake.clear()
            wanted = False
            try:
                wanted = await self._round()
            except StemmaError as error:
                log.warning("events could not be looked for: %s", error)
            except Exception:  # whatever it was, events must go on
                log.exception("looking for events failed")
            await asyncio.sleep(PAUSE_SECONDS if wanted else POLL_SECONDS)
            # `wait_for` of Python 3.11 would swallow a cancellation that comes with what it waits for.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._wake.wait()

    async def _round(self) -> bool:
        """Make deliveries of new events, and begin to try those that are due; whether there is any webhook."""
        places = await deliveries.places(self._store)
        if not places:
            return False
        due = {(webhook, account): count for webhook, account, count in await deliveries.waiting(self._store)}
        for webhook, account, behind in places:
            # Whoever is slow is given no more than it can take: the feed keeps what follows.
            if behind and due.get((webhook, account), 0) < EVENTS:
                more = await deliveries.fan_out(self._store, self._catalog.place(account), webhook)
                due.setdefault((webhook, account), 1)
                if more:
                    self._wake.set()
        for webhook, account in due:
            running = sum(1 for other in self._attempts.values() if other == webhook)
            free = min(EACH - running, TOGETHER - len(self._attempts))
            if free > 0:
                await self._try(account, webhook, free)
        if time.monotonic() - self._purged > PURGE_SECONDS:
            self._purged = time.monotonic()
            await deliveries.purge(self._store)
        return True

    async def _try(self, account: str, webhook: str, limit: int) -> None:
        # Three times what an attempt may take: it is written what came of it long before somebody else claims it.
        seconds = 3 * self._sender.seconds
        claimed = await deliveries.claim(self._store, account, webhook, limit=limit, seconds=seconds)
        if not claimed:
            return
        target = await held(self._store, account, webhook)
        for claim in claimed:
            attempt = asyncio.create_task(self._deliver(target, claim), name=f"stemma-delivery {claim.key}")
            self._attempts[attempt] = webhook
            attempt.add_done_callback(self._done)

    def _done(self, attempt: "asyncio.Task[None]") -> None:
        self._attempts.pop(attempt, None)
        self._wake.set()

    async def _deliver(self, webhook: Webhook | None, claim: Claim) -> None:
        if webhook is None:  # it was removed, and its deliveries with it
            return
        try:
            came = await self._attempt(webhook, claim)
            state = await deliveries.settle(self._store, claim, came, self._backoff)
        except StemmaError as error:
            log.warning("the delivery %s is tried again later: %s", claim.key, error)
            return
        self.outcomes[state] += 1
        if state is not DeliveryState.DELIVERED:
            log.warning("the delivery %s is %s: %s", claim.key, state.lower(), came.problem)

    async def _attempt(self, webhook: Webhook, claim: Claim) -> Attempt:
        event = await feed.event(self._store.read, self._catalog.place(webhook.account), claim.event)
        if event is None:
            return Attempt(delivered=False, problem="what the event told of was erased", final=True)
        try:
            secret = self._sealer.open(webhook.sealed, webhook.id)
        except SealBrokenError as error:
            return Attempt(delivered=False, problem=error.message)
        return await self._sender.send(webhook.account, webhook.url, secret, event)
