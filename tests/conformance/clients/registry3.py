"""The registry, cards and hosting through version 3's resource classes."""

import json

import sdk
from sagemaker.core import resources, shapes

ROLE = "arn:aws:iam::123456789012:role/service"
IMAGE = "1.dkr.ecr.us-east-1.amazonaws.com/xgb:1"
DATA = "s3://models-of-ours/churn/model.tar.gz"


def group():
    return resources.ModelPackageGroup.create(
        model_package_group_name=sdk.name("churn"), model_package_group_description="who leaves"
    )


SPECIFICATION = {
    "Containers": [{"Image": IMAGE, "ModelDataUrl": DATA}],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}


def version(name, **told):
    """A version: `ModelPackage.create` itself fails on AWS's answer, in which it looks for a ModelPackageName."""
    told = {"ModelPackageGroupName": name, "InferenceSpecification": SPECIFICATION, **told}
    return resources.ModelPackage.get(sdk.client().create_model_package(**told)["ModelPackageArn"])


def named(package):
    """Its methods say the name of the answer, which for versions is their group's: they need the ARN."""
    package.model_package_name = package.model_package_arn
    return package


def scenario_a_group_lives():
    one = group()
    assert one.model_package_group_description == "who leaves"
    assert one.model_package_group_status == "Completed"
    one.wait_for_status("Completed", poll=1, timeout=10)
    name = one.model_package_group_name
    assert [found.model_package_group_name for found in resources.ModelPackageGroup.get_all(name_contains=name)] == [
        name
    ]
    allowed = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sagemaker:DescribeModelPackage", "Principal": "*", "Resource": "*"}
        ],
    }
    one.put_policy(resource_policy=json.dumps(allowed))
    assert json.loads(one.get_policy()) == allowed
    one.delete_policy()
    made = version(name)
    sdk.refused("ConflictException", "", one.delete)
    named(made).delete()
    one.delete()
    sdk.refused("ValidationException", "does not exist", resources.ModelPackageGroup.get, name)


def scenario_versions_are_numbered_approved_and_listed():
    name = group().model_package_group_name
    first = version(name, CustomerMetadataProperties={"team": "risk"})
    second = version(name, ModelApprovalStatus="Approved")
    assert (first.model_package_version, second.model_package_version) == (1, 2)
    assert first.model_approval_status == "PendingManualApproval"
    named(first).update(model_approval_status="Rejected", approval_description="too old")
    found = resources.ModelPackage.get(first.model_package_arn)
    assert (found.model_approval_status, found.approval_description) == ("Rejected", "too old")
    assert found.customer_metadata_properties == {"team": "risk"}
    assert found.inference_specification.containers[0].model_data_url == DATA
    listed = resources.ModelPackage.get_all(model_package_group_name=name, model_approval_status="Approved")
    assert [each.model_package_arn for each in listed] == [second.model_package_arn]
    named(first).delete()
    third = version(name)
    assert third.model_package_version == 3
    sdk.refused("ValidationException", "", resources.ModelPackage.get, first.model_package_arn)


def scenario_an_endpoint_serves_a_version_then_another():
    name = group().model_package_group_name
    packages = [version(name, ModelApprovalStatus="Approved") for _ in range(2)]
    configs = []
    for number, package in enumerate(packages):
        container = shapes.ContainerDefinition(model_package_name=package.model_package_arn)
        model = resources.Model.create(
            model_name=f"{name}-{number}", primary_container=container, execution_role_arn=ROLE
        )
        assert resources.Model.get(model.model_name).primary_container.model_package_name == package.model_package_arn
        variant = shapes.ProductionVariant(
            variant_name="AllTraffic",
            model_name=model.model_name,
            initial_instance_count=1,
            instance_type="ml.m5.large",
            initial_variant_weight=1.0,
        )
        configs.append(
            resources.EndpointConfig.create(endpoint_config_name=model.model_name, production_variants=[variant])
        )
    endpoint = resources.Endpoint.create(endpoint_name=name, endpoint_config_name=configs[0].endpoint_config_name)
    endpoint.wait_for_status("InService", poll=1, timeout=20)
    endpoint.endpoint_config_name = configs[1].endpoint_config_name
    endpoint.update()
    endpoint.wait_for_status("InService", poll=1, timeout=20)
    assert resources.Endpoint.get(name).endpoint_config_name == configs[1].endpoint_config_name
    weight = shapes.DesiredWeightAndCapacity(variant_name="AllTraffic", desired_weight=0.5, desired_instance_count=2)
    endpoint.update_weights_and_capacities(desired_weights_and_capacities=[weight])
    endpoint.refresh()
    assert endpoint.production_variants[0].current_weight == 0.5
    assert [each.endpoint_name for each in resources.Endpoint.get_all(name_contains=name)] == [name]
    endpoint.delete()
    configs[0].delete()
    resources.Model.get(f"{name}-0").delete()
    sdk.refused("ValidationException", "Could not find", resources.Endpoint.get, name)


def scenario_a_card_is_kept_with_its_versions():
    content = {"model_overview": {"model_name": "churn", "model_owner": "risk"}}
    one = resources.ModelCard.create(
        model_card_name=sdk.name("card"), content=json.dumps(content), model_card_status="Draft"
    )
    assert one.model_card_version == 1
    content["intended_uses"] = {"purpose_of_model": "letters"}
    one.update(content=json.dumps(content))
    found = resources.ModelCard.get(one.model_card_name)
    assert (found.model_card_version, json.loads(found.content)) == (2, content)
    assert [each.model_card_version for each in one.get_all_versions()] == [2, 1]
    assert [each.model_card_name for each in resources.ModelCard.get_all(name_contains=one.model_card_name)] == [
        one.model_card_name
    ]
    one.delete()
    sdk.refused("ResourceNotFound", "", resources.ModelCard.get, one.model_card_name)
