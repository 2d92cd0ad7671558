"""The cards and collections of version 2 of the SDK."""

import json

import boto3
import sdk
from sagemaker import collection, model_card
from sagemaker.model_card.model_card import ModelCardExportJob

session = sdk.session()
ACCOUNT = boto3.client("sts").get_caller_identity()["Account"]
CONTAINER = {"Image": "1.dkr.ecr.us-east-1.amazonaws.com/xgb:1", "ModelDataUrl": "s3://b/out/model.tar.gz"}


def group():
    name = sdk.name("group")
    sdk.client().create_model_package_group(ModelPackageGroupName=name)
    return name


def version(name):
    specification = {"Containers": [CONTAINER], "SupportedContentTypes": ["text/csv"]}
    specification["SupportedResponseMIMETypes"] = ["text/csv"]
    made = sdk.client().create_model_package(ModelPackageGroupName=name, InferenceSpecification=specification)
    return made["ModelPackageArn"]


def denied(function, *arguments, **given):
    """What the SDK itself says against a call."""
    try:
        function(*arguments, **given)
    except ValueError as error:
        return str(error)
    raise AssertionError(f"{function} was not refused")


def scenario_a_card_is_created_loaded_updated_and_its_versions_are_listed():
    overview = model_card.ModelOverview(model_name="churn", model_owner="risk", model_artifact=["s3://b/m"])
    uses = model_card.IntendedUses(purpose_of_model="letters", risk_rating=model_card.RiskRatingEnum.LOW)
    one = model_card.ModelCard(
        name=sdk.name("card"), model_overview=overview, intended_uses=uses, sagemaker_session=session
    )
    arn = one.create()
    assert (one.version, arn.split(":")[4]) == (1, ACCOUNT)
    loaded = model_card.ModelCard.load(one.name, sagemaker_session=session)
    assert loaded.model_overview.model_owner == "risk"
    assert loaded.intended_uses.risk_rating == "Low"
    loaded.status = model_card.ModelCardStatusEnum.PENDING_REVIEW
    loaded.intended_uses.purpose_of_model = "letters and calls"
    assert set(loaded.update()) == {"status", "content"}
    rows = loaded.get_version_history()
    assert [(row["ModelCardVersion"], row["ModelCardStatus"]) for row in rows] == [
        (2, "PendingReview"),
        (1, "PendingReview"),
    ]
    first = model_card.ModelCard.load(one.name, version=1, sagemaker_session=session)
    assert first.intended_uses.purpose_of_model == "letters"
    loaded.status = "Approved"
    assert set(loaded.update()) == {"status"}
    loaded.delete()
    sdk.refused("ResourceNotFound", "does not exist", model_card.ModelCard.load, one.name, None, session)


def scenario_a_card_of_a_registered_version_finds_its_predecessor():
    name = group()
    first, second = version(name), version(name)
    details = model_card.ModelPackage.from_model_package_arn(first, sagemaker_session=session)
    assert (details.model_package_group_name, details.model_package_version) == (name, 1)
    one = model_card.ModelCard(
        name=sdk.name("card"),
        model_package_details=details,
        business_details=model_card.BusinessDetails(line_of_business="retail"),
        sagemaker_session=session,
    )
    one.create()
    found = sdk.client().search(
        Resource="ModelCard",
        SearchExpression={"Filters": [{"Name": "ModelId", "Operator": "Equals", "Value": first}]},
    )
    assert [row["ModelCard"]["ModelCardName"] for row in found["Results"]] == [one.name]
    assert "already been associated" in denied(
        model_card.ModelPackage.from_model_package_arn, first, sagemaker_session=session
    )
    details = model_card.ModelPackage.from_model_package_arn(second, sagemaker_session=session)
    other = model_card.ModelCard(name=sdk.name("card"), model_package_details=details, sagemaker_session=session)
    assert other.business_details.line_of_business == "retail"
    other.create()


def scenario_a_card_is_exported_as_pdf():
    overview = model_card.ModelOverview(model_name="churn", model_description="who leaves")
    one = model_card.ModelCard(name=sdk.name("card"), model_overview=overview, sagemaker_session=session)
    one.create()
    uri = one.export_pdf(s3_output_path=f"s3://cards-{ACCOUNT}/exports")
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    store = boto3.client("s3")
    content = store.get_object(Bucket=bucket, Key=key)["Body"].read()
    assert content.startswith(b"%PDF-")
    (job,) = one.list_export_jobs()["ModelCardExportJobSummaries"]
    assert (job["Status"], job["ModelCardVersion"]) == ("Completed", 1)
    again = ModelCardExportJob.load(job["ModelCardExportJobArn"], session)
    assert again.s3_export_artifacts == uri
    sdk.refused("AccessDeniedException", "", one.export_pdf, "s3://elsewhere/exports")


def scenario_collections_are_nested_filled_moved_and_emptied():
    collections = collection.Collection(session)
    root, inner, other = sdk.name("Risk"), sdk.name("Credit"), sdk.name("Other")
    assert collections.create(root)["Name"] == root
    collections.create(inner, parent_collection_name=root)
    collections.create(other)
    assert "already exists" in denied(collections.create, root)
    one, two = group(), group()
    assert collections.add_model_groups(inner, [one, two, "none"])["added_groups"] == [one, two]
    collections.add_model_groups(other, [one])
    listed = {item["Name"]: item["Type"] for item in collections.list_collection(root)}
    assert listed == {inner: "Collection"}
    within = [item["Name"] for item in collections.list_collection(inner)]
    assert within == sorted([one.lower(), two.lower()])
    roots = [item["Name"] for item in collections.list_collection()]
    assert {root, other} <= set(roots)
    assert inner not in roots
    assert collections.move_model_group(inner, one, root) == {"moved_success": one}
    assert [item["Name"] for item in collections.list_collection(other)] == [one.lower()]
    refused = collections.delete([root, inner])
    assert refused["deleted_collections"] == []
    assert {failure["collection"] for failure in refused["delete_collection_failures"]} == {root, inner}
    collections.remove_model_groups(inner, [two])
    collections.remove_model_groups(root, [one])
    assert collections.delete([inner])["deleted_collections"] == [inner]
    assert collections.delete([root])["deleted_collections"] == [root]
    query = boto3.client("resource-groups").get_group_query(Group=other)["GroupQuery"]["ResourceQuery"]["Query"]
    assert json.loads(query)["TagFilters"][0]["Values"] == [other]
