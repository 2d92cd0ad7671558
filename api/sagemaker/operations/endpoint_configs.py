"""Endpoint configurations as records: which models an endpoint is to run, and what it captures."""

from typing import Any

from api.sagemaker import hosting
from api.sagemaker.calls import Call, Input, Output, operation
from graph.entities import Entity
from graph.errors import InvalidError
from graph.hosting import records
from graph.hosting.names import Hosted

REPEATED = (
    *("ProductionVariants", "ShadowProductionVariants", "DataCaptureConfig", "KmsKeyId", "AsyncInferenceConfig"),
    *("ExplainerConfig", "ExecutionRoleArn", "VpcConfig", "EnableNetworkIsolation", "MetricsConfig"),
    "CrossRegionTrafficConfig",
)


@operation("CreateEndpointConfig")
async def create_endpoint_config(call: Call, given: Input) -> Output:
    """A new configuration of models that exist."""
    variants = [*given["ProductionVariants"], *given.get("ShadowProductionVariants", ())]
    named = [variant["VariantName"] for variant in variants]
    if twice := sorted({name for name in named if named.count(name) > 1}):
        raise InvalidError(f"The variant names {', '.join(twice)} are there twice", path="ProductionVariants")
    name = given["EndpointConfigName"]
    return {"EndpointConfigArn": await hosting.create(call, Hosted.CONFIG, given, name)}


@operation("DescribeEndpointConfig")
async def describe_endpoint_config(call: Call, given: Input) -> Output:
    """One configuration."""
    entity, asked = await hosting.find(call, Hosted.CONFIG, given["EndpointConfigName"])
    return {
        **_summary(entity),
        "EnableNetworkIsolation": False,
        **{name: asked[name] for name in REPEATED if name in asked},
    }


@operation("ListEndpointConfigs", note="NameContains ignores case.")
async def list_endpoint_configs(call: Call, given: Input) -> Output:
    """A page of configurations."""
    return await hosting.listed(call, given, Hosted.CONFIG, "EndpointConfigs", _summary)


@operation("DeleteEndpointConfig", note="Endpoints that run it go on.")
async def delete_endpoint_config(call: Call, given: Input) -> Output:
    """End a configuration."""
    await hosting.delete(call, Hosted.CONFIG, given["EndpointConfigName"])
    return {}


def _summary(entity: Entity) -> dict[str, Any]:
    return {
        "EndpointConfigName": records.shown_name(entity),
        "EndpointConfigArn": entity.resource_arn,
        "CreationTime": entity.created_at,
    }
