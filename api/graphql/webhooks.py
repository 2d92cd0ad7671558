"""Webhooks, for administrators: who is sent which events, and what became of the deliveries."""

from datetime import datetime

import strawberry

from api.graphql import cursors
from api.graphql.connections import Connection, connection
from api.graphql.context import Info
from api.graphql.events import NO_MOMENT
from api.graphql.names import DeliveryState, EventType
from api.graphql.values import Actor, actor
from graph.events import deliveries, webhooks
from graph.times import from_ms


@strawberry.type
class Delivery:
    """An event on its way to a webhook."""

    data: strawberry.Private[deliveries.Delivery]

    @strawberry.field
    def id(self) -> strawberry.ID:
        return strawberry.ID(self.data.key)

    @strawberry.field
    def type(self) -> EventType:
        return self.data.type

    @strawberry.field
    def state(self) -> DeliveryState:
        return self.data.state

    @strawberry.field
    def attempts(self) -> int:
        """How many were made."""
        return self.data.attempts

    @strawberry.field
    def due_at(self) -> datetime | None:
        """When the next attempt is made; null for none."""
        return None if self.data.due is None else from_ms(self.data.due)

    @strawberry.field
    def status(self) -> int | None:
        """The HTTP status of the last answer."""
        return self.data.status

    @strawberry.field
    def problem(self) -> str | None:
        """What was wrong with the last attempt."""
        return self.data.problem

    @strawberry.field
    def tried_at(self) -> datetime | None:
        return None if self.data.tried_at is None else from_ms(self.data.tried_at)

    @strawberry.field
    def delivered_at(self) -> datetime | None:
        return None if self.data.delivered_at is None else from_ms(self.data.delivered_at)


@strawberry.type
class Webhook:
    """An address to which events are sent, signed as Standard Webhooks has it."""

    data: strawberry.Private[webhooks.Webhook]

    @strawberry.field
    def id(self) -> strawberry.ID:
        return strawberry.ID(self.data.id)

    @strawberry.field
    def url(self) -> str:
        return self.data.url

    @strawberry.field
    def description(self) -> str | None:
        return self.data.description

    @strawberry.field
    def types(self) -> list[EventType]:
        """What is sent; everything when empty."""
        return list(self.data.types)

    @strawberry.field
    def group(self) -> str | None:
        """The model group whose events are sent; all when null."""
        return self.data.group

    @strawberry.field
    def created_at(self) -> datetime:
        return from_ms(self.data.created_at)

    @strawberry.field
    def created_by(self) -> Actor:
        return actor(self.data.created_by)

    @strawberry.field
    async def deliveries(
        self, info: Info, state: DeliveryState | None = None, first: int = 50, after: str | None = None
    ) -> Connection[Delivery]:
        """Its deliveries, newest event first; DEAD shows the dead letters. Taken ones are kept for thirty days."""
        context = info.context
        list_ = cursors.identity(context.account, "deliveries", self.data.id, state)
        before = None if after is None else cursors.decode(after, list_)[1]
        found, more = await context.webhooks.deliveries(
            context.caller, self.data.id, state=state, first=first, before=before
        )
        items = [(one.key, Delivery(data=one)) for one in found]
        return connection(list_, NO_MOMENT, items, more=more, after=after)


@strawberry.input
class AddWebhookInput:
    """A new webhook, which is sent what is written from now on: of all types without `types`, of all groups without `group`.

    The host of `url` has to be listed in the policy of the service. Without `secret` (`whsec_` and base64) one is made.
    """

    url: str
    types: list[EventType] | None = None
    group: strawberry.ID | None = None
    description: str | None = None
    secret: str | None = None


@strawberry.type
class AddWebhookPayload:
    """A new webhook and its secret, which is not shown again."""

    webhook: Webhook
    secret: str


@strawberry.type
class RemoveWebhookPayload:
    """A webhook that is gone."""

    id: strawberry.ID


@strawberry.type
class ReplayPayload:
    """How many deliveries wait again."""

    count: int


@strawberry.type
class TestWebhookPayload:
    """What came of a test."""

    delivered: bool
    status: int | None
    problem: str | None


async def listed(info: Info) -> list[Webhook]:
    """The webhooks of the account, oldest first; for administrators."""
    context = info.context
    return [Webhook(data=found) for found in await context.webhooks.all(context.caller)]


@strawberry.type
class WebhookMutations:
    """What can be done with webhooks; all of it takes the role admin."""

    @strawberry.mutation
    async def add_webhook(self, info: Info, input: AddWebhookInput) -> AddWebhookPayload:
        made = await info.context.webhooks.add(
            info.context.caller,
            input.url,
            types=input.types or (),
            group=None if input.group is None else str(input.group),
            description=input.description,
            secret=input.secret,
        )
        return AddWebhookPayload(webhook=Webhook(data=made.webhook), secret=made.secret)

    @strawberry.mutation
    async def remove_webhook(self, info: Info, id: strawberry.ID) -> RemoveWebhookPayload:
        """Removes a webhook with its deliveries."""
        await info.context.webhooks.remove(info.context.caller, str(id))
        return RemoveWebhookPayload(id=id)

    @strawberry.mutation
    async def replay_deliveries(
        self, info: Info, webhook: strawberry.ID, deliveries: list[strawberry.ID] | None = None
    ) -> ReplayPayload:
        """Sends deliveries again that have ended: those named, or all dead letters of the webhook."""
        keys = None if deliveries is None else [str(key) for key in deliveries]
        return ReplayPayload(count=await info.context.webhooks.replay(info.context.caller, str(webhook), keys))

    @strawberry.mutation
    async def test_webhook(self, info: Info, id: strawberry.ID) -> TestWebhookPayload:
        """Sends a test event to a webhook now, once."""
        came = await info.context.webhooks.test(info.context.caller, str(id))
        return TestWebhookPayload(delivered=came.delivered, status=came.status, problem=came.problem)
