"""The model registry through boto3; every answer is held to AWS's models by the server that the tests use."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from graph.access import Role
from tests.api.keys import Keys, sagemaker
from tests.api.sagemaker.conftest import Aws

CONTAINER = {"Image": "1.dkr.ecr.us-east-1.amazonaws.com/xgb:1", "ModelDataUrl": "s3://b/out/model.tar.gz"}
SPECIFICATION = {
    "Containers": [CONTAINER],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}
REQUEST: dict[str, Any] = {
    "InferenceSpecification": SPECIFICATION,
    "ModelPackageDescription": "first",
    "MetadataProperties": {"CommitId": "abc"},
    "ModelMetrics": {
        "ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": "s3://b/metrics.json"}}
    },
    "DriftCheckBaselines": {"Bias": {"ConfigFile": {"S3Uri": "s3://b/bias.json"}}},
    "CustomerMetadataProperties": {"team": "risk"},
    "ModelLifeCycle": {"Stage": "Development", "StageStatus": "Testing"},
    "SkipModelValidation": "None",
    "Domain": "MACHINE_LEARNING",
}


async def group(aws: Aws, name: str = "Churn", **details: Any) -> str:
    made = await aws("create_model_package_group", ModelPackageGroupName=name, **details)
    arn: str = made["ModelPackageGroupArn"]
    return arn


async def version(aws: Aws, name: str = "Churn", **details: Any) -> str:
    made = await aws("create_model_package", ModelPackageGroupName=name, **{**REQUEST, **details})
    arn: str = made["ModelPackageArn"]
    return arn


async def caller(keys: Keys, role: Role) -> Aws:
    made = await keys.make(role.value, role)
    return Aws(sagemaker(keys, made.key.id, made.secret), keys.service)


async def lineage(aws: Aws, arn: str) -> str:
    """The lineage ARN of a package, found as the SDK's visualizer finds it."""
    (artifact,) = (await aws("list_artifacts", SourceUri=arn))["ArtifactSummaries"]
    found: str = artifact["ArtifactArn"]
    return found


def numbers(listed: dict[str, Any]) -> list[int]:
    return [summary["ModelPackageVersion"] for summary in listed["ModelPackageSummaryList"]]


async def test_a_group_is_made_described_listed_tagged_and_deleted(aws: Aws) -> None:
    tag = {"Key": "team", "Value": "risk"}
    arn = await group(aws, ModelPackageGroupDescription="who leaves", Tags=[tag])
    assert arn == aws.arn("model-package-group/churn")
    for name in ("Churn", "churn", arn):
        found = await aws("describe_model_package_group", ModelPackageGroupName=name)
        assert (found["ModelPackageGroupName"], found["ModelPackageGroupArn"]) == ("Churn", arn)
        assert found["ModelPackageGroupDescription"] == "who leaves"
        assert found["ModelPackageGroupStatus"] == "Completed"
        assert found["CreatedBy"]["IamIdentity"]["PrincipalId"]
    code, message = await aws.refused("create_model_package_group", ModelPackageGroupName="CHURN")
    assert (code, message) == ("ValidationException", f"Model Package Group already exists: {arn}")
    assert (await aws("list_tags", ResourceArn=arn))["Tags"] == [tag]
    await aws("add_tags", ResourceArn=arn, Tags=[{"Key": "stage", "Value": "prod"}])
    await aws("delete_tags", ResourceArn=arn, TagKeys=["team"])
    assert (await aws("list_tags", ResourceArn=arn))["Tags"] == [{"Key": "stage", "Value": "prod"}]
    package = await version(aws)
    code, message = await aws.refused("delete_model_package_group", ModelPackageGroupName=arn)
    assert code == "ConflictException"
    assert "1 model packages" in message
    await aws("delete_model_package", ModelPackageName=package)
    await aws("delete_model_package_group", ModelPackageGroupName=arn)
    for operation in ("describe_model_package_group", "delete_model_package_group"):
        code, message = await aws.refused(operation, ModelPackageGroupName=arn)
        assert (code, message) == ("ValidationException", f"ModelPackageGroup {arn} does not exist.")


async def test_groups_are_listed_by_name_and_time(aws: Aws) -> None:
    for name in ("Beta", "alpha", "Gamma"):
        await group(aws, name)
    listed = await aws("list_model_package_groups", SortBy="Name", SortOrder="Ascending")
    shown = [summary["ModelPackageGroupName"] for summary in listed["ModelPackageGroupSummaryList"]]
    assert shown == ["alpha", "Beta", "Gamma"]
    pages = await aws.pages("list_model_package_groups", MaxResults=1)
    shown = [page["ModelPackageGroupSummaryList"][0]["ModelPackageGroupName"] for page in pages]
    assert shown == ["Gamma", "alpha", "Beta"]
    listed = await aws("list_model_package_groups", NameContains="amm")
    assert [one["ModelPackageGroupName"] for one in listed["ModelPackageGroupSummaryList"]] == ["Gamma"]
    # The context's own name is none of the group's.
    assert (await aws("list_model_package_groups", NameContains="aws"))["ModelPackageGroupSummaryList"] == []
    later = datetime.now(UTC) + timedelta(hours=1)
    for given in ({"CreationTimeAfter": later}, {"CrossAccountFilterOption": "CrossAccount"}):
        assert (await aws("list_model_package_groups", **given))["ModelPackageGroupSummaryList"] == []


async def test_a_policy_is_kept(aws: Aws) -> None:
    arn = await group(aws)
    code, message = await aws.refused("get_model_package_group_policy", ModelPackageGroupName="Churn")
    assert (code, message) == ("ValidationException", f"ModelPackageGroup {arn} does not have a resource policy.")
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    made = await aws("put_model_package_group_policy", ModelPackageGroupName="Churn", ResourcePolicy=policy)
    assert made["ModelPackageGroupArn"] == arn
    assert (await aws("get_model_package_group_policy", ModelPackageGroupName="Churn"))["ResourcePolicy"] == policy
    await aws("delete_model_package_group_policy", ModelPackageGroupName="Churn")
    await aws.refused("get_model_package_group_policy", ModelPackageGroupName="Churn")
    await aws.refused("delete_model_package_group_policy", ModelPackageGroupName="Churn")
    await aws.refused("put_model_package_group_policy", ModelPackageGroupName="absent", ResourcePolicy=policy)


async def test_a_version_is_described_as_it_was_registered(aws: Aws) -> None:
    await group(aws)
    arn = await version(aws)
    assert arn == aws.arn("model-package/churn/1")
    for name in (arn, "churn/1"):
        found = await aws("describe_model_package", ModelPackageName=name)
        assert {key: found[key] for key in REQUEST} == REQUEST
        assert (found["ModelPackageName"], found["ModelPackageGroupName"]) == ("Churn", "Churn")
        assert (found["ModelPackageVersion"], found["ModelPackageArn"]) == (1, arn)
        assert found["ModelApprovalStatus"] == "PendingManualApproval"
        assert found["ModelPackageStatus"] == "Completed"
        assert found["CreatedBy"]["IamIdentity"]["PrincipalId"]
    for name in ("churn/2", aws.arn("model-package/absent/1"), "alone"):
        code, message = await aws.refused("describe_model_package", ModelPackageName=name)
        assert code == "ValidationException"
        assert message.endswith("does not exist.")


async def test_its_lineage_is_found_by_its_own_arn(aws: Aws) -> None:
    await group(aws)
    arn = await version(aws)
    artifact = await lineage(aws, arn)
    incoming = await aws("list_associations", DestinationArn=artifact)
    types = sorted((one["SourceType"], one["AssociationType"]) for one in incoming["AssociationSummaries"])
    assert types == [
        ("Image", "ContributedTo"),
        ("Model", "ContributedTo"),
        ("ModelPackageCreation", "Produced"),
    ]
    found = await aws("query_lineage", StartArns=[artifact], Direction="Descendants", IncludeEdges=True)
    assert [
        (vertex["Type"], vertex["LineageType"]) for vertex in found["Vertices"] if vertex["Type"] == "ModelGroup"
    ] == [("ModelGroup", "Context")]


async def test_the_same_token_gives_the_same_version(aws: Aws) -> None:
    await group(aws)
    token = "token-1"
    first, again = [await version(aws, ClientToken=token) for _ in range(2)]
    assert first == again == aws.arn("model-package/churn/1")
    code, _ = await aws.refused(
        "create_model_package", ModelPackageGroupName="Churn", **{**REQUEST, "Domain": "NLP"}, ClientToken=token
    )
    assert code == "ConflictException"
    assert await version(aws) == aws.arn("model-package/churn/2")


async def test_registrations_at_once_get_a_number_each(aws: Aws) -> None:
    await group(aws)
    arns = await asyncio.gather(*(version(aws) for _ in range(32)))
    assert sorted(int(arn.rsplit("/", 1)[1]) for arn in arns) == list(range(1, 33))


async def test_a_decision_follows_the_rules_and_leaves_an_approval(aws: Aws) -> None:
    await group(aws)
    arn = await version(aws)
    artifact = await lineage(aws, arn)
    update = {"ModelPackageArn": arn, "ModelApprovalStatus": "Approved", "ApprovalDescription": "auc 0.91"}
    assert (await aws("update_model_package", **update))["ModelPackageArn"] == arn
    found = await aws("describe_model_package", ModelPackageName=arn)
    assert (found["ModelApprovalStatus"], found["ApprovalDescription"]) == ("Approved", "auc 0.91")
    outgoing = (await aws("list_associations", SourceArn=artifact, DestinationType="Approval"))["AssociationSummaries"]
    (approval,) = outgoing
    action = await aws("describe_action", ActionName=approval["DestinationName"])
    assert (action["ActionType"], action["Description"]) == ("Approval", "auc 0.91")
    assert action["Properties"] == {"Decision": "Approved"}
    code, message = await aws.refused(
        "update_model_package", ModelPackageArn=arn, ModelApprovalStatus="PendingManualApproval"
    )
    assert code == "ConflictException"
    assert "model-package/churn/1 is Approved" in message
    # What `deploy()` says each time changes nothing.
    await aws("update_model_package", ModelPackageArn=arn, ModelApprovalStatus="Approved")
    again = (await aws("list_associations", SourceArn=artifact, DestinationType="Approval"))["AssociationSummaries"]
    assert len(again) == 1


async def test_an_update_changes_what_may_be_changed(aws: Aws) -> None:
    await group(aws)
    arn = await version(aws)
    stage = {"Stage": "Production", "StageStatus": "Live", "StageDescription": "all traffic"}
    more = [{"Name": "gpu", "Containers": [{"Image": "other:1"}]}]
    await aws(
        "update_model_package",
        ModelPackageArn=arn,
        CustomerMetadataProperties={"owner": "ana"},
        CustomerMetadataPropertiesToRemove=["team"],
        AdditionalInferenceSpecificationsToAdd=more,
        ModelLifeCycle=stage,
    )
    found = await aws("describe_model_package", ModelPackageName=arn)
    assert found["CustomerMetadataProperties"] == {"owner": "ana"}
    assert found["AdditionalInferenceSpecifications"] == more
    assert found["ModelLifeCycle"] == stage
    assert found["LastModifiedTime"] >= found["CreationTime"]


async def test_versions_are_listed_filtered_and_paged(aws: Aws) -> None:
    arn = await group(aws)
    await group(aws, "Fraud")
    for _ in range(5):
        await version(aws)
    await version(aws, "Fraud")
    await aws("create_model_package", ModelPackageName="Alone", **REQUEST)
    await aws("update_model_package", ModelPackageArn=aws.arn("model-package/churn/2"), ModelApprovalStatus="Approved")
    listed = await aws("list_model_packages", ModelPackageGroupName="churn")
    assert numbers(listed) == [5, 4, 3, 2, 1]
    assert all("ModelPackageName" not in summary for summary in listed["ModelPackageSummaryList"])
    pages = await aws.pages("list_model_packages", ModelPackageGroupName=arn, MaxResults=2, SortOrder="Ascending")
    assert [numbers(page) for page in pages] == [[1, 2], [3, 4], [5]]
    listed = await aws("list_model_packages", ModelPackageGroupName="churn", ModelApprovalStatus="Approved")
    assert numbers(listed) == [2]
    for given, count in (
        ({}, 1),
        ({"ModelPackageType": "Versioned"}, 6),
        ({"ModelPackageType": "Both"}, 7),
        ({"ModelPackageType": "Both", "NameContains": "fra"}, 1),
        ({"ModelPackageType": "Unversioned", "ModelPackageGroupName": "churn"}, 0),
        ({"ModelPackageGroupName": "churn", "NameContains": "x"}, 0),
        ({"ModelPackageGroupName": "churn", "CreationTimeBefore": datetime(2020, 1, 1, tzinfo=UTC)}, 0),
        ({"ModelPackageGroupName": "churn", "CreationTimeAfter": datetime(2020, 1, 1, tzinfo=UTC)}, 5),
    ):
        assert len((await aws("list_model_packages", **given))["ModelPackageSummaryList"]) == count, given
    (alone,) = (await aws("list_model_packages"))["ModelPackageSummaryList"]
    assert alone["ModelPackageName"] == "Alone"
    assert "ModelPackageVersion" not in alone
    code, message = await aws.refused("list_model_packages", ModelPackageGroupName="absent")
    assert code == "ValidationException"
    assert message.endswith("model-package-group/absent does not exist.")


async def test_several_are_described_at_once(aws: Aws) -> None:
    await group(aws)
    arn = await version(aws)
    alone = (await aws("create_model_package", ModelPackageName="Alone", **REQUEST))["ModelPackageArn"]
    absent = aws.arn("model-package/churn/9")
    found = await aws("batch_describe_model_package", ModelPackageArnList=[arn, alone, absent])
    assert set(found["ModelPackageSummaries"]) == {arn, alone}
    assert found["ModelPackageSummaries"][arn]["InferenceSpecification"] == SPECIFICATION
    assert found["BatchDescribeModelPackageErrorMap"] == {
        absent: {"ErrorCode": "ValidationException", "ErrorResponse": f"ModelPackage {absent} does not exist."}
    }


async def test_a_source_that_is_a_package_is_copied(aws: Aws) -> None:
    await group(aws)
    first = await version(aws)
    made = await aws("create_model_package", ModelPackageGroupName="Churn", SourceUri=first)
    found = await aws("describe_model_package", ModelPackageName=made["ModelPackageArn"])
    assert (found["InferenceSpecification"], found["SourceUri"]) == (SPECIFICATION, first)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"ModelPackageGroupName": "Churn", "Tags": [{"Key": "a", "Value": "b"}]}, "Tags can't be given"),
        ({"ModelPackageGroupName": "Churn", "ModelPackageName": "Churn"}, "and not both"),
        ({}, "and not both"),
        ({"ModelPackageName": "alone", "ModelApprovalStatus": "Approved"}, "does not apply"),
        ({"ModelPackageGroupName": "absent"}, "model-package-group/absent does not exist."),
        ({"ModelPackageGroupName": "x" * 171}, "Member must have length less than or equal to 170"),
        ({"ModelPackageGroupName": "not_a_name"}, "Member must satisfy regular expression pattern"),
        (
            {"ModelPackageGroupName": "Churn", "ModelApprovalStatus": "Fine"},
            "[Approved, Rejected, PendingManualApproval]",
        ),
        (
            {"ModelPackageGroupName": "Churn", "InferenceSpecification": {"Containers": [{"Image": "two words"}]}},
            "at 'inferenceSpecification.containers.1.member.image' failed to satisfy constraint",
        ),
        (
            {
                "ModelPackageGroupName": "Churn",
                "InferenceSpecification": {"Containers": [{"Image": "i", "ModelDataUrl": "ftp://b/k"}]},
            },
            "at 'inferenceSpecification.containers.1.member.modelDataUrl' failed to satisfy constraint",
        ),
        (
            {"ModelPackageGroupName": "Churn", "InferenceSpecification": {"Containers": []}},
            "greater than or equal to 1",
        ),
        ({"ModelPackageGroupName": "Churn", "ModelPackageDescription": "x" * 1025}, "less than or equal to 1024"),
        (
            {"ModelPackageGroupName": "Churn", "CustomerMetadataProperties": {"k": "x" * 257}},
            "less than or equal to 256",
        ),
    ],
)
async def test_what_can_not_be_registered(aws: Aws, given: dict[str, Any], said: str) -> None:
    await group(aws)
    code, message = await aws.refused("create_model_package", **{**REQUEST, **given})
    assert code == "ValidationException"
    assert said in message
    assert (await aws("list_model_packages", ModelPackageGroupName="Churn"))["ModelPackageSummaryList"] == []


async def test_ten_megabytes_of_metadata_are_refused_and_nothing_is_kept(aws: Aws) -> None:
    await group(aws)
    metadata = {f"key-{number}": "x" * 200 for number in range(50_000)}
    code, message = await aws.refused(
        "create_model_package", ModelPackageGroupName="Churn", **{**REQUEST, "CustomerMetadataProperties": metadata}
    )
    assert (code, "the body is longer than" in message) == ("RequestEntityTooLargeException", True)
    assert (await aws("list_model_packages", ModelPackageGroupName="Churn"))["ModelPackageSummaryList"] == []


async def test_groups_and_packages_are_found_by_search(aws: Aws) -> None:
    arn = await group(aws, Tags=[{"Key": "team", "Value": "risk"}])
    await group(aws, "Fraud")
    first = await version(aws)
    await version(aws)
    await version(aws, "Fraud")
    await aws("update_model_package", ModelPackageArn=first, ModelApprovalStatus="Approved")

    async def search(resource: str, *filters: tuple[str, str]) -> list[Any]:
        expression = {"Filters": [{"Name": name, "Operator": "Equals", "Value": value} for name, value in filters]}
        found = await aws("search", Resource=resource, SearchExpression=expression)
        return [record[resource] for record in found["Results"]]

    # What the SDK's `Model.register()` asks.
    (found,) = await search("ModelPackageGroup", ("ModelPackageGroupName", "churn"))
    assert (found["ModelPackageGroupArn"], found["Tags"]) == (arn, [{"Key": "team", "Value": "risk"}])
    (found,) = await search("ModelPackageGroup", ("Tags.team", "risk"))
    assert found["ModelPackageGroupName"] == "Churn"
    named = ("ModelPackageGroupName", "Churn")
    assert len(await search("ModelPackage", named)) == 2
    (found,) = await search("ModelPackage", named, ("ModelApprovalStatus", "Approved"))
    assert found["ModelPackageArn"] == first
    assert (
        len(await search("ModelPackage", ("InferenceSpecification.Containers.ModelDataUrl", CONTAINER["ModelDataUrl"])))
        == 3
    )


async def test_approving_through_the_door_takes_the_role(keys: Keys) -> None:
    """Also at creation; tests/graph/registry tries every role below the doors."""
    writer, approver = [await caller(keys, role) for role in (Role.WRITER, Role.APPROVER)]
    await group(writer)
    arn = await version(writer)
    for operation, given in (
        ("create_model_package", {"ModelPackageGroupName": "Churn", **REQUEST, "ModelApprovalStatus": "Approved"}),
        ("update_model_package", {"ModelPackageArn": arn, "ModelApprovalStatus": "Rejected"}),
        ("update_model_package", {"ModelPackageArn": arn, "ApprovalDescription": "forged"}),
    ):
        code, message = await writer.refused(operation, **given)
        assert code == "AccessDeniedException"
        assert "may not set approvals" in message
    await writer("update_model_package", ModelPackageArn=arn, CustomerMetadataProperties={"a": "b"})
    await approver("update_model_package", ModelPackageArn=arn, ModelApprovalStatus="Rejected")
    assert numbers(await writer("list_model_packages", ModelPackageGroupName="churn")) == [1]
