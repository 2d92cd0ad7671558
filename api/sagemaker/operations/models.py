"""Models as records: containers, or the model package that one is made from."""

from typing import Any

from api.sagemaker import hosting
from api.sagemaker.calls import Call, Input, Output, operation
from graph.access import Permission, require
from graph.entities import Entity
from graph.errors import InvalidError
from graph.hosting import records
from graph.hosting.names import Hosted

REPEATED = (
    *("PrimaryContainer", "Containers", "InferenceExecutionConfig", "ExecutionRoleArn", "VpcConfig"),
    "EnableNetworkIsolation",
)


@operation("CreateModel", note="A version that is not approved is refused. Nothing is downloaded or started.")
async def create_model(call: Call, given: Input) -> Output:
    """A new model, linked with its images, model data and model packages."""
    require(call.caller, Permission.WRITE)
    if ("PrimaryContainer" in given) == bool(given.get("Containers")):
        raise InvalidError("Either PrimaryContainer or Containers has to be given, and not both", path="Containers")
    return {"ModelArn": await hosting.create(call, Hosted.MODEL, given, given["ModelName"])}


@operation("DescribeModel")
async def describe_model(call: Call, given: Input) -> Output:
    """One model."""
    entity, asked = await hosting.find(call, Hosted.MODEL, given["ModelName"])
    return {
        **_summary(entity),
        "EnableNetworkIsolation": False,
        **{name: asked[name] for name in REPEATED if name in asked},
    }


@operation("ListModels", note="NameContains ignores case.")
async def list_models(call: Call, given: Input) -> Output:
    """A page of models."""
    return await hosting.listed(call, given, Hosted.MODEL, "Models", _summary)


@operation("DeleteModel", note="What was deployed with it keeps its deployments.")
async def delete_model(call: Call, given: Input) -> Output:
    """End a model."""
    await hosting.delete(call, Hosted.MODEL, given["ModelName"])
    return {}


def _summary(entity: Entity) -> dict[str, Any]:
    return {
        "ModelName": records.shown_name(entity),
        "ModelArn": entity.resource_arn,
        "CreationTime": entity.created_at,
    }
