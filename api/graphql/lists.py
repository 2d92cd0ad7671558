"""The four lists of entities, page by page."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from api.graphql import cursors
from api.graphql.connections import Connection, connection
from api.graphql.context import Context
from api.graphql.entities import EntityType
from api.graphql.inputs import EntityFilter
from api.graphql.names import Kind, Sort, SortOrder
from graph import listing
from graph.times import to_ms

E = TypeVar("E", bound=EntityType)


@dataclass(frozen=True, slots=True)
class Listing:
    """The arguments of a list."""

    filter: EntityFilter | None
    sort: Sort
    order: SortOrder
    first: int
    after: str | None
    as_of: datetime | None
    known_at: datetime | None
    sequence: int | None


async def page(context: Context, kind: Kind, shape: type[E], asked: Listing) -> Connection[E]:
    """One page of a kind's entities.

    Raises:
        InvalidError: `first` is out of its range, or the cursor belongs to another list.
    """
    only = asked.filter or EntityFilter()
    wanted = listing.Filter(
        type=only.type,
        name=only.name,
        source_uri=only.source_uri,
        created_after=None if only.created_after is None else to_ms(only.created_after),
        created_before=None if only.created_before is None else to_ms(only.created_before),
    )
    times = (asked.as_of, asked.known_at, asked.sequence)
    list_ = cursors.identity(context.account, kind, asked.sort, asked.order, wanted, times)
    key = None
    if asked.after is not None:
        when, key = cursors.decode(asked.after, list_)
    else:
        when = await context.moment(*times)
    found = await listing.entities(
        context.catalog.store,
        context.account,
        kind,
        when,
        filter=wanted,
        sort=asked.sort,
        descending=asked.order is SortOrder.DESCENDING,
        first=asked.first,
        after=key,
    )
    items = [(key, shape(data=entity, when=when)) for key, entity in found.items]
    return connection(list_, when, items, more=found.more, after=asked.after)
