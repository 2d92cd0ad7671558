"""The feed of events."""

from datetime import datetime, timedelta

import strawberry

from api.graphql import cursors
from api.graphql.connections import Connection, Edge, PageInfo
from api.graphql.context import Info
from api.graphql.names import EventType
from api.graphql.scalars import JSON, BigInt
from api.graphql.values import Actor, actor
from graph.events import event, feed
from graph.events.feed import Wanted
from graph.registry import names
from graph.times import Moment, from_us

NO_MOMENT = Moment(0, 0, 0)
"""Events are not changed, and a feed goes on: pages need no moment."""


@strawberry.type
class Event:
    """Something that happened, such as an approval; it has the same id here and in webhooks."""

    data: strawberry.Private[event.Event]

    @strawberry.field
    def id(self) -> strawberry.ID:
        return strawberry.ID(self.data.id)

    @strawberry.field
    def type(self) -> EventType:
        return self.data.type

    @strawberry.field
    def time(self) -> datetime:
        """When it was recorded."""
        return from_us(self.data.at)

    @strawberry.field
    def sequence(self) -> BigInt:
        """The ledger entry that it belongs to."""
        return BigInt(self.data.sequence)

    @strawberry.field
    def actor(self) -> Actor:
        """Who did it."""
        return actor(self.data.actor)

    @strawberry.field
    def group(self) -> str | None:
        """The model group that it concerns, by name."""
        return self.data.told.group

    @strawberry.field
    def resources(self) -> list[strawberry.ID]:
        """The ARNs of what it concerns."""
        return [strawberry.ID(arn) for arn in self.data.told.resources]

    @strawberry.field
    def document(self) -> JSON:
        """The event in the form of EventBridge, as webhooks are sent it."""
        return JSON(self.data.document())


async def events(
    info: Info,
    after: str | None = None,
    since: datetime | None = None,
    first: int = 50,
    types: list[EventType] | None = None,
    group: strawberry.ID | None = None,
) -> Connection[Event]:
    """What happened to models, oldest first; `pageInfo.endCursor` is where a later request goes on, also when nothing came.

    `since` begins at a time instead of at the ledger's beginning; `group` is a model group's name or ARN.
    """
    context = info.context
    list_ = cursors.identity(context.account, "events")
    wanted = Wanted(frozenset(types or ()), None if group is None else names.group_name(context.place, str(group)))
    if after is not None:
        start = cursors.decode(after, list_)[1]
    elif since is not None:
        # What was recorded at that very time is shown, too.
        start = feed.behind(
            context.account, (await context.moment(known_at=since - timedelta(microseconds=1))).sequence
        )
    else:
        start = feed.behind(context.account, 0)
    found = await feed.page(context.catalog.store.read, context.place, start, wanted=wanted, first=first)
    edges = [Edge(cursor=cursors.encode(list_, NO_MOMENT, one.key), node=Event(data=one)) for one in found.events]
    page = PageInfo(
        has_next_page=found.more,
        has_previous_page=after is not None,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=cursors.encode(list_, NO_MOMENT, found.end),
    )
    return Connection(edges=edges, nodes=[edge.node for edge in edges], page_info=page)
