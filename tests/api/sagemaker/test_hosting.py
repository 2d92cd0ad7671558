"""Models, endpoint configurations and endpoints, through boto3."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.sagemaker.conftest import Aws

IMAGE = "1.dkr.ecr.us-east-1.amazonaws.com/xgb:1"
ROLE = "arn:aws:iam::123456789012:role/ml"
CONTAINER = {"Image": IMAGE, "ModelDataUrl": "s3://b/model.tar.gz", "Environment": {"K": "v"}}
CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 50,
    "DestinationS3Uri": "s3://b/captured",
    "CaptureOptions": [{"CaptureMode": "Input"}],
}


def variant(name: str, model: str, weight: float = 1.0, **more: Any) -> dict[str, Any]:
    capacity = {} if "ServerlessConfig" in more else {"InitialInstanceCount": 2, "InstanceType": "ml.m5.large"}
    return {"VariantName": name, "ModelName": model, "InitialVariantWeight": weight, **capacity, **more}


async def config(aws: Aws, name: str, *variants: dict[str, Any], **more: Any) -> str:
    made = await aws("create_endpoint_config", EndpointConfigName=name, ProductionVariants=list(variants), **more)
    arn: str = made["EndpointConfigArn"]
    return arn


async def test_a_model_is_described_as_it_was_made(aws: Aws) -> None:
    made = await aws("create_model", ModelName="Churn", PrimaryContainer=CONTAINER, ExecutionRoleArn=ROLE)
    assert made == {"ModelArn": aws.arn("model/churn")}
    found = await aws("describe_model", ModelName="churn")
    assert (found["ModelName"], found["ModelArn"]) == ("Churn", made["ModelArn"])
    assert (found["PrimaryContainer"], found["ExecutionRoleArn"]) == (CONTAINER, ROLE)
    assert found["EnableNetworkIsolation"] is False
    taken = await aws.refused("create_model", ModelName="Churn", PrimaryContainer=CONTAINER)
    assert taken == ("ValidationException", f'Cannot create already existing model "{made["ModelArn"]}".')
    for given in ({}, {"PrimaryContainer": CONTAINER, "Containers": [CONTAINER]}):
        assert (await aws.refused("create_model", ModelName="m", **given))[0] == "ValidationException"
    await aws("add_tags", ResourceArn=made["ModelArn"], Tags=[{"Key": "k", "Value": "v"}])
    assert (await aws("list_tags", ResourceArn=made["ModelArn"]))["Tags"] == [{"Key": "k", "Value": "v"}]
    (source,) = (await aws("list_artifacts", SourceUri=made["ModelArn"]))["ArtifactSummaries"]
    assert source["ArtifactType"] == "Model"
    await aws("delete_model", ModelName="churn")
    missing = ("ValidationException", f'Could not find model "{made["ModelArn"]}".')
    for operation in ("describe_model", "delete_model"):
        assert await aws.refused(operation, ModelName="Churn") == missing


async def test_a_configuration_is_described_as_it_was_made(aws: Aws) -> None:
    missing = await aws.refused(
        "create_endpoint_config", EndpointConfigName="c", ProductionVariants=[variant("v", "m")]
    )
    assert missing == ("ValidationException", f'Could not find model "{aws.arn("model/m")}".')
    await aws("create_model", ModelName="m", PrimaryContainer=CONTAINER)
    shadow = [variant("s", "m", 0.5)]
    arn = await config(aws, "C", variant("v", "m"), ShadowProductionVariants=shadow, DataCaptureConfig=CAPTURE)
    assert arn == aws.arn("endpoint-config/c")
    found = await aws("describe_endpoint_config", EndpointConfigName="c")
    assert (found["EndpointConfigName"], found["EndpointConfigArn"]) == ("C", arn)
    assert (found["ProductionVariants"], found["ShadowProductionVariants"]) == ([variant("v", "m")], shadow)
    assert found["DataCaptureConfig"] == CAPTURE
    twice = [variant("v", "m"), variant("v", "m")]
    refused = await aws.refused("create_endpoint_config", EndpointConfigName="d", ProductionVariants=twice)
    assert refused == ("ValidationException", "The variant names v are there twice")
    taken = await aws.refused("create_endpoint_config", EndpointConfigName="c", ProductionVariants=[variant("v", "m")])
    assert taken[1] == f'Cannot create already existing endpoint configuration "{arn}".'
    await aws("delete_endpoint_config", EndpointConfigName="c")
    for operation in ("describe_endpoint_config", "delete_endpoint_config"):
        assert (await aws.refused(operation, EndpointConfigName="c"))[1] == (
            f'Could not find endpoint configuration "{arn}".'
        )


async def test_an_endpoint_lives_through_its_changes(aws: Aws) -> None:
    for name in ("one", "two"):
        await aws("create_model", ModelName=name, PrimaryContainer=CONTAINER)
    serverless = {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
    await config(aws, "first", variant("blue", "one"), variant("green", "one", 0.0), DataCaptureConfig=CAPTURE)
    await config(aws, "second", variant("blue", "two", 0.3), variant("green", "one", 0.7))
    await config(aws, "third", variant("only", "two", ServerlessConfig=serverless))
    arn = aws.arn("endpoint/scores")
    tags = [{"Key": "stemma:address", "Value": "https://scores.example"}]
    deployment = {
        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}}
    }
    made = await aws("create_endpoint", EndpointName="Scores", EndpointConfigName="First", Tags=tags)
    assert made == {"EndpointArn": arn}
    taken = await aws.refused("create_endpoint", EndpointName="scores", EndpointConfigName="first")
    assert taken == ("ValidationException", f'Cannot create already existing endpoint "{arn}".')

    async def shown() -> dict[str, tuple[float, int]]:
        found = await aws("describe_endpoint", EndpointName="scores")
        return {
            item["VariantName"]: (item["CurrentWeight"], item.get("CurrentInstanceCount", 0))
            for item in found["ProductionVariants"]
        }

    found = await aws("describe_endpoint", EndpointName="scores")
    assert (found["EndpointName"], found["EndpointStatus"]) == ("Scores", "InService")
    assert found["EndpointConfigName"] == "first"
    assert [image["SpecifiedImage"] for image in found["ProductionVariants"][0]["DeployedImages"]] == [IMAGE]
    assert (found["DataCaptureConfig"]["CaptureStatus"], found["DataCaptureConfig"]["CurrentSamplingPercentage"]) == (
        "Started",
        50,
    )
    assert await shown() == {"blue": (1.0, 2), "green": (0.0, 2)}
    wanted = [{"VariantName": "green", "DesiredWeight": 0.5, "DesiredInstanceCount": 4}]
    await aws("update_endpoint_weights_and_capacities", EndpointName="scores", DesiredWeightsAndCapacities=wanted)
    assert await shown() == {"blue": (1.0, 2), "green": (0.5, 4)}
    given = {"EndpointName": "scores", "EndpointConfigName": "second", "RetainAllVariantProperties": True}
    renewed = [{"VariantPropertyType": "DesiredInstanceCount"}]
    await aws("update_endpoint", **given, ExcludeRetainedVariantProperties=renewed, DeploymentConfig=deployment)
    assert await shown() == {"blue": (1.0, 2), "green": (0.5, 2)}
    found = await aws("describe_endpoint", EndpointName="scores")
    assert (found["LastDeploymentConfig"], found["DataCaptureConfig"]["DestinationS3Uri"]) == (
        deployment,
        "s3://b/captured",
    )
    await aws("update_endpoint", EndpointName="scores", EndpointConfigName="second", RetainDeploymentConfig=True)
    assert await shown() == {"blue": (0.3, 2), "green": (0.7, 2)}
    await aws("update_endpoint", EndpointName="scores", EndpointConfigName="third")
    found = await aws("describe_endpoint", EndpointName="scores")
    assert found["ProductionVariants"][0]["CurrentServerlessConfig"] == serverless
    assert "LastDeploymentConfig" not in found
    (context,) = (await aws("list_contexts", SourceUri=arn))["ContextSummaries"]
    assert context["ContextType"] == "Endpoint"
    given = {"DestinationArn": context["ContextArn"], "AssociationType": "AssociatedWith"}
    ends = (await aws("list_associations", **given))["AssociationSummaries"]
    assert sorted(item["SourceType"] for item in ends) == ["ModelDeployment", "ModelReplaced"]
    await aws("delete_endpoint", EndpointName="scores")
    for operation, more in (
        ("describe_endpoint", {}),
        ("delete_endpoint", {}),
        ("update_endpoint", {"EndpointConfigName": "first"}),
        ("update_endpoint_weights_and_capacities", {"DesiredWeightsAndCapacities": wanted}),
    ):
        refused = await aws.refused(operation, EndpointName="Scores", **more)
        assert refused == ("ValidationException", f'Could not find endpoint "{arn}".')


@pytest.mark.parametrize(
    ("family", "key", "member"),
    [("models", "ModelName", "Models"), ("endpoint_configs", "EndpointConfigName", "EndpointConfigs")],
)
async def test_lists_filter_and_sort(aws: Aws, family: str, key: str, member: str) -> None:
    before = datetime.now(UTC)
    for name in ("b-one", "A-two", "c-One"):
        await aws("create_model", ModelName=name, PrimaryContainer=CONTAINER)
        await config(aws, name, variant("v", name))

    async def listed(**given: Any) -> list[str]:
        pages = await aws.pages(f"list_{family}", MaxResults=2, **given)
        return [item[key] for page in pages for item in page[member]]

    assert await listed() == ["c-One", "A-two", "b-one"]
    assert await listed(SortOrder="Ascending") == ["b-one", "A-two", "c-One"]
    assert await listed(SortBy="Name", SortOrder="Ascending") == ["A-two", "b-one", "c-One"]
    assert await listed(SortBy="Name") == ["c-One", "b-one", "A-two"]
    assert await listed(NameContains="ONE") == ["c-One", "b-one"]
    assert await listed(CreationTimeBefore=before - timedelta(minutes=1)) == []
    assert await listed(CreationTimeAfter=before + timedelta(minutes=1)) == []
    assert len(await listed(CreationTimeAfter=before - timedelta(minutes=1))) == 3


async def test_endpoints_are_listed_by_changes_too(aws: Aws) -> None:
    await aws("create_model", ModelName="m", PrimaryContainer=CONTAINER)
    await config(aws, "c", variant("v", "m"))
    for name in ("a", "b", "c"):
        await aws("create_endpoint", EndpointName=name, EndpointConfigName="c")
    wanted = [{"VariantName": "v", "DesiredWeight": 0.5}]
    await aws("update_endpoint_weights_and_capacities", EndpointName="a", DesiredWeightsAndCapacities=wanted)
    changed = (await aws("describe_endpoint", EndpointName="a"))["LastModifiedTime"]

    async def listed(**given: Any) -> list[str]:
        pages = await aws.pages("list_endpoints", MaxResults=1, **given)
        return [item["EndpointName"] for page in pages for item in page["Endpoints"]]

    assert await listed() == await listed(SortBy="Status") == ["c", "b", "a"]
    assert await listed(SortBy="Name", SortOrder="Ascending", StatusEquals="InService") == ["a", "b", "c"]
    assert await listed(StatusEquals="Failed") == []
    assert await listed(LastModifiedTimeAfter=changed) == ["a"]
    assert await listed(LastModifiedTimeBefore=changed) == ["c", "b"]
    assert await listed(LastModifiedTimeBefore=changed, NameContains="b") == ["b"]
