"""The root that lets entities end, with a preview of what it takes along."""

from datetime import datetime

import strawberry

from api.graphql import payloads
from api.graphql.context import Info
from api.graphql.inputs import RepeatableInput
from api.graphql.names import Cascade
from api.graphql.payloads import Recorded
from graph import cascades

LISTED = 100
"""Entities that a payload names at most."""


@strawberry.input
class DeleteEntityInput(RepeatableInput):
    """The end of an entity; a tombstone stays, and the history.

    The cascade ASSOCIATIONS ends its associations with it, DESCENDANTS also what was made from it and from nothing else; NONE
    refuses while it has associations. With `preview` nothing is written, and the answer is what would be.
    """

    arn: strawberry.ID
    cascade: Cascade = Cascade.NONE
    valid_to: datetime | None = None
    preview: bool = False


@strawberry.type
class DeletePayload(Recorded):
    """An entity that ended, with what it took along; or would end, when `preview` was asked for."""

    arn: strawberry.ID
    preview: bool
    entity_count: int | None = strawberry.field(
        description="How many entities end, this one among them; null when the same request was done before."
    )
    association_count: int | None = strawberry.field(
        description="How many associations end; null when the same request was done before."
    )
    entities: list[strawberry.ID] = strawberry.field(
        description="Those that end, this one first, then the nearest; at most 100."
    )
    kept: list[strawberry.ID] = strawberry.field(
        description="Made from one that ends, but kept, since something that stays made them, too; at most 100."
    )


@strawberry.type
class DeletionMutations:
    """What lets entities end."""

    @strawberry.mutation
    async def delete_entity(self, info: Info, input: DeleteEntityInput) -> DeletePayload:
        """CONFLICT when what it takes along changed while it was looked at: nothing is deleted then, and it may be repeated."""
        context = info.context
        store = context.catalog.store
        arn = await context.lineage_arn(input.arn)
        command = await cascades.deletion(
            store, context.account, arn, cascade=input.cascade.value, valid_to=input.valid_to
        )
        outcome = None
        if input.preview:
            applied = await cascades.preview(store, context.caller, command)
        else:
            outcome = await context.catalog.write(
                context.caller, [command], operation="deleteEntity", request_id=input.client_request_id
            )
            applied = outcome.applied[0]
        repeated = outcome is not None and outcome.repeated
        return DeletePayload(
            arn=strawberry.ID(arn),
            preview=input.preview,
            entity_count=None if repeated else applied.entities,
            association_count=None if repeated else applied.associations,
            entities=[strawberry.ID(each) for each in command.arns[:LISTED]],
            kept=[strawberry.ID(each) for each in command.kept[:LISTED]],
            sequence=None if outcome is None else payloads.sequence(outcome),
            recorded_at=None if outcome is None else payloads.recorded_at(outcome),
        )
