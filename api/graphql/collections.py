"""Collections of model groups: read, and what can be done with them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from api.graphql import cursors, payloads
from api.graphql.connections import Connection, connection
from api.graphql.context import Context, Info
from api.graphql.entities import EntityType
from api.graphql.payloads import Recorded
from api.graphql.scalars import BigInt
from graph import memberships
from graph.applied import Applied
from graph.errors import AlreadyExistsError, InvalidError, NotFoundError
from graph.registry.collections import changes, lists
from graph.registry.collections.lists import Group
from graph.registry.collections.relocation import fresh, relocate
from graph.store.writer import Outcome
from graph.times import Moment

if TYPE_CHECKING:
    from api.graphql.registry import ModelGroup


@strawberry.type
class Collection(EntityType):
    """A collection of model groups and of other collections, as SageMaker Studio keeps them."""

    group: strawberry.Private[Group]

    @strawberry.field
    def display_name(self) -> str:
        """The collection's name, as it was given."""
        return self.group.name

    @strawberry.field
    def path(self) -> str:
        """Where it lies: `risk/credit`."""
        return self.group.path

    @strawberry.field
    async def parent(self, info: Info) -> "Collection | None":
        """The collection that it lies in."""
        context = info.context
        found = await lists.holding(context.catalog.store, context.account, self.data.arn, self.when)
        return shown(found[0], self.when) if found else None

    @strawberry.field
    async def children(self, info: Info, first: int = 50, after: str | None = None) -> "Connection[Collection]":
        """The collections that lie in it, by name."""
        list_, when, key = await self._at(info.context, "children", after)
        page = await self._members(info.context, memberships.COLLECTION, when, first, key)
        items = [(at, shown(one, when)) for at, entity in page.items if (one := lists.group_of(entity)) is not None]
        return connection(list_, when, items, more=page.more, after=after)

    @strawberry.field
    async def groups(
        self, info: Info, first: int = 50, after: str | None = None
    ) -> Connection[Annotated["ModelGroup", strawberry.lazy("api.graphql.registry")]]:
        """The model groups that belong to it, by name."""
        from api.graphql.registry import ModelGroup

        list_, when, key = await self._at(info.context, "groups", after)
        page = await self._members(info.context, memberships.GROUP, when, first, key)
        items = [(at, ModelGroup(data=entity, when=when)) for at, entity in page.items]
        return connection(list_, when, items, more=page.more, after=after)

    async def _at(self, context: Context, name: str, after: str | None) -> tuple[str, Moment, str | None]:
        list_ = cursors.identity(context.account, name, self.data.arn)
        when, key = cursors.decode(after, list_) if after is not None else (self.when, None)
        return list_, when, key

    async def _members(self, context: Context, family: str, when: Moment, first: int, after: str | None) -> Any:
        return await lists.members(
            *(context.catalog.store, context.account, self.data.arn, when, family), first=first, after=after
        )


async def collection(
    info: Info,
    collection: strawberry.ID,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    known_at_sequence: BigInt | None = None,
) -> Collection | None:
    """A collection by its name or ARN."""
    when = await info.context.moment(as_of, known_at, known_at_sequence)
    try:
        return shown(await find(info.context, collection, when), when)
    except NotFoundError:
        return None


async def collections(
    info: Info,
    contains: str | None = None,
    first: int = 50,
    after: str | None = None,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    known_at_sequence: BigInt | None = None,
) -> Connection[Collection]:
    """All collections by name, wherever they lie; also those whose name contains a text, whatever the case of its letters."""
    context = info.context
    times = (as_of, known_at, known_at_sequence)
    list_ = cursors.identity(context.account, "collections", contains, times)
    when, key = cursors.decode(after, list_) if after is not None else (await context.moment(*times), None)
    page = await lists.page(
        *(context.catalog.store, context.account, when), collections=True, contains=contains, first=first, after=key
    )
    items = [(at, shown(one, when)) for at, one in page.items]
    return connection(list_, when, items, more=page.more, after=after)


def shown(one: Group, when: Moment) -> Collection:
    """A collection as GraphQL shows it."""
    return Collection(data=one.entity, when=when, group=one)


async def find(context: Context, text: str, when: Moment) -> Group:
    """A collection by its name or ARN.

    Raises:
        NotFoundError: there is none.
    """
    return await lists.collection(context.catalog.store, context.place, text, when)


@strawberry.input
class CreateCollectionInput:
    """A new collection, in another one or at the root; with `exclusive` false, one that exists already is the answer."""

    name: str
    parent: strawberry.ID | None = None
    description: str | None = None
    exclusive: bool = False
    client_request_id: str | None = None


@strawberry.input
class MoveCollectionInput:
    """Where a collection is to lie (without `parent`: at the root) and what it is to be called (without `name`: as it is)."""

    collection: strawberry.ID
    parent: strawberry.ID | None = None
    name: str | None = None
    client_request_id: str | None = None


@strawberry.input
class RenameCollectionInput:
    """What a collection is to be called; it stays where it is."""

    collection: strawberry.ID
    name: str
    client_request_id: str | None = None


@strawberry.input
class CollectionGroupsInput:
    """Model groups, by name or ARN, that are to belong to a collection, or no longer."""

    collection: strawberry.ID
    groups: list[strawberry.ID]
    client_request_id: str | None = None


@strawberry.input
class DeleteCollectionInput:
    """Which collection is to end; it has to be empty."""

    collection: strawberry.ID
    client_request_id: str | None = None


@strawberry.type
class CollectionPayload(Recorded):
    """A collection that was written, as it then was."""

    arn: strawberry.ID
    created: bool
    collection: Collection


@strawberry.type
class CollectionDeletion(Recorded):
    """A collection that ended; it can still be read as it was."""

    arn: strawberry.ID


@strawberry.type
class CollectionMutations:
    """What can be done with collections."""

    @strawberry.mutation
    async def create_collection(self, info: Info, input: CreateCollectionInput) -> CollectionPayload:
        context = info.context
        parent = None if input.parent is None else await find(context, input.parent, await context.moment())
        command = fresh(context.place, input.name, parent, input.description)
        try:
            outcome = await _write(context, "createCollection", [command], input.client_request_id)
        except AlreadyExistsError:
            if input.exclusive:
                raise
            outcome = Outcome([Applied(changed=False)])
        arn = outcome.applied[0].arn
        if arn is None:  # it is there, or was made under this request's id
            arn = (await find(context, input.name, await context.moment())).entity.arn
        return await _payload(context, arn, outcome)

    @strawberry.mutation
    async def move_collection(self, info: Info, input: MoveCollectionInput) -> CollectionPayload:
        """Moves a collection with all that lies in it."""
        context = info.context
        when = await context.moment()
        one = await find(context, input.collection, when)
        parent = None if input.parent is None else await find(context, input.parent, when)
        command = await relocate(context.catalog.store, context.place, one, when, name=input.name, parent=parent)
        outcome = await _write(context, "moveCollection", [command], input.client_request_id)
        return await _payload(context, one.entity.arn, outcome)

    @strawberry.mutation
    async def rename_collection(self, info: Info, input: RenameCollectionInput) -> CollectionPayload:
        """Renames a collection; the paths of all that lies in it change with it."""
        context = info.context
        when = await context.moment()
        one = await find(context, input.collection, when)
        held = await lists.holding(context.catalog.store, context.account, one.entity.arn, when)
        command = await relocate(
            context.catalog.store, context.place, one, when, name=input.name, parent=held[0] if held else None
        )
        outcome = await _write(context, "renameCollection", [command], input.client_request_id)
        return await _payload(context, one.entity.arn, outcome)

    @strawberry.mutation
    async def add_to_collection(self, info: Info, input: CollectionGroupsInput) -> CollectionPayload:
        """Lets model groups belong to a collection; they may belong to others, too."""
        return await _belong(info.context, "addToCollection", input, belong=True)

    @strawberry.mutation
    async def remove_from_collection(self, info: Info, input: CollectionGroupsInput) -> CollectionPayload:
        """Lets model groups belong to a collection no longer; those that do not are passed over."""
        return await _belong(info.context, "removeFromCollection", input, belong=False)

    @strawberry.mutation
    async def delete_collection(self, info: Info, input: DeleteCollectionInput) -> CollectionDeletion:
        context = info.context
        one = await find(context, input.collection, await context.moment())
        command = changes.Delete(context.place, one.entity.arn)
        outcome = await _write(context, "deleteCollection", [command], input.client_request_id)
        return CollectionDeletion(
            arn=strawberry.ID(command.arn),
            sequence=payloads.sequence(outcome),
            recorded_at=payloads.recorded_at(outcome),
        )


async def _belong(context: Context, operation: str, given: CollectionGroupsInput, *, belong: bool) -> CollectionPayload:
    if not given.groups:
        raise InvalidError("groups are to be named", path="groups", constraint="size >= 1")
    when = await context.moment()
    one = await find(context, given.collection, when)
    wanted = await lists.belonging(context.catalog.store, context.place, one, given.groups, when, belong=belong)
    outcome = await _write(context, operation, wanted, given.client_request_id)
    return await _payload(context, one.entity.arn, outcome)


async def _write(context: Context, operation: str, wanted: list[Any], request_id: str | None) -> Outcome:
    return await context.catalog.write(context.caller, wanted, operation=operation, request_id=request_id)


async def _payload(context: Context, arn: str, outcome: Outcome) -> CollectionPayload:
    when = await payloads.after(context, outcome)
    one = lists.group_of(await context.entity(arn, when))
    assert one is not None
    return CollectionPayload(
        arn=strawberry.ID(arn),
        created=outcome.applied[0].created,
        collection=shown(one, when),
        sequence=payloads.sequence(outcome),
        recorded_at=payloads.recorded_at(outcome),
    )
