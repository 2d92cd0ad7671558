"""Finding things by what people type, and selections in the language of `graph.selection.language`."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.graphql import cursors
from api.graphql.associations import entity_of
from api.graphql.connections import Connection, connection
from api.graphql.context import Info
from api.graphql.entities import EntityType
from api.graphql.names import Difference, Kind
from api.graphql.pictures import Picture, drawn_edges, drawn_nodes
from api.graphql.scalars import BigInt
from graph.finding import Entry
from graph.selection.differences import compare
from graph.selection.evaluation import select as selected
from graph.times import Moment, from_ms, from_us


@strawberry.type
class Found:
    """An entity that was found, cheap by the hundred; `entity` costs a look-up, made for many at once."""

    when: strawberry.Private[Moment]
    arn: strawberry.ID
    resource_arn: strawberry.ID | None
    kind: Kind
    type: str | None
    name: str
    created_at: datetime

    @strawberry.field
    async def entity(self, info: Info) -> EntityType | None:
        return await entity_of(info.context, self.arn, self.when)


@strawberry.type
class Selected(Picture):
    """What a selection names, and the moment at which it was looked for."""

    total: int = strawberry.field(description="How many entities it names, shown or not.")
    truncated: bool = strawberry.field(description="Whether it names more than are shown.")
    as_of: datetime
    known_at: datetime
    known_at_sequence: BigInt


@strawberry.type
class Compared(Picture):
    """What a selection names at either of two moments, and what became of it from the first to the second."""

    node_differences: list[Difference] = strawberry.field(description="In the order of `nodes`.")
    edge_differences: list[Difference] = strawberry.field(description="In the order of `edges`.")
    truncated: bool = strawberry.field(
        description="Whether an answer was cut, so that what seems to be added or removed may not be."
    )
    from_: datetime = strawberry.field(name="from")
    to: datetime


def found(each: Entry, when: Moment) -> Found:
    """An entry as GraphQL shows it."""
    return Found(
        when=when,
        arn=strawberry.ID(each.arn),
        resource_arn=None if each.resource_arn is None else strawberry.ID(each.resource_arn),
        kind=each.kind,
        type=each.type,
        name=each.name,
        created_at=from_ms(each.created_at),
    )


async def search(
    info: Info,
    text: str = "",
    kinds: list[Kind] | None = None,
    types: list[str] | None = None,
    first: int = 20,
    after: str | None = None,
) -> Connection[Found]:
    """The entities of now that have every word of a text in their name, ARN, URI, type, kind or tags.

    Those whose name fits best come first, then the newest; without a text all of them, the newest first.
    """
    context = info.context
    list_ = cursors.identity(context.account, "search", text, kinds, types)
    key = None if after is None else cursors.decode(after, list_)[1]
    page = await context.catalog.finder.search(
        context.account, text, kinds=kinds or (), types=types or (), first=first, after=key
    )
    when = await context.moment(None, None, None)
    return connection(list_, when, [(key, found(each, when)) for key, each in page.items], more=page.more, after=after)


async def select(
    info: Info,
    query: str,
    limit: int = 5000,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    known_at_sequence: BigInt | None = None,
) -> Selected:
    """The entities that a selection such as `+model:churn+2 and type:DataSet` names, and the edges between them.

    `depth` is how far an entity is from those that a walked term names; the nearest come first.
    """
    context = info.context
    when = await context.moment(as_of, known_at, known_at_sequence)
    found = await selected(
        context.catalog.store,
        context.catalog.finder,
        context.account,
        query,
        when,
        present=as_of is None and known_at is None and known_at_sequence is None,
        limit=limit,
        seconds=context.seconds,
    )
    return Selected(
        nodes=drawn_nodes(found.nodes, when),
        edges=drawn_edges(found.edges),
        total=found.total,
        truncated=found.total > len(found.nodes),
        as_of=from_ms(when.at),
        known_at=from_us(when.known),
        known_at_sequence=BigInt(when.sequence),
    )


async def diff(
    info: Info,
    query: str,
    from_: Annotated[datetime, strawberry.argument(name="from")],
    to: datetime | None = None,
    limit: int = 2500,
    known_at: datetime | None = None,
    known_at_sequence: BigInt | None = None,
) -> Compared:
    """What a selection names at two times, now by default the second; both as they are known at one moment."""
    context = info.context
    before = await context.moment(from_, known_at, known_at_sequence)
    after = await context.moment(to, known_at, known_at_sequence)
    compared = await compare(
        context.catalog.store,
        context.catalog.finder,
        context.account,
        query,
        before,
        after,
        limit=limit,
        seconds=context.seconds / 2,
    )
    return Compared(
        nodes=drawn_nodes(compared.nodes, after),
        edges=drawn_edges(compared.edges),
        node_differences=compared.node_differences,
        edge_differences=compared.edge_differences,
        truncated=compared.truncated,
        from_=from_ms(before.at),
        to=from_ms(after.at),
    )
