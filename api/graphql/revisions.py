"""What became of an entity: its changes, each with who, when, before, after, and its proof in the ledger."""

from datetime import datetime

import strawberry

from api.graphql import cursors
from api.graphql.connections import Connection, connection
from api.graphql.context import Context
from api.graphql.scalars import JSON, BigInt, show_time
from api.graphql.values import Actor, actor
from graph.entities import MAPS, Entity
from graph.history import Change
from graph.listing import first_within
from graph.times import Moment, from_ms, from_us

TIMES = ("created_at", "modified_at", "started_at", "ended_at")


@strawberry.type
class Proof:
    """Where the change stands in its ledger entry; `digest` is the SHA-256 of salt and canonical change."""

    leaf: int
    salt: str
    digest: str


@strawberry.type
class Revision:
    """One change of an entity."""

    data: strawberry.Private[Change]

    @strawberry.field
    def sequence(self) -> BigInt:
        return BigInt(self.data.sequence)

    @strawberry.field
    def recorded_at(self) -> datetime:
        return from_us(self.data.recorded)

    @strawberry.field
    def valid_from(self) -> datetime:
        return from_ms(self.data.valid_from)

    @strawberry.field
    def actor(self) -> Actor:
        return actor(self.data.actor)

    @strawberry.field
    def door(self) -> str:
        return self.data.door

    @strawberry.field
    def operation(self) -> str:
        """`create`, `update` or `delete`."""
        return self.data.operation

    @strawberry.field
    def before(self) -> JSON | None:
        return None if self.data.before is None else JSON(as_json(self.data.before))

    @strawberry.field
    def after(self) -> JSON | None:
        return None if self.data.after is None else JSON(as_json(self.data.after))

    @strawberry.field
    def proof(self) -> Proof:
        return Proof(leaf=self.data.leaf, salt=self.data.salt, digest=self.data.digest)


RevisionConnection = Connection[Revision]


async def revisions_page(context: Context, arn: str, when: Moment, first: int, after: str | None) -> RevisionConnection:
    """One page of an entity's changes that were known at the moment, newest first."""
    first_within(first)
    list_ = cursors.identity(context.account, "history", arn)
    key = None
    if after is not None:
        when, key = cursors.decode(after, list_)
    found = await context.changes.load((arn, when.known, first + 1, key))
    items = [(change.key, Revision(data=change)) for change in found[:first]]
    return connection(list_, when, items, more=len(found) > first, after=after)


def as_json(entity: Entity) -> dict[str, object]:
    """An entity's fields under the names that the schema gives them; empty ones are left out."""
    shown: dict[str, object] = {}
    for name in Entity.__dataclass_fields__:
        value = getattr(entity, name)
        if value is None or value is False or value in ((), {}):
            continue
        if name in TIMES:
            value = show_time(from_ms(value))
        elif name == "source_types":
            value = [{"type": kind, "value": text} for kind, text in value]
        elif name in MAPS:
            value = [
                {"key": key, **({"value": item} if isinstance(item, str) else {_camel(k): v for k, v in item.items()})}
                for key, item in value.items()
            ]
        shown[_camel(name)] = value
    return shown


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
