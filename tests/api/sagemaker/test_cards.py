"""Model cards through boto3; every answer is held to AWS's models by the server that the tests use."""

import json
from typing import Any

import pytest

from graph.access import Role
from tests.api.keys import Keys
from tests.api.sagemaker.conftest import Aws
from tests.api.sagemaker.test_registry import caller, group, lineage, version

NAME = {"ModelCardName": "Churn-Card"}
CONTENT: dict[str, Any] = {
    "model_overview": {"model_name": "churn", "model_description": "who leaves"},
    "intended_uses": {"purpose_of_model": "letters", "risk_rating": "Low"},
}


async def card(aws: Aws, content: Any = CONTENT, **details: Any) -> str:
    made = {**NAME, "ModelCardStatus": "Draft", "Content": json.dumps(content), **details}
    arn: str = (await aws("create_model_card", **made))["ModelCardArn"]
    return arn


async def names(aws: Aws, name: str, value: str) -> list[str]:
    """The cards that Search finds."""
    filters = {"Filters": [{"Name": name, "Operator": "Equals", "Value": value}]}
    found = await aws("search", Resource="ModelCard", SearchExpression=filters)
    return sorted(row["ModelCard"]["ModelCardName"] for row in found["Results"])


async def test_a_card_lives(aws: Aws) -> None:
    tag = {"Key": "team", "Value": "risk"}
    arn = await card(aws, Tags=[tag], SecurityConfig={"KmsKeyId": "alias/ours"})
    assert arn == aws.arn("model-card/churn-card")
    code, message = await aws.refused(
        "create_model_card", ModelCardName="CHURN-card", Content="{}", ModelCardStatus="Draft"
    )
    assert (code, message) == ("ConflictException", f"Model card {arn} already exists.")
    for name in ("Churn-Card", "churn-card", arn):
        found = await aws("describe_model_card", ModelCardName=name)
        assert json.loads(found["Content"]) == CONTENT
    assert (found["ModelCardName"], found["ModelCardArn"]) == ("Churn-Card", arn)
    assert (found["ModelCardVersion"], found["ModelCardStatus"]) == (1, "Draft")
    assert found["SecurityConfig"] == {"KmsKeyId": "alias/ours"}
    assert found["CreatedBy"]["IamIdentity"]["PrincipalId"]
    assert (await aws("list_tags", ResourceArn=arn))["Tags"] == [tag]
    await aws("update_model_card", **NAME, ModelCardStatus="PendingReview")
    await aws("update_model_card", ModelCardName=arn, Content='{"of_ours": 1}')
    newest = await aws("describe_model_card", **NAME)
    assert (newest["ModelCardVersion"], newest["ModelCardStatus"]) == (2, "PendingReview")
    assert newest["Content"] == '{"of_ours": 1}'
    first = await aws("describe_model_card", **NAME, ModelCardVersion=1)
    assert json.loads(first["Content"]) == CONTENT
    assert first["LastModifiedTime"] < newest["LastModifiedTime"]
    await aws("delete_model_card", **NAME)
    for operation in ("describe_model_card", "delete_model_card", "list_model_card_versions"):
        code, message = await aws.refused(operation, **NAME)
        assert (code, message) == ("ResourceNotFound", f"Model card {arn} does not exist.")


async def test_what_an_update_may_not_do(aws: Aws) -> None:
    await card(aws)
    for wrong in ({}, {"Content": "{}", "ModelCardStatus": "Draft"}):
        code, message = await aws.refused("update_model_card", **NAME, **wrong)
        assert code == "ValidationException"
        assert "cannot update both model card content and model card status" in message
    await aws("update_model_card", **NAME, ModelCardStatus="Archived")
    code, message = await aws.refused("update_model_card", **NAME, Content="{}")
    assert code == "ConflictException"
    assert message.startswith("Model Card is in Archived state.")
    code, message = await aws.refused("create_model_card", ModelCardName="b", Content="x", ModelCardStatus="Draft")
    assert code == "ValidationException"
    assert "not JSON" in message
    code, message = await aws.refused("describe_model_card", **NAME, ModelCardVersion=7)
    assert (code, "no version 7" in message) == ("ResourceNotFound", True)
    code, _ = await aws.refused("describe_model_card", ModelCardName=aws.arn("model-card/a").replace("card", "package"))
    assert code == "ValidationException"


async def test_metadata_only_withholds_the_rest(aws: Aws) -> None:
    await card(aws)
    found = await aws("describe_model_card", **NAME, IncludedData="MetadataOnly")
    assert json.loads(found["Content"]) == {
        "model_overview": {"model_name": "churn"},
        "intended_uses": {"risk_rating": "Low"},
    }


async def test_versions_are_listed_with_the_status_in_which_they_ended(aws: Aws) -> None:
    await card(aws)
    await aws("update_model_card", **NAME, ModelCardStatus="Approved")
    for number in range(2, 6):
        await aws("update_model_card", **NAME, Content=json.dumps({"number": number}))
    await aws("update_model_card", **NAME, ModelCardStatus="Draft")
    pages = await aws.pages("list_model_card_versions", **NAME, MaxResults=2)
    rows = [row for page in pages for row in page["ModelCardVersionSummaryList"]]
    assert [row["ModelCardVersion"] for row in rows] == [5, 4, 3, 2, 1]
    assert [row["ModelCardStatus"] for row in rows] == ["Draft", *["Approved"] * 4]
    assert [row["CreationTime"] for row in rows] == sorted((row["CreationTime"] for row in rows), reverse=True)
    pages = await aws.pages(
        "list_model_card_versions", **NAME, MaxResults=3, ModelCardStatus="Approved", SortOrder="Ascending"
    )
    assert [[row["ModelCardVersion"] for row in page["ModelCardVersionSummaryList"]] for page in pages] == [
        [1, 2, 3],
        [4],
    ]
    since = rows[1]["CreationTime"]
    found = await aws("list_model_card_versions", **NAME, CreationTimeAfter=since)
    assert [row["ModelCardVersion"] for row in found["ModelCardVersionSummaryList"]] == [5, 4]


async def test_search_finds_cards_by_what_they_speak_about(aws: Aws) -> None:
    await group(aws)
    package = await version(aws)
    await card(aws, {"model_package_details": {"model_package_arn": package, "model_package_group_name": "Churn"}})
    await card(aws, {"model_overview": {"model_id": package}}, ModelCardName="other")
    await card(aws, {"intended_uses": {"risk_rating": "High"}}, ModelCardName="third")
    assert await names(aws, "ModelId", package) == ["Churn-Card", "other"]
    assert await names(aws, "ModelId", f"{package}9") == []
    assert await names(aws, "ModelPackageGroupName", "Churn") == ["Churn-Card"]
    assert await names(aws, "RiskRating", "High") == ["third"]
    # The SDK takes what it inherits from the card that was changed last.
    await aws("update_model_card", **NAME, ModelCardStatus="PendingReview")
    found = await aws("search", Resource="ModelCard", SortBy="LastModifiedTime", SortOrder="Descending")
    assert found["Results"][0]["ModelCard"]["ModelCardName"] == "Churn-Card"
    hints = await aws(
        "get_search_suggestions",
        Resource="ModelCard",
        SuggestionQuery={"PropertyNameQuery": {"PropertyNameHint": "ModelPackageG"}},
    )
    assert hints["PropertyNameSuggestions"] == [{"PropertyName": "ModelPackageGroupName"}]


async def test_the_lineage_of_a_version_holds_its_card(aws: Aws) -> None:
    await group(aws)
    package = await version(aws)
    arn = await card(aws, {"model_overview": {"model_id": package}})
    (artifact,) = (await aws("list_artifacts", SourceUri=arn))["ArtifactSummaries"]
    assert (artifact["ArtifactName"], artifact["ArtifactType"]) == ("Churn-Card", "ModelCard")
    found = await aws(
        "query_lineage", StartArns=[await lineage(aws, package)], Direction="Ascendants", IncludeEdges=True
    )
    assert artifact["ArtifactArn"] in {vertex["Arn"] for vertex in found["Vertices"]}


@pytest.mark.parametrize(
    "asked",
    [
        ("create_model_card", {"ModelCardName": "new", "Content": "{}", "ModelCardStatus": "Approved"}),
        ("update_model_card", {**NAME, "ModelCardStatus": "Approved"}),
    ],
)
async def test_approved_takes_the_approver(keys: Keys, asked: tuple[str, dict[str, Any]]) -> None:
    writer, approver = await caller(keys, Role.WRITER), await caller(keys, Role.APPROVER)
    await card(writer)
    operation, given = asked
    code, _ = await writer.refused(operation, **given)
    assert code == "AccessDeniedException"
    await approver(operation, **given)
    code, message = await writer.refused("update_model_card", ModelCardName=given["ModelCardName"], Content='{"a": 1}')
    assert (code, "takes the role approver" in message) == ("AccessDeniedException", True)
