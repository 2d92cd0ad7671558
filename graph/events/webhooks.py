"""Webhooks: who wants which events, at which address; made, listed, tried and removed by administrators."""

import secrets
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from graph import history, limits
from graph.access import Caller, Permission, require
from graph.access_log import tell
from graph.commands import Place
from graph.errors import InvalidError, NotFoundError
from graph.events import deliveries, feed, signatures
from graph.events.deliveries import Attempt, Delivery, DeliveryState
from graph.events.event import Event, Told
from graph.events.sending import Sender
from graph.events.types import EventType
from graph.listing import first_within
from graph.registry import names
from graph.sealing import Sealer
from graph.store.store import LostRowsError, Store, Transaction
from graph.times import now_ms, now_us

WEBHOOKS = 50
"""Webhooks that an account may have."""
DESCRIPTION = 256


@dataclass(frozen=True, slots=True)
class Webhook:
    """Somebody who wants events.

    Attributes:
        types: of which types; none for all.
        group: of which model group, by name in lower case; None for all.
        created_at: epoch milliseconds.
    """

    id: str
    account: str
    url: str
    description: str | None
    types: tuple[EventType, ...]
    group: str | None
    created_at: int
    created_by: str
    sealed: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MadeWebhook:
    """A new webhook with its secret, which is shown this once."""

    webhook: Webhook
    secret: str = field(repr=False)


class Webhooks:
    """The webhooks of a database.

    Args:
        store: Where they are kept.
        sealer: Seals their secrets.
        sender: Sends, under the policy of what may be reached.
        region: The region in ARNs.
    """

    def __init__(self, store: Store, sealer: Sealer, sender: Sender, region: str) -> None:
        self._store = store
        self._sealer = sealer
        self._sender = sender
        self._region = region

    async def add(
        self,
        caller: Caller,
        url: str,
        *,
        types: Collection[EventType] = (),
        group: str | None = None,
        description: str | None = None,
        secret: str | None = None,
    ) -> MadeWebhook:
        """A new webhook; it is sent what is written from now on.

        Args:
            caller: An administrator of the account.
            url: Where to send to; its host has to be allowed for the account.
            types: What is wanted; none for everything.
            group: The name or ARN of a model group, when only its events are wanted.
            description: What it is for.
            secret: `whsec_…`; one is made without it.

        Raises:
            ForbiddenError: the caller is no administrator, or the address may not be reached.
            InvalidError: a field does not fit, or there are too many webhooks.
        """
        require(caller, Permission.MANAGE_WEBHOOKS)
        self._sender.allowed(caller.account, url)
        if description is not None:
            limits.text(description, "description", maximum=DESCRIPTION)
        if EventType.TEST in types:
            raise InvalidError("tests are sent to any webhook", path="types", constraint="no TEST")
        name = None if group is None else names.group_name(Place(caller.account, self._region), group)
        secret = signatures.fresh() if secret is None else signatures.checked(secret)
        id_ = f"wh_{secrets.token_hex(12)}"
        made = Webhook(
            *(id_, caller.account, url, description, tuple(sorted(set(types))), name, now_ms(), caller.actor),
            self._sealer.seal(secret, id_),
        )

        async def work(transaction: Transaction) -> MadeWebhook:
            held = await transaction.run("webhook/list", {"account": caller.account})
            if len(held) >= WEBHOOKS:
                raise InvalidError(
                    f"account {caller.account} has {len(held)} webhooks; at most {WEBHOOKS} are allowed",
                    path="webhooks",
                    constraint=f"size <= {WEBHOOKS}",
                )
            head = await transaction.run("ledger/head", {"account": caller.account})
            if await transaction.run("webhook/put", _row(made, 0 if head is None else head[0])) != made.id:
                raise LostRowsError(f"the webhook {made.id} was not written")
            await tell(transaction, caller, "AddWebhook", made.id)
            return MadeWebhook(made, secret)

        return await self._store.transact(work)

    async def all(self, caller: Caller) -> list[Webhook]:
        """The webhooks of the caller's account, oldest first.

        Raises:
            ForbiddenError: the caller is no administrator.
        """
        require(caller, Permission.MANAGE_WEBHOOKS)
        found = await self._store.read("webhook/list", {"account": caller.account})
        return sorted(map(from_row, found), key=lambda webhook: (webhook.created_at, webhook.id))

    async def find(self, caller: Caller, id_: str) -> Webhook:
        """One webhook of the caller's account.

        Raises:
            ForbiddenError: the caller is no administrator.
            NotFoundError: the account has no such webhook.
        """
        require(caller, Permission.MANAGE_WEBHOOKS)
        found = await held(self._store, caller.account, id_)
        if found is None:
            raise NotFoundError(f"the webhook {id_} does not exist in account {caller.account}")
        return found

    async def remove(self, caller: Caller, id_: str) -> Webhook:
        """Remove a webhook with its deliveries; nothing more is sent to it.

        Raises:
            ForbiddenError: the caller is no administrator.
            NotFoundError: the account has no such webhook.
        """
        found = await self.find(caller, id_)
        named = {"id": id_, "account": caller.account}

        async def work(transaction: Transaction) -> None:
            if await transaction.run("webhook/remove", named):
                await tell(transaction, caller, "RemoveWebhook", id_)

        await self._store.transact(work)
        rest = {**deliveries.keys_of(id_), "account": caller.account, "limit": deliveries.ROWS}
        while await self._store.run("webhook/forget", rest):
            pass
        return found

    async def deliveries(
        self,
        caller: Caller,
        id_: str,
        *,
        state: DeliveryState | None = None,
        first: int = 50,
        before: str | None = None,
    ) -> tuple[list[Delivery], bool]:
        """Deliveries of a webhook, newest event first, and whether more follow; `before` is the key of one.

        Raises:
            ForbiddenError: the caller is no administrator.
            NotFoundError: the account has no such webhook.
            InvalidError: `first` is out of its range.
        """
        await self.find(caller, id_)
        first_within(first)
        keys = deliveries.keys_of(id_)
        keys["to"] = keys["to"] if before is None else min(before, keys["to"])
        given = {**keys, "account": caller.account, "state": state, "limit": first + 1}
        found = await self._store.read("webhook/deliveries", given)
        return [deliveries.from_row(row) for row in found[:first]], len(found) > first

    async def replay(self, caller: Caller, id_: str, keys: Collection[str] | None = None) -> int:
        """Send deliveries again that have ended; how many.

        Args:
            caller: An administrator of the account.
            id_: The webhook.
            keys: Which deliveries; None for all dead ones.

        Raises:
            ForbiddenError: the caller is no administrator.
            NotFoundError: the account has no such webhook, or it no such delivery.
        """
        await self.find(caller, id_)
        given: dict[str, Any] = {"account": caller.account, "now": now_ms()}

        async def work(transaction: Transaction) -> int:
            if keys is None:
                every = {**given, **deliveries.keys_of(id_), "limit": deliveries.ROWS}
                count: int = await transaction.run("webhook/replay_dead", every)
            else:
                count = await transaction.run("webhook/replay", {**given, "keys": sorted(set(keys))})
            await tell(transaction, caller, "ReplayDeliveries", id_)
            return count

        for key in keys or ():
            if not key.startswith(f"{id_}/"):
                raise NotFoundError(f"the webhook {id_} has no delivery {key[:200]}")
        total = count = await self._store.transact(work)
        while keys is None and count == deliveries.ROWS:
            count = await self._store.transact(work)
            total += count
        return total

    async def test(self, caller: Caller, id_: str) -> Attempt:
        """Send a test event now, once; what came of it.

        Raises:
            ForbiddenError: the caller is no administrator.
            NotFoundError: the account has no such webhook.
        """
        webhook = await self.find(caller, id_)
        head = await history.head(self._store, caller.account)
        told = Told(EventType.TEST, [], {"Webhook": id_, "LedgerHead": head.sequence}, webhook.group)
        place = Place(caller.account, self._region)
        key = f"{feed.behind(caller.account, head.sequence)}/test"
        event = Event(place, key, str(uuid.uuid4()), 0, now_us(), caller.actor, caller.door, told)
        return await self._sender.send(webhook.account, webhook.url, self.secret(webhook), event)

    def secret(self, webhook: Webhook) -> str:
        """The secret of a webhook.

        Raises:
            SealBrokenError: it was sealed under another secrets key.
        """
        return self._sealer.open(webhook.sealed, webhook.id)


async def held(store: Store, account: str, id_: str) -> Webhook | None:
    """A webhook of an account; None when there is none of this id."""
    found = await store.read("webhook/find", {"id": id_, "account": account})
    return None if found is None else from_row(found)


def from_row(row: list[Any]) -> Webhook:
    """The webhook of a row that `webhook/list` and `webhook/find` return."""
    id_, account, url, description, types, group, *rest = row
    return Webhook(id_, account, url, description, tuple(EventType(type_) for type_ in types), group, *rest)


def _row(webhook: Webhook, sequence: int) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "account": webhook.account,
        "url": webhook.url,
        "description": webhook.description,
        "types": [type_.value for type_ in webhook.types],
        "group": webhook.group,
        "sealed": webhook.sealed,
        "now": webhook.created_at,
        "actor": webhook.created_by,
        "position": feed.behind(webhook.account, sequence),
        "sequence": sequence,
    }
