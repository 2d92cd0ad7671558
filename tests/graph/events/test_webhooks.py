"""Webhooks: signed, at least once, retried with back-off, dead letters, several couriers, and who may manage them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from graph.access import Caller, Role
from graph.entities import Approval
from graph.errors import ForbiddenError, InvalidError, NotFoundError
from graph.events import deliveries, signatures
from graph.events.courier import Courier
from graph.events.deliveries import Backoff, DeliveryState
from graph.events.sending import Sender
from graph.events.types import EventType
from graph.events.webhooks import MadeWebhook, Webhook, Webhooks
from graph.reach.origins import listed
from graph.reach.policy import Policy
from graph.reach.rules import Rules
from graph.registry.amending import amend
from graph.sealing import Sealer
from tests.graph.events.receivers import Message, Receiver, receiving
from tests.graph.registry.test_versions import Registry, registry

__all__ = ["registry"]
QUICK = Backoff(first=0.05, attempts=4)
PENDING, DELIVERED, DEAD = DeliveryState


class Desk:
    """An account's webhooks, and couriers that deliver to a receiver."""

    def __init__(self, registry: Registry, receiver: Receiver, folder: Path) -> None:
        self.registry = registry
        self.receiver = receiver
        self.sealer = Sealer.from_file(folder / "secrets.key")
        self.admin = Caller(registry.account, "root", "test", Role.ADMIN)
        self.webhooks = self.made(receiver)

    def sender(self, *receivers: Receiver, seconds: float = 5.0) -> Sender:
        origins = tuple(listed(receiver.origin) for receiver in receivers)
        return Sender(Policy({self.registry.account: Rules(origins=origins)}), seconds)

    def made(self, *receivers: Receiver) -> Webhooks:
        store = self.registry.catalog.store
        return Webhooks(store, self.sealer, self.sender(*receivers), self.registry.catalog.region)

    async def add(self, **given: Any) -> MadeWebhook:
        return await self.webhooks.add(self.admin, self.receiver.url, **given)

    @asynccontextmanager
    async def courier(
        self, backoff: Backoff = QUICK, sender: Sender | None = None, sealer: Sealer | None = None
    ) -> AsyncIterator[Courier]:
        courier = Courier(self.registry.catalog, sealer or self.sealer, sender or self.sender(self.receiver), backoff)
        courier.start()
        try:
            yield courier
        finally:
            await courier.stop()

    async def states(self, webhook: Webhook) -> list[DeliveryState]:
        found, _ = await self.webhooks.deliveries(self.admin, webhook.id, first=500)
        return [delivery.state for delivery in reversed(found)]

    async def until(self, webhook: Webhook, *states: DeliveryState) -> None:
        async with asyncio.timeout(60):
            while await self.states(webhook) != list(states):  # noqa: ASYNC110  # it is the database that changes
                await asyncio.sleep(0.02)


@pytest_asyncio.fixture
async def desk(registry: Registry, tmp_path: Path) -> AsyncIterator[Desk]:
    async with receiving() as receiver:
        desk = Desk(registry, receiver, tmp_path)
        yield desk
        for webhook in await desk.webhooks.all(desk.admin):
            await desk.webhooks.remove(desk.admin, webhook.id)


def types(messages: list[Message]) -> list[str]:
    return [message.document["stemma"]["type"] for message in messages]


def test_a_signature_is_that_of_standard_webhooks() -> None:
    """The example of their libraries."""
    found = signatures.headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert found["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert len(signatures.key(signatures.checked(signatures.fresh()))) == 32


@pytest.mark.parametrize("secret", ["", "secret", "whsec_", "whsec_????", "whsec_c2hvcnQ=", "whsec_" + "A" * 400])
def test_a_secret_that_is_none_is_refused(secret: str) -> None:
    with pytest.raises(InvalidError, match="whsec_ and 24 to 64 bytes"):
        signatures.checked(secret)


async def test_what_is_written_is_sent_signed(desk: Desk) -> None:
    await desk.registry.group()
    await desk.registry.register()
    made = await desk.add(description="to the pager")
    async with desk.courier():
        await desk.registry.register()
        await desk.registry.write(
            amend(desk.registry.place, "churn/2", approval=Approval.APPROVED), by=desk.registry.approver
        )
        messages = await desk.receiver.count(2)
        await desk.until(made.webhook, DELIVERED, DELIVERED)
    # Only what was written since it was made.
    assert sorted(types(messages)) == ["model_version.approved", "model_version.created"]
    for message in messages:
        assert message.line == "POST /hook?team=risk HTTP/1.1"
        assert message.headers["content-type"] == "application/json"
        assert message.signed_with(made.secret)
        assert not message.signed_with(signatures.fresh())
        assert message.id == message.document["id"]
        assert message.document["detail"]["ModelPackageVersion"] == 2
    found, more = await desk.webhooks.deliveries(desk.admin, made.webhook.id, state=DELIVERED, first=1)
    assert more
    assert (found[0].status, found[0].attempts, found[0].problem) == (204, 1, None)
    assert found[0].type is EventType.MODEL_VERSION_APPROVED
    rest, more = await desk.webhooks.deliveries(desk.admin, made.webhook.id, first=1, before=found[0].key)
    assert (rest[0].type, more) == (EventType.MODEL_VERSION_CREATED, False)


async def test_only_what_is_wanted_is_sent(desk: Desk) -> None:
    made = await desk.add(types=[EventType.MODEL_VERSION_APPROVED], group="fraud")
    assert (made.webhook.types, made.webhook.group) == ((EventType.MODEL_VERSION_APPROVED,), "fraud")
    for group in ("churn", "fraud"):
        await desk.registry.group(group)
        await desk.registry.register(group, by=desk.registry.approver, approval=Approval.APPROVED)
    async with desk.courier():
        await desk.receiver.count(1)
        await desk.until(made.webhook, DELIVERED)
    (message,) = desk.receiver.messages
    assert message.document["resources"] == [desk.registry.place.arn("model-package/fraud/1")]


async def test_a_receiver_that_fails_is_tried_again_with_the_same_id_until_it_is_dead(desk: Desk) -> None:
    made = await desk.add()
    desk.receiver.answer = lambda _: 500
    await desk.registry.group()
    await desk.registry.register()
    async with desk.courier() as courier:
        await desk.until(made.webhook, DEAD)
        assert len(desk.receiver.messages) == QUICK.attempts
        assert len({message.id for message in desk.receiver.messages}) == 1
        assert courier.outcomes[DEAD] == 1
        (dead,) = (await desk.webhooks.deliveries(desk.admin, made.webhook.id, state=DEAD))[0]
        assert (dead.status, dead.attempts, dead.due) == (500, 4, None)
        assert dead.problem == "the receiver answered with status 500"
        # Once it works again, the dead letter is sent again.
        desk.receiver.answer = lambda _: 200
        assert await desk.webhooks.replay(desk.admin, made.webhook.id) == 1
        await desk.until(made.webhook, DELIVERED)
        assert await desk.webhooks.replay(desk.admin, made.webhook.id) == 0
        # By its key also what was delivered.
        assert await desk.webhooks.replay(desk.admin, made.webhook.id, [dead.key]) == 1
        await desk.receiver.count(QUICK.attempts + 2)
    assert len({message.id for message in desk.receiver.messages}) == 1
    with pytest.raises(NotFoundError, match="no delivery wh_other"):
        await desk.webhooks.replay(desk.admin, made.webhook.id, ["wh_other/1"])


async def test_who_is_gone_is_not_tried_again(desk: Desk) -> None:
    made = await desk.add()
    desk.receiver.answer = lambda _: 410
    await desk.registry.group()
    await desk.registry.register()
    async with desk.courier():
        await desk.until(made.webhook, DEAD)
    assert len(desk.receiver.messages) == 1


async def test_a_redirect_leads_nowhere(desk: Desk) -> None:
    async with receiving() as other:
        made = await desk.add()
        desk.receiver.answer = lambda _: 307
        desk.receiver.headers = f"location: {other.url}\r\n"
        await desk.registry.group()
        await desk.registry.register()
        async with desk.courier(sender=desk.sender(desk.receiver, other)):
            await desk.until(made.webhook, DEAD)
        assert other.messages == []
    (dead,) = (await desk.webhooks.deliveries(desk.admin, made.webhook.id))[0]
    assert "redirects" in (dead.problem or "")


async def test_a_receiver_that_says_nothing_holds_up_nobody_else(desk: Desk) -> None:
    async with receiving(lambda _: -30) as silent:
        desk.webhooks = desk.made(desk.receiver, silent)
        slow = await desk.webhooks.add(desk.admin, silent.url)
        quick = await desk.add()
        await desk.registry.group()
        for _ in range(12):
            await desk.registry.register()
        async with desk.courier(sender=desk.sender(desk.receiver, silent, seconds=0.5)):
            await desk.receiver.count(12, seconds=5)
            await desk.until(quick.webhook, *[DELIVERED] * 12)
            await desk.until(slow.webhook, *[DEAD] * 12)
    (dead, *_), _ = await desk.webhooks.deliveries(desk.admin, slow.webhook.id)
    assert "did not answer within 0.5 s" in (dead.problem or "")


async def test_several_couriers_send_each_event_once(desk: Desk) -> None:
    made = await desk.add()
    await desk.registry.group()
    async with desk.courier(), desk.courier(), desk.courier():
        for _ in range(30):
            await desk.registry.register()
        await desk.until(made.webhook, *[DELIVERED] * 30)
    ids = [message.id for message in desk.receiver.messages]
    assert len(ids) == len(set(ids)) == 30


async def test_what_a_courier_claimed_and_left_is_sent_by_another(desk: Desk) -> None:
    made = await desk.add()
    store, account = desk.registry.catalog.store, desk.registry.account
    await desk.registry.group()
    await desk.registry.register()
    await deliveries.fan_out(store, desk.registry.place, made.webhook.id)
    (left,) = await deliveries.claim(store, account, made.webhook.id, limit=5, seconds=0.5)
    assert await deliveries.claim(store, account, made.webhook.id, limit=5, seconds=0.5) == []
    async with desk.courier():
        await desk.until(made.webhook, DELIVERED)
    # Whoever comes back then changes nothing.
    await deliveries.settle(store, left, deliveries.Attempt(delivered=False, problem="late"))
    await desk.until(made.webhook, DELIVERED)


async def test_a_courier_whose_key_does_not_open_the_secret_sends_nothing(desk: Desk, tmp_path: Path) -> None:
    made = await desk.add()
    await desk.registry.group()
    await desk.registry.register()
    async with desk.courier(sealer=Sealer.from_file(tmp_path / "other.key")):
        await desk.until(made.webhook, DEAD)
    assert desk.receiver.messages == []
    (dead,) = (await desk.webhooks.deliveries(desk.admin, made.webhook.id))[0]
    assert "does not open with this secrets key" in (dead.problem or "")


async def test_a_host_that_the_policy_does_not_list_is_refused_when_added_and_when_sent(desk: Desk) -> None:
    with pytest.raises(ForbiddenError, match="outbound"):
        await desk.webhooks.add(desk.admin, "http://169.254.169.254/latest/meta-data")
    with pytest.raises(InvalidError, match="can't be used as an address"):
        await desk.webhooks.add(desk.admin, "file:///etc/passwd")
    made = await desk.add()
    await desk.registry.group()
    await desk.registry.register()
    async with desk.courier(sender=desk.sender()):  # the policy has changed since
        await desk.until(made.webhook, DEAD)
    assert desk.receiver.messages == []


async def test_a_test_is_sent_at_once_and_leaves_nothing(desk: Desk) -> None:
    made = await desk.add()
    came = await desk.webhooks.test(desk.admin, made.webhook.id)
    assert (came.delivered, came.status) == (True, 204)
    (message,) = desk.receiver.messages
    assert message.signed_with(made.secret)
    assert message.document["detail-type"] == "Stemma Webhook Test"
    assert await desk.states(made.webhook) == []
    desk.receiver.answer = lambda _: 404
    assert (await desk.webhooks.test(desk.admin, made.webhook.id)).problem == "the receiver answered with status 404"


async def test_only_administrators_manage_webhooks_and_only_their_accounts(desk: Desk) -> None:
    made = await desk.add()
    other = Caller(f"{int(desk.registry.account) ^ 1:012d}", "root", "test", Role.ADMIN)
    tries: list[Callable[[Caller], Awaitable[Any]]] = [
        lambda who: desk.webhooks.find(who, made.webhook.id),
        lambda who: desk.webhooks.remove(who, made.webhook.id),
        lambda who: desk.webhooks.deliveries(who, made.webhook.id),
        lambda who: desk.webhooks.replay(who, made.webhook.id),
        lambda who: desk.webhooks.test(who, made.webhook.id),
    ]
    for work in tries:
        with pytest.raises(ForbiddenError, match="may not manage webhooks"):
            await work(desk.registry.approver)
        with pytest.raises(NotFoundError, match="does not exist"):
            await work(other)
    with pytest.raises(ForbiddenError):
        await desk.webhooks.all(desk.registry.writer)
    assert await desk.webhooks.all(other) == []
    assert [webhook.id for webhook in await desk.webhooks.all(desk.admin)] == [made.webhook.id]


async def test_a_webhook_that_is_removed_goes_with_its_deliveries(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "ROWS", 2)
    made = await desk.add()
    desk.receiver.answer = lambda _: 500
    await desk.registry.group()
    for _ in range(5):
        await desk.registry.register()
    async with desk.courier():
        await desk.until(made.webhook, *[DEAD] * 5)
        assert await desk.webhooks.replay(desk.admin, made.webhook.id) == 5
        await desk.webhooks.remove(desk.admin, made.webhook.id)
    with pytest.raises(NotFoundError):
        await desk.webhooks.find(desk.admin, made.webhook.id)
    keys = deliveries.keys_of(made.webhook.id)
    given = {**keys, "account": desk.registry.account, "state": None, "limit": 10}
    assert await desk.registry.catalog.store.read("webhook/deliveries", given) == []


async def test_more_webhooks_than_allowed_are_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.events.webhooks.WEBHOOKS", 2)
    for _ in range(2):
        await desk.add()
    with pytest.raises(InvalidError, match="at most 2"):
        await desk.add()


def test_the_wait_grows_and_ends() -> None:
    waits = [Backoff().wait(attempts) for attempts in range(1, 12)]
    assert all(wait is not None for wait in waits)
    for index, wait in enumerate(waits):
        wanted = min(5.0 * 3**index, 12 * 3600)
        assert 0.8 * wanted <= (wait or 0) <= 1.2 * wanted
    assert Backoff().wait(12) is None
