"""What can be done in the model registry."""

from typing import Any

import strawberry

from api.graphql import payloads
from api.graphql.context import Context, Info
from api.graphql.names import FileState
from api.graphql.payloads import Recorded
from api.graphql.registry import ModelGroup, ModelVersion
from api.graphql.registry_inputs import (
    CheckModelDataInput,
    CreateModelGroupInput,
    DecideInput,
    DeleteModelGroupInput,
    DeleteModelVersionInput,
    RegisterModelVersionInput,
    SetAliasInput,
    SetGatesInput,
    request_of,
)
from api.graphql.requests import pairs
from api.graphql.scalars import BigInt
from graph.changes import Command
from graph.registry import gates, groups, lists, names
from graph.registry.amending import amend
from graph.registry.versions import DeletePackage, register
from graph.store.writer import Outcome
from graph.times import to_ms
from monitors import model_data


@strawberry.type
class RegistryDeletionPayload(Recorded):
    """What ended; it stays in the history."""

    arn: strawberry.ID


@strawberry.type
class ModelDataFile:
    """A file of a version's model data: the digest with which it was registered, and that of what lies there now."""

    uri: str
    state: FileState
    message: str
    registered: str | None
    found: str | None


@strawberry.type
class ModelDataPayload:
    """What a look at model data came to; `sequence` is null when it told nothing new."""

    passed: bool
    files: list[ModelDataFile]
    sequence: BigInt | None


@strawberry.type
class ModelGroupPayload(Recorded):
    """A group that was written, as it then was."""

    arn: strawberry.ID
    created: bool
    group: ModelGroup


@strawberry.type
class ModelVersionPayload(Recorded):
    """A version that was written, as it then was."""

    arn: strawberry.ID
    created: bool
    version: ModelVersion
    missing: list[str] = strawberry.field(
        default_factory=list,
        description="What an approval that was recorded still needs before the version is approved.",
    )


@strawberry.type
class RegistryMutations:
    """What can be done in the registry."""

    @strawberry.mutation
    async def create_model_group(self, info: Info, input: CreateModelGroupInput) -> ModelGroupPayload:
        tags = pairs(input.tags, "tags")
        place = info.context.place
        put = groups.create(place, input.name, description=input.description, tags=tags, exclusive=input.exclusive)
        outcome = await _write(info.context, "createModelGroup", put, input.client_request_id)
        return await _group_payload(info.context, put.arn, outcome)

    @strawberry.mutation
    async def register_model_version(self, info: Info, input: RegisterModelVersionInput) -> ModelVersionPayload:
        """Makes the next version of a group, with its lineage."""
        context = info.context
        command = register(
            context.place,
            request_of(input),
            group=input.group,
            approval=input.approval,
            reason=input.reason,
            tags=pairs(input.tags, "tags"),
        )
        outcome = await _write(context, "registerModelVersion", command, input.client_request_id)
        arn = outcome.applied[0].arn
        if arn is None and outcome.sequence is not None:  # repeated under its id
            own = await lists.registered(context.catalog.store, context.account, outcome.sequence)
            arn = names.package_arn(context.place, names.package(context.place, own[0]))
        return await _version_payload(context, arn or "", outcome)

    @strawberry.mutation
    async def decide(self, info: Info, input: DecideInput) -> ModelVersionPayload:
        """Approves or rejects a version; what it says already changes nothing.

        An approval that the gates of the group need, and that is not enough yet, is recorded: the version stays what it was,
        and `missing` says what else it needs.
        """
        command = amend(
            *(info.context.place, input.version),
            approval=input.decision,
            reason=input.reason,
            override=input.override,
        )
        outcome = await _write(info.context, "decide", command, input.client_request_id)
        return await _version_payload(info.context, command.arn, outcome)

    @strawberry.mutation
    async def delete_model_version(self, info: Info, input: DeleteModelVersionInput) -> RegistryDeletionPayload:
        """Ends a version: its associations and aliases end with it, and its number is not given again."""
        place = info.context.place
        command = DeletePackage(place, names.package(place, input.version))
        outcome = await _write(info.context, "deleteModelVersion", command, input.client_request_id)
        return _deletion(command.arn, outcome)

    @strawberry.mutation
    async def delete_model_group(self, info: Info, input: DeleteModelGroupInput) -> RegistryDeletionPayload:
        """Ends a group that has no versions; one with gates takes the role admin."""
        place = info.context.place
        command = groups.DeleteGroup(place, names.group_name(place, input.group))
        outcome = await _write(info.context, "deleteModelGroup", command, input.client_request_id)
        return _deletion(command.arn, outcome)

    @strawberry.mutation
    async def check_model_data(self, info: Info, input: CheckModelDataInput) -> ModelDataPayload:
        """Looks whether a version's model data is still what was registered, as far as the service may read it.

        What lies there is recorded, so that the version shows when its approval is stale.
        """
        context = info.context
        when = await context.catalog.moment(context.account)
        version = await lists.package(context.catalog.store, context.place, input.version, when)
        found = await model_data.check(context.catalog, context.caller, context.policy, version)
        files = [
            ModelDataFile(
                uri=each.uri, state=each.state, message=each.message, registered=each.registered, found=each.found
            )
            for each in found.files
        ]
        sequence = None if found.sequence is None else BigInt(found.sequence)
        return ModelDataPayload(passed=found.passed, files=files, sequence=sequence)

    @strawberry.mutation
    async def set_gates(self, info: Info, input: SetGatesInput) -> ModelGroupPayload:
        """Lets a group ask for other things before a version may be approved; it takes the role admin."""
        command = gates.set_gates(
            *(info.context.place, input.group),
            approvals=input.required_approvals,
            bounds=[gates.Bound(each.name, each.at_least, each.at_most) for each in input.metrics or ()],
            violations_since=None if input.no_violations_since is None else to_ms(input.no_violations_since),
            card=input.approved_model_card,
            licences=input.licensed_data,
        )
        outcome = await _write(info.context, "setGates", command, input.client_request_id)
        return await _group_payload(info.context, command.arn, outcome)

    @strawberry.mutation
    async def set_alias(self, info: Info, input: SetAliasInput) -> ModelGroupPayload:
        """Lets an alias name another version; who expects a version that it names no longer is told CONFLICT."""
        expected = groups.ANY if input.expected is None else input.expected or None
        command = groups.set_alias(info.context.place, input.group, input.alias, input.version, expected=expected)
        outcome = await _write(info.context, "setAlias", command, input.client_request_id)
        return await _group_payload(info.context, command.arn, outcome)


async def _write(context: Context, operation: str, command: Command, request_id: str | None) -> Outcome:
    return await context.catalog.write(context.caller, [command], operation=operation, request_id=request_id)


async def _group_payload(context: Context, arn: str, outcome: Outcome) -> ModelGroupPayload:
    when = await payloads.after(context, outcome)
    group = ModelGroup(data=await context.entity(arn, when), when=when)
    return ModelGroupPayload(arn=strawberry.ID(arn), group=group, **_recorded(outcome))


async def _version_payload(context: Context, arn: str, outcome: Outcome) -> ModelVersionPayload:
    when = await payloads.after(context, outcome)
    version = ModelVersion(data=await context.entity(arn, when), when=when)
    missing = list(outcome.applied[0].missing)
    return ModelVersionPayload(arn=strawberry.ID(arn), version=version, missing=missing, **_recorded(outcome))


def _deletion(arn: str, outcome: Outcome) -> RegistryDeletionPayload:
    return RegistryDeletionPayload(
        arn=strawberry.ID(arn), sequence=payloads.sequence(outcome), recorded_at=payloads.recorded_at(outcome)
    )


def _recorded(outcome: Outcome) -> dict[str, Any]:
    return {
        "created": outcome.applied[0].created,
        "sequence": payloads.sequence(outcome),
        "recorded_at": payloads.recorded_at(outcome),
    }
