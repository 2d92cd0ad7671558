"""What can be done with model cards."""

import re
from typing import Any

import orjson
import strawberry

from api.card_exports import export
from api.graphql import payloads
from api.graphql.cards import ModelCard, ModelCardExport, shown, shown_export
from api.graphql.context import Context, Info
from api.graphql.inputs import TagInput
from api.graphql.names import CardStatus
from api.graphql.payloads import Recorded
from api.graphql.requests import pairs
from graph.errors import NotFoundError
from graph.registry import lists as packages
from graph.registry.cards import changes, filling, lists
from graph.registry.cards.deletion import Delete
from graph.store.writer import Outcome

BREAKS = re.compile(r"[\r\n]+")


@strawberry.input
class CreateModelCardInput:
    """A new card; its content is JSON text of at most 100,000 characters. APPROVED takes the role approver."""

    name: str
    content: str = "{}"
    status: CardStatus = CardStatus.DRAFT
    tags: list[TagInput] | None = None
    client_request_id: str | None = None


@strawberry.input
class WriteModelCardInput:
    """A new content of a card; of an approved one it takes the role approver, and of an archived one it is refused."""

    card: strawberry.ID
    content: str
    client_request_id: str | None = None


@strawberry.input
class SetModelCardStatusInput:
    """A new status of a card; APPROVED takes the role approver. `version` is the one that was read."""

    card: strawberry.ID
    status: CardStatus
    version: int | None = None
    client_request_id: str | None = None


@strawberry.input
class FillModelCardInput:
    """Which model version, by its ARN or as `churn/7`, a card is to be filled from; it is made when it is not there."""

    card: strawberry.ID
    version: strawberry.ID
    client_request_id: str | None = None


@strawberry.input
class ExportModelCardInput:
    """An export under an S3 prefix that the operator's policy lists; of the newest version unless one is named."""

    card: strawberry.ID
    name: str
    s3_output_path: str
    version: int | None = None


@strawberry.input
class DeleteModelCardInput:
    """Which card is to end."""

    card: strawberry.ID
    client_request_id: str | None = None


@strawberry.type
class ModelCardPayload(Recorded):
    """A card that was written, as it then was."""

    arn: strawberry.ID
    created: bool
    card: ModelCard


@strawberry.type
class ModelCardDeletion(Recorded):
    """A card that ended; it can still be read as it was."""

    arn: strawberry.ID


@strawberry.type
class CardMutations:
    """What can be done with model cards."""

    @strawberry.mutation
    async def create_model_card(self, info: Info, input: CreateModelCardInput) -> ModelCardPayload:
        context = info.context
        tags = pairs(input.tags, "tags")
        command = changes.create(context.place, input.name, _one_line(input.content), status=input.status, tags=tags)
        return await _written(context, "createModelCard", command, input.client_request_id)

    @strawberry.mutation
    async def write_model_card(self, info: Info, input: WriteModelCardInput) -> ModelCardPayload:
        """Makes the next version of a card."""
        context = info.context
        command = changes.revise(context.place, input.card, _one_line(input.content), role=context.caller.role)
        return await _written(context, "writeModelCard", command, input.client_request_id)

    @strawberry.mutation
    async def set_model_card_status(self, info: Info, input: SetModelCardStatusInput) -> ModelCardPayload:
        context = info.context
        command = changes.set_status(context.place, input.card, input.status, version=input.version)
        return await _written(context, "setModelCardStatus", command, input.client_request_id)

    @strawberry.mutation
    async def fill_model_card(self, info: Info, input: FillModelCardInput) -> ModelCardPayload:
        """Writes into a card what the graph knows of a model version, each part with the ARNs that it was taken from."""
        context = info.context
        store, place = context.catalog.store, context.place
        when = await context.moment()
        package = await packages.package(store, place, input.version, when)
        try:
            held = await lists.card(store, place, input.card, when)
        except NotFoundError:
            text = orjson.dumps(await filling.filled(store, place, package, when)).decode()
            command: Any = changes.create(place, input.card, text)
        else:
            content = await filling.filled(store, place, package, when, held.content)
            command = changes.revise(place, held.resource, orjson.dumps(content).decode(), role=context.caller.role)
        return await _written(context, "fillModelCard", command, input.client_request_id)

    @strawberry.mutation
    async def export_model_card(self, info: Info, input: ExportModelCardInput) -> ModelCardExport:
        """Typesets a card as PDF and writes it to S3."""
        context = info.context
        when = await context.moment()
        card = await lists.card(context.catalog.store, context.place, input.card, when, input.version)
        made = await export(
            context.catalog, context.caller, card, input.name, policy=context.policy, output=input.s3_output_path
        )
        return shown_export(made)

    @strawberry.mutation
    async def delete_model_card(self, info: Info, input: DeleteModelCardInput) -> ModelCardDeletion:
        context = info.context
        held = await lists.card(context.catalog.store, context.place, input.card, await context.moment())
        command = Delete(context.place, held.name.lower())
        outcome = await context.catalog.write(
            context.caller, [command], operation="deleteModelCard", request_id=input.client_request_id
        )
        return ModelCardDeletion(arn=strawberry.ID(command.arn), **_recorded(outcome))


async def _written(context: Context, operation: str, command: Any, request_id: str | None) -> ModelCardPayload:
    outcome = await context.catalog.write(context.caller, [command], operation=operation, request_id=request_id)
    when = await payloads.after(context, outcome)
    card = lists.card_of(await context.entity(command.arn, when))
    assert card is not None
    created = outcome.applied[0].created
    return ModelCardPayload(
        arn=strawberry.ID(command.arn), created=created, card=shown(card, when), **_recorded(outcome)
    )


def _recorded(outcome: Outcome) -> dict[str, Any]:
    return {"sequence": payloads.sequence(outcome), "recorded_at": payloads.recorded_at(outcome)}


def _one_line(text: str) -> str:
    """A content without line breaks, which SageMaker's clients do not take; they are of no meaning between JSON's parts."""
    return BREAKS.sub(" ", text)
