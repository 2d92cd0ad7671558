"""What is given to change the model registry."""

from datetime import datetime
from typing import Any

import orjson
import strawberry

from api.graphql.inputs import TagInput
from api.graphql.names import Approval
from api.sagemaker.failures import ProtocolError
from api.sagemaker.model import service
from api.sagemaker.validation import validate
from graph.errors import InvalidError


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
    """A decision on a version, named by its ARN or as `churn/7`; it takes the role approver.

    With `override` it is approved whatever the gates of its group find; that takes the role admin and a reason, and is marked.
    """

    version: strawberry.ID
    decision: Approval
    reason: str | None = None
    override: bool = False
    client_request_id: str | None = None


@strawberry.input
class SetAliasInput:
    """Which version of a group an alias names, or none; `expected` is the one that it has to name until then, 0 for none."""

    group: strawberry.ID
    alias: str
    version: int | None = None
    expected: int | None = None
    client_request_id: str | None = None


@strawberry.input
class MetricBoundInput:
    """What the newest evaluation of a version has to say of a metric; at least one of both."""

    name: str
    at_least: float | None = None
    at_most: float | None = None


@strawberry.input
class SetGatesInput:
    """What a group asks of a version before it may be approved, in place of all that it asked before; see `Gates`."""

    group: strawberry.ID
    required_approvals: int = 0
    metrics: list[MetricBoundInput] | None = None
    no_violations_since: datetime | None = None
    approved_model_card: bool = False
    licensed_data: bool = False
    client_request_id: str | None = None


@strawberry.input
class DeleteModelVersionInput:
    """A version that is to end, by its ARN or as `churn/7`."""

    version: strawberry.ID
    client_request_id: str | None = None


@strawberry.input
class CheckModelDataInput:
    """The version whose model data is to be looked at, by its ARN or as `churn/7`."""

    version: strawberry.ID


@strawberry.input
class DeleteModelGroupInput:
    """A group that is to end, by its name or ARN."""

    group: strawberry.ID
    client_request_id: str | None = None


def request_of(given: RegisterModelVersionInput) -> dict[str, Any]:
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
