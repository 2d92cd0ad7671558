"""Associations: the edges of one entity, page by page."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.graphql import cursors
from api.graphql.connections import Connection, connection
from api.graphql.context import Context, Info
from api.graphql.names import AssociationType, Direction
from graph import associations
from graph.errors import InvalidError
from graph.listing import first_within
from graph.times import FOREVER, Moment, from_ms

if TYPE_CHECKING:
    from api.graphql.entities import EntityType

OUTGOING, INCOMING = "o", "i"
SIDES = {Direction.DESCENDANTS: (OUTGOING,), Direction.ASCENDANTS: (INCOMING,)}


@strawberry.type
class Association:
    """How the source bears on the destination, true from `validFrom` until before `validTo`."""

    data: strawberry.Private[associations.Association]
    when: strawberry.Private[Moment]

    @strawberry.field
    def source(self) -> strawberry.ID:
        return strawberry.ID(self.data.source)

    @strawberry.field
    def destination(self) -> strawberry.ID:
        return strawberry.ID(self.data.destination)

    @strawberry.field
    def association(self) -> AssociationType:
        return self.data.association

    @strawberry.field
    def valid_from(self) -> datetime:
        return from_ms(self.data.valid_from)

    @strawberry.field
    def valid_to(self) -> datetime | None:
        return None if self.data.valid_to == FOREVER else from_ms(self.data.valid_to)

    @strawberry.field
    async def source_entity(
        self, info: Info
    ) -> Annotated["EntityType", strawberry.lazy("api.graphql.entities")] | None:
        return await entity_of(info.context, self.data.source, self.when)

    @strawberry.field
    async def destination_entity(
        self, info: Info
    ) -> Annotated["EntityType", strawberry.lazy("api.graphql.entities")] | None:
        return await entity_of(info.context, self.data.destination, self.when)


AssociationConnection = Connection[Association]


async def entity_of(context: Context, arn: str, when: Moment) -> "EntityType | None":
    """The entity at an end of an edge, looked up together with others; None where it is not there."""
    from api.graphql.entities import shaped  # a cycle: entities have associations

    found = await context.entities.load((arn, when))
    return None if found is None else shaped(found, when)


async def associations_page(
    context: Context,
    arn: str,
    when: Moment,
    direction: Direction,
    types: list[AssociationType] | None,
    first: int,
    after: str | None,
) -> AssociationConnection:
    """One page of an entity's associations: those that begin at it, then those that end at it."""
    first_within(first)
    kinds = tuple(sorted(set(types or ())))
    if types is not None and not types:
        raise InvalidError("types is empty; leave it out to mean all", path="types", constraint="size >= 1")
    list_ = cursors.identity(context.account, "associations", arn, direction, kinds)
    sides: tuple[str, ...] = SIDES.get(direction, (OUTGOING, INCOMING))
    key = None
    if after is not None:
        when, place = cursors.decode(after, list_)
        side, _, key = place.partition(":")
        sides = sides[sides.index(side) :] if side in sides else ()
    items: list[tuple[str, Association]] = []
    more = False
    for side in sides:
        wanted = first - len(items)
        page = await context.associations.load((arn, when, side == OUTGOING, kinds, max(wanted, 1), key))
        key = None
        shown = page.items[:wanted]
        items += [(f"{side}:{item}", Association(data=edge, when=when)) for item, edge in shown]
        more = page.more or len(shown) < len(page.items)
        if more:
            break
    return connection(list_, when, items, more=more, after=after)
