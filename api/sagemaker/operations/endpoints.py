"""Endpoints as records: whoever runs one says so here, and each change is a deployment with a beginning and an end."""

from typing import Any

from api.sagemaker import hosting, shapes
from api.sagemaker.calls import Call, Input, Output, operation
from graph.entities import Entity
from graph.hosting import endpoints, names, records, variants
from graph.hosting.deployments import Undeploy
from graph.hosting.names import Hosted
from graph.hosting.variants import Variant

STATUS = "InService"
NOTE = "A record: Stemma serves no model. InService at once. "
ADDRESS = f"The tag {endpoints.ADDRESS} says where a self-hosted model answers."


@operation("CreateEndpoint", note=NOTE + ADDRESS)
async def create_endpoint(call: Call, given: Input) -> Output:
    """Begin to run what a configuration says."""
    name = given["EndpointName"]
    arn = hosting.own_arn(call, Hosted.ENDPOINT, name)
    made = await endpoints.create(
        *(call.catalog.store, call.place, name, given["EndpointConfigName"]),
        deployment=given.get("DeploymentConfig"),
        tags=shapes.tags_given(given.get("Tags")),
    )
    await call.write(made)
    return {"EndpointArn": arn}


@operation("DescribeEndpoint")
async def describe_endpoint(call: Call, given: Input) -> Output:
    """One endpoint, with what it runs now."""
    entity, asked = await hosting.find(call, Hosted.ENDPOINT, given["EndpointName"])
    held = variants.held(entity.specification)
    capture = asked.get("DataCaptureConfig")
    kept = ("AsyncInferenceConfig", "ExplainerConfig", "MetricsConfig", "CrossRegionTrafficConfig")
    return {
        **_summary(entity),
        "EndpointConfigName": asked["EndpointConfigName"],
        "ProductionVariants": [_variant(entity, variant) for variant in held if not variant.shadow],
        "ShadowProductionVariants": [_variant(entity, variant) for variant in held if variant.shadow] or None,
        "DataCaptureConfig": None if capture is None else _capture(capture),
        "LastDeploymentConfig": asked.get("DeploymentConfig"),
        **{name: asked[name] for name in kept if name in asked},
    }


@operation("UpdateEndpoint", note=NOTE + "Variants that stay as they are go on without a new deployment.")
async def update_endpoint(call: Call, given: Input) -> Output:
    """Run what another configuration says."""
    arn = hosting.own_arn(call, Hosted.ENDPOINT, given["EndpointName"])
    made = await endpoints.update(
        *(call.catalog.store, call.place, given["EndpointName"], given["EndpointConfigName"]),
        retain=given.get("RetainAllVariantProperties", False),
        renewed=[item["VariantPropertyType"] for item in given.get("ExcludeRetainedVariantProperties", ())],
        deployment=given.get("DeploymentConfig"),
        retain_deployment=given.get("RetainDeploymentConfig", False),
    )
    await call.write(made)
    return {"EndpointArn": arn}


@operation("UpdateEndpointWeightsAndCapacities", note="Also of models that are rejected or deleted by now.")
async def update_endpoint_weights_and_capacities(call: Call, given: Input) -> Output:
    """Change how much of the requests variants get, and what answers them."""
    arn = hosting.own_arn(call, Hosted.ENDPOINT, given["EndpointName"])
    wanted = {item["VariantName"]: item for item in given["DesiredWeightsAndCapacities"]}
    await call.write(await endpoints.reweigh(call.catalog.store, call.place, given["EndpointName"], wanted))
    return {"EndpointArn": arn}


@operation("DeleteEndpoint", note="Its deployments end; they stay in the history.")
async def delete_endpoint(call: Call, given: Input) -> Output:
    """End an endpoint and what it runs."""
    hosting.own_arn(call, Hosted.ENDPOINT, given["EndpointName"])
    await call.write(Undeploy(call.place, names.checked(given["EndpointName"], "EndpointName")))
    return {}


@operation(
    "ListEndpoints", note="NameContains ignores case. Every endpoint is InService, so SortBy Status is by creation."
)
async def list_endpoints(call: Call, given: Input) -> Output:
    """A page of endpoints."""
    if given.get("StatusEquals", STATUS) != STATUS:
        return {"Endpoints": []}
    return await hosting.listed(call, given, Hosted.ENDPOINT, "Endpoints", _summary)


def _summary(entity: Entity) -> dict[str, Any]:
    return {
        "EndpointName": records.shown_name(entity),
        "EndpointArn": entity.resource_arn,
        "CreationTime": entity.created_at,
        "LastModifiedTime": entity.modified_at,
        "EndpointStatus": STATUS,
    }


def _variant(entity: Entity, variant: Variant) -> dict[str, Any]:
    settings = variant.settings or {}
    kept = ("ManagedInstanceScaling", "RoutingConfig", "InstancePools")
    return {
        "VariantName": variant.name,
        "DeployedImages": [
            {"SpecifiedImage": image, "ResolvedImage": image, "ResolutionTime": entity.modified_at}
            for image in variant.images
        ],
        "CurrentWeight": variant.weight,
        "DesiredWeight": variant.weight,
        "CurrentInstanceCount": variant.count,
        "DesiredInstanceCount": variant.count,
        "CurrentServerlessConfig": variant.serverless,
        "DesiredServerlessConfig": variant.serverless,
        **{name: settings[name] for name in kept if name in settings},
    }


def _capture(asked: dict[str, Any]) -> dict[str, Any]:
    captures = asked.get("EnableCapture", False)
    return {
        "EnableCapture": captures,
        "CaptureStatus": "Started" if captures else "Stopped",
        "CurrentSamplingPercentage": asked["InitialSamplingPercentage"],
        "DestinationS3Uri": asked["DestinationS3Uri"],
        "KmsKeyId": asked.get("KmsKeyId", ""),
    }
