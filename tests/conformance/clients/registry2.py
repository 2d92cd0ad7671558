"""Registering and deploying through version 2's `Model.register()` and `Session.create_model_package_from_containers`."""

import sdk
from sagemaker import Model, ModelPackage
from sagemaker.metadata_properties import MetadataProperties
from sagemaker.model_metrics import MetricsSource, ModelMetrics

ROLE = "arn:aws:iam::123456789012:role/service"
IMAGE = "1.dkr.ecr.us-east-1.amazonaws.com/xgb:1"
DATA = "s3://models-of-ours/churn/model.tar.gz"
METRICS = "s3://models-of-ours/churn/evaluation.json"


def described(arn):
    return sdk.client().describe_model_package(ModelPackageName=arn)


def scenario_a_model_registers_itself_as_versions_of_its_group():
    session, group = sdk.session(), sdk.name("churn")
    model = Model(image_uri=IMAGE, model_data=DATA, role=ROLE, sagemaker_session=session)
    quality = ModelMetrics(model_statistics=MetricsSource(content_type="application/json", s3_uri=METRICS))
    told = {
        "content_types": ["text/csv"],
        "response_types": ["text/csv"],
        "inference_instances": ["ml.m5.large"],
        "transform_instances": ["ml.m5.large"],
        "model_package_group_name": group,
    }
    first = model.register(
        **told,
        model_metrics=quality,
        metadata_properties=MetadataProperties(commit_id="4f2a", repository="https://git.example/churn"),
        description="first",
        customer_metadata_properties={"team": "risk"},
        domain="MACHINE_LEARNING",
        task="CLASSIFICATION",
    )
    assert isinstance(first, ModelPackage)
    found = described(first.model_package_arn)
    assert (found["ModelPackageVersion"], found["ModelApprovalStatus"]) == (1, "PendingManualApproval")
    (container,) = found["InferenceSpecification"]["Containers"]
    assert (container["Image"], container["ModelDataUrl"]) == (IMAGE, DATA)
    assert found["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"] == METRICS
    assert found["MetadataProperties"] == {"CommitId": "4f2a", "Repository": "https://git.example/churn"}
    assert (found["CustomerMetadataProperties"], found["Task"]) == ({"team": "risk"}, "CLASSIFICATION")
    second = model.register(**told, approval_status="Approved")
    found = described(second.model_package_arn)
    assert (found["ModelPackageVersion"], found["ModelApprovalStatus"]) == (2, "Approved")
    first.update_approval_status("Rejected", approval_description="too old")
    assert described(first.model_package_arn)["ApprovalDescription"] == "too old"
    first.update_customer_metadata({"team": "fraud"})
    first.remove_customer_metadata_properties(["team"])
    assert "CustomerMetadataProperties" not in described(first.model_package_arn)


def scenario_containers_become_a_version_or_a_package_of_its_own():
    session, group, own = sdk.session(), sdk.name("churn"), sdk.name("own")
    containers = [{"Image": IMAGE, "ModelDataUrl": DATA}, {"Image": IMAGE.replace("xgb", "post"), "ModelDataUrl": DATA}]
    told = {"content_types": ["text/csv"], "response_types": ["text/csv"], "inference_instances": ["ml.m5.large"]}
    made = session.create_model_package_from_containers(
        containers=containers, **told, model_package_group_name=group, approval_status="Approved"
    )
    found = described(made["ModelPackageArn"])
    assert [each["Image"] for each in found["InferenceSpecification"]["Containers"]] == [
        each["Image"] for each in containers
    ]
    assert found["ModelPackageGroupName"] == group
    made = session.create_model_package_from_containers(
        containers=containers[:1], **told, transform_instances=["ml.m5.large"], model_package_name=own
    )
    found = described(own)
    assert found["ModelPackageArn"] == made["ModelPackageArn"]
    assert "ModelPackageVersion" not in found
    sdk.refused(
        "ValidationException",
        "",
        session.create_model_package_from_containers,
        containers=containers[:1],
        **told,
        model_package_group_name=sdk.name("not_a_name"),
    )


def scenario_a_registered_version_is_deployed_and_replaced():
    session, name = sdk.session(), sdk.name("churn")
    told = {"content_types": ["text/csv"], "response_types": ["text/csv"], "model_package_group_name": name}
    told |= {"inference_instances": ["ml.m5.large"], "approval_status": "Approved"}
    arns = []
    for number in (1, 2):
        model = Model(image_uri=IMAGE, model_data=DATA, role=ROLE, sagemaker_session=session)
        package = model.register(**told)
        arns.append(package.model_package_arn)
        package.deploy(1, "ml.m5.large", endpoint_name=f"{name}-{number}", wait=False)
    endpoint = sdk.client().describe_endpoint(EndpointName=f"{name}-2")
    config = sdk.client().describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    model = sdk.client().describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
    containers = [model["PrimaryContainer"]] if "PrimaryContainer" in model else model["Containers"]
    assert [each["ModelPackageName"] for each in containers] == arns[1:]
    session.sagemaker_client.update_endpoint(
        EndpointName=f"{name}-1", EndpointConfigName=endpoint["EndpointConfigName"]
    )
    assert (
        sdk.client().describe_endpoint(EndpointName=f"{name}-1")["EndpointConfigName"] == endpoint["EndpointConfigName"]
    )
