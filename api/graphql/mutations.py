"""The roots that write; each is one ledger entry, and `clientRequestId` makes it safe to repeat."""

from typing import Any

import strawberry

from api.graphql import ingest_inputs, inputs, payloads, requests
from api.graphql.alerts import AlertMutations
from api.graphql.card_changes import CardMutations
from api.graphql.collections import CollectionMutations
from api.graphql.context import Context, Info
from api.graphql.deletions import DeletionMutations
from api.graphql.deployments import DeploymentMutations
from api.graphql.entities import Action, Artifact, EntityType, TrialComponent
from api.graphql.entities import Context as ContextType
from api.graphql.ingest import ingest
from api.graphql.jobs import JobMutations
from api.graphql.metrics import MetricMutations
from api.graphql.monitoring_changes import MonitoringMutations
from api.graphql.names import AssociationType
from api.graphql.payloads import AssociationPayload, IngestPayload, Payload
from api.graphql.registry_changes import RegistryMutations
from api.graphql.reports import ReportMutations
from api.graphql.webhooks import WebhookMutations
from graph import commands
from graph.commands import Command
from graph.errors import InvalidError
from graph.store.writer import Outcome


@strawberry.type
class Mutation(
    JobMutations,
    MetricMutations,
    DeletionMutations,
    DeploymentMutations,
    RegistryMutations,
    CardMutations,
    CollectionMutations,
    WebhookMutations,
    MonitoringMutations,
    AlertMutations,
    ReportMutations,
):
    """What can be written."""

    @strawberry.mutation
    async def create_artifact(self, info: Info, input: inputs.CreateArtifactInput) -> Payload[Artifact]:
        return await _create(info.context, "createArtifact", input, input.client_request_id)

    @strawberry.mutation
    async def create_action(self, info: Info, input: inputs.CreateActionInput) -> Payload[Action]:
        return await _create(info.context, "createAction", input, input.client_request_id)

    @strawberry.mutation
    async def create_context(self, info: Info, input: inputs.CreateContextInput) -> Payload[ContextType]:
        return await _create(info.context, "createContext", input, input.client_request_id)

    @strawberry.mutation
    async def create_trial_component(
        self,
        info: Info,
        input: inputs.CreateTrialComponentInput,
    ) -> Payload[TrialComponent]:
        return await _create(info.context, "createTrialComponent", input, input.client_request_id)

    @strawberry.mutation
    async def update_artifact(self, info: Info, input: inputs.UpdateArtifactInput) -> Payload[Artifact]:
        return await _update(info.context, "updateArtifact", input)

    @strawberry.mutation
    async def update_action(self, info: Info, input: inputs.UpdateActionInput) -> Payload[Action]:
        return await _update(info.context, "updateAction", input)

    @strawberry.mutation
    async def update_context(self, info: Info, input: inputs.UpdateContextInput) -> Payload[ContextType]:
        return await _update(info.context, "updateContext", input)

    @strawberry.mutation
    async def update_trial_component(
        self,
        info: Info,
        input: inputs.UpdateTrialComponentInput,
    ) -> Payload[TrialComponent]:
        return await _update(info.context, "updateTrialComponent", input)

    @strawberry.mutation
    async def tag(self, info: Info, input: inputs.SetTagsInput) -> Payload[EntityType]:
        """Sets tags by key."""
        arn = await info.context.lineage_arn(input.arn)
        _some(input.tags, "tags")
        tags = requests.pairs(input.tags, "tags")
        command = commands.update(arn, requests.kind_of(arn), tags=tags, valid_from=input.valid_from)
        return payloads.written(arn, await _write(info.context, "tag", command, input.client_request_id))

    @strawberry.mutation
    async def untag(self, info: Info, input: inputs.RemoveTagsInput) -> Payload[EntityType]:
        """Removes tags by key; one that is not there is no error."""
        arn = await info.context.lineage_arn(input.arn)
        _some(input.keys, "keys")
        command = commands.update(arn, requests.kind_of(arn), remove_tags=input.keys, valid_from=input.valid_from)
        return payloads.written(arn, await _write(info.context, "untag", command, input.client_request_id))

    @strawberry.mutation
    async def associate(self, info: Info, input: inputs.AssociateInput) -> AssociationPayload:
        source, destination = await info.context.lineage_arns([input.source, input.destination])
        command = commands.associate(
            source, destination, input.association, valid_from=input.valid_from, exclusive=input.exclusive
        )
        outcome = await _write(info.context, "associate", command, input.client_request_id)
        return _association(command.triple, outcome)

    @strawberry.mutation
    async def dissociate(self, info: Info, input: inputs.DissociateInput) -> AssociationPayload:
        source, destination = await info.context.lineage_arns([input.source, input.destination])
        command = commands.dissociate(source, destination, input.association, valid_to=input.valid_to)
        outcome = await _write(info.context, "dissociate", command, input.client_request_id)
        return _association(command.triple, outcome)

    @strawberry.mutation
    async def ingest(self, info: Info, input: ingest_inputs.IngestInput) -> IngestPayload:
        """Writes entities and associations, all or nothing.

        An error says in its extensions which row is at fault: `list` and `index`, and `position` over both lists.
        """
        return await ingest(info.context, input)


async def _create(
    context: Context, operation: str, given: inputs.NewEntityInput, request_id: str | None
) -> Payload[Any]:
    command = requests.new(context.place, given)
    return payloads.written(command.arn, await _write(context, operation, command, request_id))


async def _update(context: Context, operation: str, given: inputs.UpdateEntityInput) -> Payload[Any]:
    arn = await context.lineage_arn(given.arn)
    return payloads.written(arn, await _write(context, operation, requests.change(arn, given), given.client_request_id))


async def _write(context: Context, operation: str, command: Command, request_id: str | None) -> Outcome:
    return await context.catalog.write(context.caller, [command], operation=operation, request_id=request_id)


def _association(triple: tuple[str, str, str], outcome: Outcome) -> AssociationPayload:
    return AssociationPayload(
        source=strawberry.ID(triple[0]),
        destination=strawberry.ID(triple[2]),
        association_type=AssociationType(triple[1]),
        created=outcome.applied[0].created,
        sequence=payloads.sequence(outcome),
        recorded_at=payloads.recorded_at(outcome),
        triple=triple,
        outcome=outcome,
    )


def _some(items: list[Any], path: str) -> None:
    if not items:
        raise InvalidError(f"{path} is empty", path=path, constraint="size >= 1")
