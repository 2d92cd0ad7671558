"""Experiments, trials and trial components through boto3."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from graph.access import Caller, Role
from graph.commands import create_named, delete
from graph.entities import Kind
from tests.api.sagemaker.conftest import Aws

FLOATS = [0.1, 1e-320, 1.7976931348623157e308, -0.0, 1 / 3, 123456789012345680.0, 5e-324]


async def experiment(aws: Aws, name: str = "churn", **fields: Any) -> str:
    return str((await aws("create_experiment", ExperimentName=name, **fields))["ExperimentArn"])


async def trial(aws: Aws, name: str, experiment: str = "churn", **fields: Any) -> str:
    return str((await aws("create_trial", TrialName=name, ExperimentName=experiment, **fields))["TrialArn"])


async def component(aws: Aws, name: str, *trials: str, **fields: Any) -> str:
    made = await aws("create_trial_component", TrialComponentName=name, **fields)
    for into in trials:
        await aws("associate_trial_component", TrialComponentName=name, TrialName=into)
    return str(made["TrialComponentArn"])


async def names(aws: Aws, operation: str, member: str, **given: Any) -> list[str]:
    return [
        item[f"{member}Name"] for page in await aws.pages(operation, **given) for item in page[f"{member}Summaries"]
    ]


async def test_an_experiment_lives_through_its_operations(aws: Aws) -> None:
    arn = await experiment(aws, "Churn", Description="why they leave", Tags=[{"Key": "team", "Value": "a"}])
    assert arn == aws.arn("experiment/churn")
    found = await aws("describe_experiment", ExperimentName="CHURN")
    assert (found["ExperimentName"], found["DisplayName"], found["Description"]) == ("Churn", "Churn", "why they leave")
    assert found["CreationTime"] == found["LastModifiedTime"]
    assert found["CreatedBy"]["IamIdentity"]["PrincipalId"] == "local-admin"
    assert (await aws("list_tags", ResourceArn=arn))["Tags"] == [{"Key": "team", "Value": "a"}]
    assert (await aws("update_experiment", ExperimentName="churn", DisplayName="Leaving"))["ExperimentArn"] == arn
    await aws("update_experiment", ExperimentName="churn", Description="")
    found = await aws("describe_experiment", ExperimentName="churn")
    assert found["DisplayName"] == "Leaving"
    assert "Description" not in found
    assert (await aws("list_experiments"))["ExperimentSummaries"][0]["DisplayName"] == "Leaving"
    code, message = await aws.refused("create_experiment", ExperimentName="cHURN")
    assert code == "ValidationException"
    assert "already exists" in message
    assert (await aws("delete_experiment", ExperimentName="churn"))["ExperimentArn"] == arn
    for operation in ("describe_experiment", "update_experiment", "delete_experiment"):
        assert (await aws.refused(operation, ExperimentName="churn"))[0] == "ResourceNotFound"
    assert (await aws("list_experiments"))["ExperimentSummaries"] == []
    assert await experiment(aws, "churn") == arn


async def test_a_trial_belongs_to_an_experiment(aws: Aws) -> None:
    code, message = await aws.refused("create_trial", TrialName="t", ExperimentName="none")
    assert (code, "experiment/none does not exist" in message) == ("ResourceNotFound", True)
    await experiment(aws, "Churn")
    arn = await trial(aws, "First", "churn", MetadataProperties={"CommitId": "abc"}, DisplayName="1st")
    found = await aws("describe_trial", TrialName="first")
    assert found["TrialArn"] == arn == aws.arn("experiment-trial/first")
    assert (found["TrialName"], found["DisplayName"], found["ExperimentName"]) == ("First", "1st", "Churn")
    assert found["MetadataProperties"] == {"CommitId": "abc"}
    await aws("update_trial", TrialName="first", DisplayName="premier")
    await aws("update_trial", TrialName="first")
    assert (await aws("describe_trial", TrialName="first"))["DisplayName"] == "premier"
    assert (await aws.refused("create_trial", TrialName="first", ExperimentName="churn"))[0] == "ValidationException"


async def test_what_has_members_or_is_one_can_not_be_deleted(aws: Aws) -> None:
    await experiment(aws)
    await trial(aws, "t1")
    await component(aws, "c1", "t1")
    artifact = await aws("create_artifact", Source={"SourceUri": "s3://b/d"}, ArtifactType="DataSet")
    ends = {"SourceArn": artifact["ArtifactArn"], "DestinationArn": aws.arn("experiment-trial-component/c1")}
    await aws("add_association", **ends, AssociationType="ContributedTo")
    for operation, name, said in (
        ("delete_experiment", {"ExperimentName": "churn"}, "Experiment churn has 1 trials (t1); delete them first"),
        ("delete_trial", {"TrialName": "t1"}, "Trial t1 has 1 trial components (c1); disassociate them first"),
        (
            "delete_trial_component",
            {"TrialComponentName": "c1"},
            "associated with 1 trials (t1); disassociate it first",
        ),
    ):
        code, message = await aws.refused(operation, **name)
        assert code == "ValidationException"
        assert said in message
    pair = {"TrialComponentName": "C1", "TrialName": "T1"}
    assert await aws("disassociate_trial_component", **pair) == {
        "TrialComponentArn": aws.arn("experiment-trial-component/c1"),
        "TrialArn": aws.arn("experiment-trial/t1"),
    }
    assert (await aws.refused("disassociate_trial_component", **pair))[0] == "ResourceNotFound"
    await aws("delete_trial_component", TrialComponentName="c1")
    await aws("delete_trial", TrialName="t1")
    await aws("delete_experiment", ExperimentName="churn")
    await aws("delete_artifact", ArtifactArn=artifact["ArtifactArn"])


async def test_the_order_of_deletion_holds_at_every_door(aws: Aws, caller: Caller) -> None:
    await experiment(aws)
    await trial(aws, "t1")
    catalog = aws.service.catalog
    with pytest.raises(Exception, match="has 1 associations"):
        await catalog.write(caller, [delete(aws.arn("experiment/churn"))], operation="delete")


async def test_a_component_lives_through_its_operations(aws: Aws) -> None:
    numbers = {f"n{i}": {"NumberValue": value} for i, value in enumerate(FLOATS)}
    arn = await component(
        aws,
        "Train",
        Status={"PrimaryStatus": "InProgress", "Message": "starting"},
        StartTime=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        Parameters={**numbers, "optimizer": {"StringValue": "adam"}, "empty": {"StringValue": ""}},
        InputArtifacts={"data": {"MediaType": "text/csv", "Value": "s3://b/d"}, "code": {"Value": "s3://b/c"}},
        MetadataProperties={"Repository": "r"},
        Tags=[{"Key": "k", "Value": "v"}],
    )
    for name in ("train", arn):
        found = await aws("describe_trial_component", TrialComponentName=name)
        assert (found["TrialComponentName"], found["DisplayName"]) == ("Train", "Train")
    assert found["Parameters"] == {**numbers, "optimizer": {"StringValue": "adam"}, "empty": {"StringValue": ""}}
    assert [str(found["Parameters"][f"n{i}"]["NumberValue"]) for i in range(len(FLOATS))] == [str(v) for v in FLOATS]
    assert found["InputArtifacts"]["data"] == {"MediaType": "text/csv", "Value": "s3://b/d"}
    assert found["Status"] == {"PrimaryStatus": "InProgress", "Message": "starting"}
    assert found["StartTime"] == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert "Source" not in found
    assert "EndTime" not in found
    assert found["MetadataProperties"] == {"Repository": "r"}
    assert found["LineageGroupArn"].endswith(":lineage-group/sagemaker-default-lineage-group")
    await aws(
        "update_trial_component",
        TrialComponentName="train",
        DisplayName="run-7",
        Parameters={"n0": {"NumberValue": 2}, "gone": {"StringValue": "x"}, "new": {"StringValue": "y"}},
        ParametersToRemove=["gone", "n1", "never"],
        InputArtifactsToRemove=["code"],
        OutputArtifacts={"model": {"Value": "s3://b/m"}},
        Status={"PrimaryStatus": "Completed", "Message": "done"},
        EndTime=datetime(2026, 1, 2, 4, tzinfo=UTC),
    )
    found = await aws("describe_trial_component", TrialComponentName="train")
    assert found["DisplayName"] == "run-7"
    assert found["Parameters"]["n0"] == {"NumberValue": 2.0}
    assert found["Parameters"]["new"] == {"StringValue": "y"}
    assert not {"gone", "n1"} & set(found["Parameters"])
    assert len(found["Parameters"]) == len(FLOATS) - 1 + 3
    assert set(found["InputArtifacts"]) == {"data"}
    assert found["OutputArtifacts"] == {"model": {"Value": "s3://b/m"}}
    assert found["Status"] == {"PrimaryStatus": "Completed", "Message": "done"}
    assert (await aws("list_trial_components"))["TrialComponentSummaries"][0]["Status"] == found["Status"]


async def test_empty_maps_change_nothing(aws: Aws) -> None:
    await component(aws, "c", Parameters={"a": {"NumberValue": 1}}, OutputArtifacts={"o": {"Value": "s3://b/o"}})
    before = await aws("describe_trial_component", TrialComponentName="c")
    await aws(
        "update_trial_component",
        TrialComponentName="c",
        Parameters={},
        ParametersToRemove=[],
        InputArtifacts={},
        OutputArtifacts={},
        OutputArtifactsToRemove=[],
        Status={},
    )
    # As SDK clients save: everything that they have read, again.
    await aws("update_trial_component", TrialComponentName="c", DisplayName="c", Parameters=before["Parameters"])
    found = await aws("describe_trial_component", TrialComponentName="c")
    assert {**before, "LastModifiedTime": None} == {**found, "LastModifiedTime": None}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"Parameters": {"a": {"NumberValue": 1, "StringValue": "b"}}}, "either NumberValue or StringValue"),
        ({"Parameters": {"a": {}}}, "either NumberValue or StringValue"),
        ({"Parameters": {"": {"NumberValue": 1}}}, "parameters.key has 0 characters"),
        ({"Parameters": {f"p{i}": {"NumberValue": 1} for i in range(200)}}, "would have 400 parameters"),
        ({"OutputArtifacts": {f"o{i}": {"Value": "v"} for i in range(60)}}, "would have 61 outputs"),
    ],
)
async def test_a_component_is_refused_what_does_not_fit(aws: Aws, fields: dict[str, Any], problem: str) -> None:
    held = {f"q{i}": {"NumberValue": 1} for i in range(200)}
    await component(aws, "c", Parameters=held, OutputArtifacts={"first": {"Value": "v"}})
    before = await aws("describe_trial_component", TrialComponentName="c")
    code, message = await aws.refused("update_trial_component", TrialComponentName="c", **fields)
    assert code == "ValidationException"
    assert problem in message
    assert await aws("describe_trial_component", TrialComponentName="c") == before


async def test_concurrent_updates_lose_nothing(aws: Aws) -> None:
    await component(aws, "c")
    await asyncio.gather(
        *(
            aws("update_trial_component", TrialComponentName="c", Parameters={f"p{i}": {"NumberValue": i}})
            for i in range(30)
        )
    )
    found = await aws("describe_trial_component", TrialComponentName="c")
    assert found["Parameters"] == {f"p{i}": {"NumberValue": float(i)} for i in range(30)}


async def test_lists_page_by_experiment_trial_and_component(aws: Aws) -> None:
    await experiment(aws)
    await experiment(aws, "other")
    for name in ("t1", "t2", "t3"):
        await trial(aws, name)
    await trial(aws, "elsewhere", "other")
    for number in range(7):
        await component(aws, f"c{number}", *(["t1", "t2"] if number % 2 else ["t1"]))
    await component(aws, "free")
    await component(aws, "x", "t3", "elsewhere")
    newest = [f"c{number}" for number in reversed(range(7))]
    for size in (1, 2, 7, 100):
        listed = {"MaxResults": size}
        assert await names(aws, "list_trial_components", "TrialComponent", TrialName="T1", **listed) == newest
        assert await names(aws, "list_trial_components", "TrialComponent", ExperimentName="churn", **listed) == [
            "x",
            *newest,
        ]
        assert await names(aws, "list_trials", "Trial", ExperimentName="churn", **listed) == ["t3", "t2", "t1"]
        assert await names(aws, "list_trials", "Trial", TrialComponentName="c1", **listed) == ["t2", "t1"]
        assert await names(aws, "list_experiments", "Experiment", **listed) == ["other", "churn"]
    sorted_ = {"SortBy": "Name", "SortOrder": "Ascending", "MaxResults": 3}
    found = await names(aws, "list_trial_components", "TrialComponent", TrialName="t1", **sorted_)
    assert found == newest[::-1]
    assert await names(aws, "list_trials", "Trial", **sorted_) == ["elsewhere", "t1", "t2", "t3"]
    both = {"TrialComponentName": "x", "ExperimentName": "churn"}
    assert await names(aws, "list_trials", "Trial", **both) == ["t3"]
    middle = (await aws("describe_trial_component", TrialComponentName="c3"))["CreationTime"]
    after = await names(aws, "list_trial_components", "TrialComponent", TrialName="t1", CreatedAfter=middle)
    before = await names(aws, "list_trial_components", "TrialComponent", TrialName="t1", CreatedBefore=middle)
    assert "c3" in after
    assert sorted([*after, *before]) == sorted(newest)
    await aws("disassociate_trial_component", TrialComponentName="c1", TrialName="t1")
    assert "c1" not in await names(aws, "list_trial_components", "TrialComponent", TrialName="t1")
    assert "c1" in await names(aws, "list_trial_components", "TrialComponent", ExperimentName="churn")


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("list_trials", {"ExperimentName": "none"}),
        ("list_trials", {"TrialComponentName": "none"}),
        ("list_trials", {"TrialComponentName": "none", "ExperimentName": "churn"}),
        ("list_trial_components", {"TrialName": "none"}),
        ("list_trial_components", {"ExperimentName": "none"}),
        ("associate_trial_component", {"TrialName": "none", "TrialComponentName": "c"}),
        ("associate_trial_component", {"TrialName": "t", "TrialComponentName": "none"}),
        ("describe_trial", {"TrialName": "none"}),
        ("update_trial_component", {"TrialComponentName": "none"}),
    ],
)
async def test_what_is_not_there_is_not_found(aws: Aws, operation: str, given: dict[str, str]) -> None:
    await experiment(aws)
    await trial(aws, "t")
    await component(aws, "c")
    code, message = await aws.refused(operation, **given)
    assert code == "ResourceNotFound"
    assert "/none does not exist" in message


async def test_a_page_goes_on_where_it_was_while_others_write(aws: Aws) -> None:
    await experiment(aws)
    await trial(aws, "t")
    for number in range(4):
        await component(aws, f"c{number}", "t")
    first = await aws("list_trial_components", TrialName="t", MaxResults=2)
    await component(aws, "late", "t")
    await aws("disassociate_trial_component", TrialName="t", TrialComponentName="c0")
    rest = await aws("list_trial_components", TrialName="t", MaxResults=2, NextToken=first["NextToken"])
    assert [item["TrialComponentName"] for item in rest["TrialComponentSummaries"]] == ["c1", "c0"]
    code, _ = await aws.refused("list_trial_components", TrialName="t", SortBy="Name", NextToken=first["NextToken"])
    assert code == "ValidationException"


async def test_components_are_found_by_what_made_them(aws: Aws, caller: Caller) -> None:
    job = aws.arn("training-job/train-1")
    for name, source in (("train-1-aws-training-job", job), ("other", aws.arn("training-job/train-2"))):
        put = create_named(
            aws.service.catalog.place(aws.service.account),
            Kind.TRIAL_COMPONENT,
            name,
            source_arn=source,
            source_type="SageMakerTrainingJob",
        )
        await aws.service.catalog.write(caller, [put], operation="test")
    for sort in ({}, {"SortBy": "Name"}, {"SortOrder": "Ascending"}, {"SortBy": "Name", "SortOrder": "Ascending"}):
        (found,) = (await aws("list_trial_components", SourceArn=job, **sort))["TrialComponentSummaries"]
        assert found["TrialComponentSource"] == {"SourceArn": job, "SourceType": "SageMakerTrainingJob"}
    found = await aws("describe_trial_component", TrialComponentName="train-1-aws-training-job")
    assert found["Sources"] == [found["Source"]] == [{"SourceArn": job, "SourceType": "SageMakerTrainingJob"}]
    assert (await aws("list_trial_components", SourceArn=aws.arn("training-job/none")))["TrialComponentSummaries"] == []
    code, message = await aws.refused("list_trial_components", SourceArn=job, TrialName="t")
    assert code == "ValidationException"
    assert "TrialName and SourceArn" in message


async def test_another_account_s_things_do_not_exist(aws: Aws, catalog: Any) -> None:
    other = Caller("999999999999", "eve", "test", Role.WRITER)
    place = catalog.place(other.account)
    put = create_named(place, Kind.TRIAL_COMPONENT, f"c{aws.service.account}")
    await catalog.write(other, [put], operation="test")
    foreign = await aws.refused("describe_trial_component", TrialComponentName=put.arn)
    missing = await aws.refused("describe_trial_component", TrialComponentName=put.arn.replace("/c", "/d"))
    assert foreign == (missing[0], missing[1].replace("/d", "/c"))
    assert (await aws("list_trial_components"))["TrialComponentSummaries"] == []
