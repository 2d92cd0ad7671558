"""The four lists of entities, page by page."""

from datetime import datetime
from typing import Any, TypeVar

import strawberry

from api.graphql import cursors
from api.graphql.connections import Connection, connection
from api.graphql.context import Info
from api.graphql.entities import EntityType
from api.graphql.inputs import EntityFilter
from api.graphql.names import Kind, Sort, SortOrder
from api.graphql.scalars import BigInt
from graph import listing
from graph.times import to_ms

E = TypeVar("E", bound=EntityType)


def listed(kind: Kind, shape: type[E]) -> Any:
    """The root that lists a kind's entities."""

    async def page(
        info: Info,
        filter: EntityFilter | None = None,
        sort_by: Sort = Sort.CREATED,
        order: SortOrder = SortOrder.DESCENDING,
        first: int = 50,
        after: str | None = None,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        known_at_sequence: BigInt | None = None,
    ) -> Connection[E]:
        context = info.context
        only = filter or EntityFilter()
        wanted = listing.Filter(
            type=only.type,
            name=only.name,
            source_uri=only.source_uri,
            created_after=None if only.created_after is None else to_ms(only.created_after),
            created_before=None if only.created_before is None else to_ms(only.created_before),
        )
        times = (as_of, known_at, known_at_sequence)
        list_ = cursors.identity(context.account, kind, sort_by, order, wanted, times)
        key = None
        if after is not None:
            when, key = cursors.decode(after, list_)
        else:
            when = await context.moment(*times)
        found = await listing.entities(
            context.catalog.store,
            context.account,
            kind,
            when,
            filter=wanted,
            sort=sort_by,
            descending=order is SortOrder.DESCENDING,
            first=first,
            after=key,
        )
        items = [(key, shape(data=entity, when=when)) for key, entity in found.items]
        return connection(list_, when, items, more=found.more, after=after)

    page.__annotations__["return"] = Connection[shape]  # type: ignore[valid-type]  # known now
    return strawberry.field(resolver=page)
