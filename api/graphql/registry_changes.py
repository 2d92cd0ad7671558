"""What can be done in the model registry."""

from typing import Any

import orjson
import strawberry

from api.graphql import payloads
from api.graphql.context import Context, Info
from api.graphql.inputs import TagInput
from api.graphql.names import Approval
from api.graphql.payloads import Recorded
from api.graphql.registry import ModelGroup, ModelVersion
from api.graphql.requests import pairs
from api.sagemaker.failures import ProtocolError
from api.sagemaker.model import service
from api.sagemaker.validation import validate
from graph.changes import Command
from graph.errors import InvalidError
from graph.registry import groups, lists, names
from graph.registry.amending import amend
from graph.registry.versions import register
from graph.store.writer import Outcome


@strawberry.input
class CreateModelGroupInput:
    """A new group; with `exclusive` false, one that exists already is the answer."""

    name: str
    description: str | None = None
    tags: list[TagInput] | None = None
    exclusive: bool = False
    client_request_id: str | None = None


@strawberry.input
class ContainerInput:
    """An image with model data."""

    image: str | None = None
    image_digest: str | None = None
    model_data_url: str | None = None
    model_data_etag: str | None = None


@strawberry.input
class RegisterModelVersionInput:
    """A new version of a group, named by name or ARN; `specification` is JSON text with more of SageMaker's words.

    Such are `ModelMetrics` and `CustomerMetadataProperties`. APPROVED and REJECTED take the role approver.
    """

    group: strawberry.ID
    containers: list[ContainerInput] | None = None
    description: str | None = None
    source_uri: str | None = None
    specification: str | None = None
    approval: Approval | None = None
    reason: str | None = None
    tags: list[TagInput] | None = None
    client_request_id: str | None = None


@strawberry.input
class DecideInput:
    """A decision on a version, named by its ARN or as `churn/7`; it takes the role approver."""

    version: strawberry.ID
    decision: Approval
    reason: str | None = None
    client_request_id: str | None = None


@strawberry.input
class SetAliasInput:
    """Which version of a group an alias names, or none; `expected` is the one that it has to name until then, 0 for none."""

    group: strawberry.ID
    alias: str
    version: int | None = None
    expected: int | None = None
    client_request_id: str | None = None


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
            _request(input),
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
        """Approves or rejects a version; what it says already changes nothing."""
        command = amend(info.context.place, input.version, approval=input.decision, reason=input.reason)
        outcome = await _write(info.context, "decide", command, input.client_request_id)
        return await _version_payload(info.context, command.arn, outcome)

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
    return ModelVersionPayload(arn=strawberry.ID(arn), version=version, **_recorded(outcome))


def _recorded(outcome: Outcome) -> dict[str, Any]:
    return {
        "created": outcome.applied[0].created,
        "sequence": payloads.sequence(outcome),
        "recorded_at": payloads.recorded_at(outcome),
    }


def _request(given: RegisterModelVersionInput) -> dict[str, Any]:
    """The request in SageMaker's words, held to SageMaker's model.

    Raises:
        InvalidError: it does not fit.
    """
    try:
        more: Any = orjson.loads(given.specification) if given.specification is not None else {}
    except orjson.JSONDecodeError:
        more = None
    if not isinstance(more, dict):
        raise InvalidError(
            "specification is no JSON object", path="specification", constraint="the text of a JSON object"
        )
    request: dict[str, Any] = {**more, "ModelPackageGroupName": given.group}
    if given.containers:
        named = {"Image": "image", "ImageDigest": "image_digest", "ModelDataUrl": "model_data_url"}
        named["ModelDataETag"] = "model_data_etag"
        containers = [
            {key: value for key, field in named.items() if (value := getattr(item, field)) is not None}
            for item in given.containers
        ]
        request["InferenceSpecification"] = {**request.get("InferenceSpecification", {}), "Containers": containers}
    for key, value in (("ModelPackageDescription", given.description), ("SourceUri", given.source_uri)):
        if value is not None:
            request[key] = value
    kept = ("Tags", "ClientToken", "ModelApprovalStatus", "ModelPackageName")
    if wrong := [key for key in kept if key in request]:
        raise InvalidError(
            f"{wrong[0]} is an input of its own", path="specification", constraint=f"without {', '.join(kept)}"
        )
    operation = service("sagemaker").operation("CreateModelPackage")
    assert operation is not None
    try:
        held: dict[str, Any] = validate(operation.input_shape, request)
    except ProtocolError as error:
        raise InvalidError(error.message, path="specification", constraint="SageMaker's CreateModelPackage") from None
    if unknown := set(request) - set(held):
        raise InvalidError(
            f"specification has {min(unknown)[:60]!r}, which is no member of CreateModelPackage",
            path="specification",
            constraint="members of SageMaker's CreateModelPackage",
        )
    return held
