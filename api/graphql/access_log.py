"""The access log, for administrators."""

from datetime import datetime

import strawberry

from api.graphql import cursors
from api.graphql.connections import Connection, connection
from api.graphql.context import Info
from api.graphql.names import AccessOutcome
from api.graphql.values import Actor, actor
from graph import access_log
from graph.times import FOREVER, Moment, from_us, to_us

NO_MOMENT = Moment(0, 0, 0)
"""Records are not changed, so that pages need no moment."""


@strawberry.type
class AccessRecord:
    """One request: who asked for what, and what came of it; never what was sent or answered."""

    data: strawberry.Private[access_log.AccessRecord]

    @strawberry.field
    def at(self) -> datetime:
        """When it was answered."""
        return from_us(self.data.at)

    @strawberry.field
    def principal(self) -> Actor | None:
        """Who asked; null when no key that opens was shown."""
        return None if self.data.principal is None else actor(self.data.principal)

    @strawberry.field
    def access_key_id(self) -> str | None:
        return self.data.key_id

    @strawberry.field
    def door(self) -> str:
        """`graphql`, `sagemaker`, `cli`, or `http` for what no door was reached for."""
        return self.data.door

    @strawberry.field
    def operation(self) -> str:
        """The root fields of a GraphQL request, `sagemaker:DescribeArtifact` and the like, or method and path."""
        return self.data.operation

    @strawberry.field
    def named(self) -> list[str]:
        """The first ARNs that the request named; of changes to keys, the key and its principal."""
        return list(self.data.named)

    @strawberry.field
    def outcome(self) -> AccessOutcome:
        return self.data.outcome

    @strawberry.field
    def code(self) -> str | None:
        """The error's code at its door."""
        return self.data.code

    @strawberry.field
    def request_id(self) -> str:
        return self.data.request_id


async def page(
    info: Info,
    first: int = 100,
    after: str | None = None,
    principal: str | None = None,
    operation: str | None = None,
    outcome: AccessOutcome | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Connection[AccessRecord]:
    """Who asked for what, newest first; for administrators. `principal` is an id such as `person/ana`."""
    caller = info.context.caller
    only = access_log.AccessFilter(
        principal=principal,
        operation=operation,
        outcome=outcome,
        since=0 if since is None else to_us(since),
        until=FOREVER if until is None else to_us(until),
    )
    list_ = cursors.identity(caller.account, "access", only)
    before = None if after is None else cursors.decode(after, list_)[1]
    found, more = await info.context.catalog.access_log.page(caller, only, first=first, before=before)
    items = [(record.key, AccessRecord(data=record)) for record in found]
    return connection(list_, NO_MOMENT, items, more=more, after=after)
