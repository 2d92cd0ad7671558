"""Artifacts, actions, contexts, associations and QueryLineage through boto3."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.sagemaker.conftest import Aws, AwsOf

SOURCE = {"SourceUri": "s3://b/train.parquet"}


async def artifact(aws: Aws, uri: str = "s3://b/train.parquet", type_: str = "DataSet", **fields: Any) -> str:
    made = await aws("create_artifact", Source={"SourceUri": uri}, ArtifactType=type_, **fields)
    return str(made["ArtifactArn"])


async def action(aws: Aws, name: str, type_: str = "Approval", **fields: Any) -> str:
    made = await aws("create_action", ActionName=name, ActionType=type_, Source={"SourceUri": "u"}, **fields)
    return str(made["ActionArn"])


async def context(aws: Aws, name: str, type_: str = "Endpoint", **fields: Any) -> str:
    made = await aws("create_context", ContextName=name, ContextType=type_, Source={"SourceUri": "u"}, **fields)
    return str(made["ContextArn"])


async def link(aws: Aws, source: str, destination: str, kind: str = "ContributedTo") -> None:
    await aws("add_association", SourceArn=source, DestinationArn=destination, AssociationType=kind)


async def test_an_artifact_lives_through_its_operations(aws: Aws) -> None:
    types = [{"SourceIdType": "Custom", "Value": "v1"}]
    arn = (
        await aws(
            "create_artifact",
            ArtifactName="train",
            Source={**SOURCE, "SourceTypes": types},
            ArtifactType="DataSet",
            Properties={"rows": "10", "old": "x"},
            MetadataProperties={"CommitId": "abc"},
            Tags=[{"Key": "owner", "Value": "ann"}],
        )
    )["ArtifactArn"]
    found = await aws("describe_artifact", ArtifactArn=arn)
    assert {key: found[key] for key in ("ArtifactName", "ArtifactArn", "ArtifactType", "Properties")} == {
        "ArtifactName": "train",
        "ArtifactArn": arn,
        "ArtifactType": "DataSet",
        "Properties": {"rows": "10", "old": "x"},
    }
    assert found["Source"] == {**SOURCE, "SourceTypes": types}
    assert found["MetadataProperties"] == {"CommitId": "abc"}
    assert found["CreatedBy"]["IamIdentity"]["PrincipalId"] == "local-admin"
    assert abs(datetime.now(UTC) - found["CreationTime"]) < timedelta(minutes=1)
    update = {"Properties": {"new": "1", "gone": "2"}, "PropertiesToRemove": ["gone"]}
    await aws("update_artifact", ArtifactArn=arn, ArtifactName="train2", **update)
    found = await aws("describe_artifact", ArtifactArn=arn.replace(arn[-32:], arn[-32:].upper()))
    assert (found["ArtifactName"], found["Properties"]) == ("train2", {"new": "1"})
    code, message = await aws.refused("create_artifact", Source={**SOURCE, "SourceTypes": types}, ArtifactType="Other")
    assert code == "ValidationException"
    assert "already exists" in message
    listed = await aws("list_artifacts", SourceUri=SOURCE["SourceUri"], ArtifactType="DataSet")
    assert [summary["ArtifactArn"] for summary in listed["ArtifactSummaries"]] == [arn]
    await aws("delete_artifact", Source={**SOURCE, "SourceTypes": types})
    assert (await aws.refused("describe_artifact", ArtifactArn=arn))[0] == "ResourceNotFound"


async def test_actions_and_contexts_live_through_their_operations(aws: Aws) -> None:
    source = {"SourceUri": "arn:x", "SourceType": "ARN", "SourceId": "7"}
    await aws(
        "create_action",
        ActionName="Approve",
        ActionType="Approval",
        Source=source,
        Status="InProgress",
        Description="d",
        MetadataProperties={"GeneratedBy": "ci"},
    )
    found = await aws("describe_action", ActionName="approve")
    assert (found["ActionName"], found["Source"], found["Status"]) == ("Approve", source, "InProgress")
    assert (found["Description"], found["MetadataProperties"]) == ("d", {"GeneratedBy": "ci"})
    await aws("update_action", ActionName="Approve", Status="Completed", Description="done")
    assert (await aws("describe_action", ActionName=found["ActionArn"]))["Status"] == "Completed"
    await aws("create_context", ContextName="churn", ContextType="Endpoint", Source=source, Properties={"a": "1"})
    assert (await aws("describe_context", ContextName="churn"))["Source"] == source
    await aws("update_context", ContextName="churn", Properties={})
    assert (await aws("describe_context", ContextName="churn"))["Properties"] == {}
    for kind in ("action", "context"):
        name = {f"{kind.title()}Name": {"action": "Approve", "context": "churn"}[kind]}
        duplicate = {f"{kind.title()}Type": "T", "Source": {"SourceUri": "u"}}
        assert "already exists" in (await aws.refused(f"create_{kind}", **name, **duplicate))[1]
        assert (await aws(f"list_{kind}s"))[f"{kind.title()}Summaries"]
        await aws(f"delete_{kind}", **name)
        assert (await aws.refused(f"describe_{kind}", **name))[0] == "ResourceNotFound"
        assert (await aws(f"list_{kind}s"))[f"{kind.title()}Summaries"] == []


async def test_lists_are_newest_first_ten_a_page_and_stable_while_others_write(aws: Aws) -> None:
    names = [f"a{number:02d}" for number in range(23)]
    for name in names:
        await action(aws, name, "Approval" if name < "a20" else "Other")
    first = await aws("list_actions")
    assert [summary["ActionName"] for summary in first["ActionSummaries"]] == names[:-11:-1]
    await action(aws, "later")
    second = await aws("list_actions", NextToken=first["NextToken"])
    assert [summary["ActionName"] for summary in second["ActionSummaries"]] == names[-11:-21:-1]
    pages = await aws.pages("list_actions", SortBy="Name", SortOrder="Ascending", MaxResults=7, ActionType="Approval")
    assert [len(page["ActionSummaries"]) for page in pages] == [7, 7, 7]
    code, _ = await aws.refused("list_actions", NextToken=first["NextToken"], ActionType="Approval")
    assert code == "ValidationException"
    recent = await aws("list_actions", CreatedAfter=datetime.now(UTC) + timedelta(hours=1))
    assert recent["ActionSummaries"] == []


async def test_contexts_are_listed_without_experiments(aws: Aws) -> None:
    await aws.service.contexts("exp", type="Experiment")
    await context(aws, "plain", "Experiment")
    assert [summary["ContextName"] for summary in (await aws("list_contexts"))["ContextSummaries"]] == ["plain"]


async def test_associations_are_added_listed_and_deleted(aws: Aws) -> None:
    data, model = await artifact(aws), await artifact(aws, "s3://b/model", "Model")
    approve, churn = await action(aws, "approve"), await context(aws, "churn")
    await link(aws, data, model, "DerivedFrom")
    await link(aws, data, approve)
    await aws("add_association", SourceArn=approve, DestinationArn=churn)
    refused = await aws.refused(
        "add_association", SourceArn=data, DestinationArn=approve, AssociationType="ContributedTo"
    )
    assert refused[0] == "ValidationException"
    assert "already exists" in refused[1]

    async def listed(**given: Any) -> list[tuple[str, str]]:
        found = (await aws("list_associations", **given))["AssociationSummaries"]
        return [(summary["SourceArn"], summary["DestinationArn"]) for summary in found]

    assert await listed(SourceArn=data, SortOrder="Ascending") == [(data, model), (data, approve)]
    assert await listed(SourceArn=data) == [(data, approve), (data, model)]
    assert await listed(DestinationArn=churn) == [(approve, churn)]
    assert await listed(SourceArn=data, DestinationArn=approve) == [(data, approve)]
    assert await listed(SourceArn=data, DestinationType="Approval") == [(data, approve)]
    assert await listed(SourceType="Approval") == [(approve, churn)]
    assert await listed(AssociationType="AssociatedWith") == [(approve, churn)]
    assert await listed(SortBy="DestinationType", SortOrder="Ascending") == [
        *((data, approve), (approve, churn), (data, model)),
    ]
    assert await listed(CreatedAfter=datetime.now(UTC) + timedelta(hours=1)) == []
    pages = await aws.pages("list_associations", MaxResults=1)
    assert [len(page["AssociationSummaries"]) for page in pages] == [1, 1, 1]
    (shown,) = (await aws("list_associations", DestinationArn=churn))["AssociationSummaries"]
    assert (shown["SourceType"], shown["SourceName"], shown["DestinationType"], shown["AssociationType"]) == (
        *("Approval", "approve", "Endpoint", "AssociatedWith"),
    )
    assert (await aws.refused("delete_artifact", ArtifactArn=data))[0] == "ValidationException"
    await aws("delete_association", SourceArn=data, DestinationArn=model)
    assert (await aws.refused("delete_association", SourceArn=data, DestinationArn=model))[0] == "ResourceNotFound"
    await aws("delete_association", SourceArn=data, DestinationArn=approve)
    await aws("delete_artifact", ArtifactArn=data)
    assert (await aws.refused("list_associations", SourceArn=aws.arn("model-package/none/1")))[
        0
    ] == "ValidationException"


async def test_an_end_that_is_missing_is_not_found(aws: Aws) -> None:
    data = await artifact(aws)
    for source, destination in ((data, aws.arn("context/none")), (aws.arn("action/none"), data)):
        code, _ = await aws.refused("add_association", SourceArn=source, DestinationArn=destination)
        assert code == "ResourceNotFound"
    assert (await aws.refused("add_association", SourceArn=data, DestinationArn=data))[0] == "ValidationException"


async def chain(aws: Aws) -> dict[str, str]:
    """data → job (trial component) → model → approve (action) → churn (context); other → job; job → trial."""
    ends = {
        "data": await artifact(aws),
        "other": await artifact(aws, "s3://b/other", "DataSet", Properties={"team": "blue"}),
        "model": await artifact(aws, "s3://b/model", "Model", Properties={"team": "red"}),
        "approve": await action(aws, "approve"),
        "churn": await context(aws, "churn"),
    }
    rows = [
        {"trialComponent": {"name": "job", "type": "SageMakerTrainingJob"}},
        {"trialComponent": {"name": "sibling", "type": "SageMakerTrainingJob"}},
        {"context": {"name": "trial", "type": "Trial"}},
    ]
    made = await aws.service.data(
        "mutation($input: IngestInput!) { ingest(input: $input) { entities { arn } } }", input={"entities": rows}
    )
    ends["job"], ends["sibling"], ends["trial"] = (row["arn"] for row in made["ingest"]["entities"])
    pairs = ("data job", "other job", "job model", "model approve", "approve churn", "job trial", "sibling trial")
    await aws.service.link(*[(ends[a], ends[b]) for a, b in (pair.split() for pair in pairs)])
    return ends


async def query(aws: Aws, ends: dict[str, str], start: str, **given: Any) -> tuple[set[str], set[str]]:
    names = {arn: name for name, arn in ends.items()}
    found = await aws("query_lineage", StartArns=[ends[start]], **given)
    edges = {f"{names[edge['SourceArn']]} {names[edge['DestinationArn']]}" for edge in found["Edges"]}
    return {names[vertex["Arn"]] for vertex in found["Vertices"]}, edges


ALL = {"data job", "other job", "job model", "model approve", "approve churn"}


async def test_a_query_walks_up_down_and_both_ways_without_experiments(aws: Aws) -> None:
    ends = await chain(aws)
    assert await query(aws, ends, "model", Direction="Ascendants") == ({"job", "data", "other"}, set())
    assert await query(aws, ends, "model", Direction="Descendants") == ({"approve", "churn"}, set())
    everything = {"data", "other", "job", "model", "approve", "churn"}
    # `sibling` hangs on the trial alone, which is no vertex here.
    assert await query(aws, ends, "data", Direction="Both") == (everything - {"data"}, set())
    assert await query(aws, ends, "data", IncludeEdges=True) == (everything, ALL)
    assert await query(aws, ends, "data", IncludeEdges=True, MaxDepth=1) == ({"data", "job"}, {"data job"})
    found = await aws("query_lineage", StartArns=[ends["data"]], MaxDepth=1)
    assert found["Vertices"] == [{"Arn": ends["job"], "Type": "TrainingJob", "LineageType": "TrialComponent"}]


@pytest.mark.parametrize(
    ("filters", "fitting", "shown"),
    [
        ({"LineageTypes": ["Artifact"]}, {"other", "model"}, {"data", "job", "other", "model"}),
        ({"Types": ["TrainingJob"]}, {"job"}, {"data", "job"}),
        (
            {"Types": ["DataSet", "Model"], "LineageTypes": ["Artifact"]},
            {"other", "model"},
            {"data", "job", "other", "model"},
        ),
        ({"Types": ["Model"], "LineageTypes": ["Action"]}, set(), {"data"}),
        ({"Properties": {"team": "red"}}, {"model"}, {"data", "job", "model"}),
        ({"Properties": {"team": "red", "none": "x"}}, {"model"}, {"data", "job", "model"}),
        ({"CreatedAfter": datetime(2100, 1, 1, tzinfo=UTC)}, set(), {"data"}),
        ({"ModifiedBefore": datetime(2001, 1, 1, tzinfo=UTC)}, set(), {"data"}),
    ],
)
async def test_filters_of_several_kinds_hold_together(
    aws: Aws, filters: dict[str, Any], fitting: set[str], shown: set[str]
) -> None:
    ends = await chain(aws)
    assert (await query(aws, ends, "data", Filters=filters))[0] == fitting
    vertices, edges = await query(aws, ends, "data", Filters=filters, IncludeEdges=True)
    assert vertices == shown
    assert edges == {edge for edge in ALL if set(edge.split()) <= shown}


async def test_pages_of_a_query_hold_every_vertex_and_edge_once(aws: Aws) -> None:
    ends = await chain(aws)
    pages = await aws.pages("query_lineage", StartArns=[ends["data"]], IncludeEdges=True, MaxResults=2)
    vertices = [vertex["Arn"] for page in pages for vertex in page["Vertices"]]
    edges = [(edge["SourceArn"], edge["DestinationArn"]) for page in pages for edge in page["Edges"]]
    assert [len(page["Vertices"]) for page in pages] == [2, 2, 2]
    assert vertices[0] == ends["data"]
    assert len(set(vertices)) == 6
    assert sorted(edges) == sorted((ends[a], ends[b]) for a, b in (edge.split() for edge in ALL))


async def test_a_query_keeps_its_limits(aws: Aws) -> None:
    start = [await artifact(aws)]
    for given in ({"MaxDepth": 11}, {"MaxDepth": 0}, {"MaxResults": 51}, {"Filters": {"Types": list("abcdef")}}):
        assert (await aws.refused("query_lineage", StartArns=start, **given))[0] == "ValidationException"
    assert (await aws.refused("query_lineage", StartArns=start * 2))[0] == "ValidationException"
    assert (await aws.refused("query_lineage"))[0] == "ValidationException"
    assert (await aws.refused("query_lineage", StartArns=[aws.arn("artifact/none")]))[0] == "ResourceNotFound"
    assert await aws("query_lineage", StartArns=start) == {"Vertices": [], "Edges": []}


async def test_tags_are_set_listed_and_removed_in_order(aws: Aws) -> None:
    arn = await artifact(aws, Tags=[{"Key": "b", "Value": "1"}])
    added = await aws(
        "add_tags", ResourceArn=arn, Tags=[{"Key": "sagemaker:a", "Value": ""}, {"Key": "b", "Value": "2"}]
    )
    assert added["Tags"] == [{"Key": "b", "Value": "2"}, {"Key": "sagemaker:a", "Value": ""}]
    assert await aws("list_tags", ResourceArn=arn) == added
    await aws("delete_tags", ResourceArn=arn, TagKeys=["b", "none"])
    assert (await aws("list_tags", ResourceArn=arn))["Tags"] == [{"Key": "sagemaker:a", "Value": ""}]
    twice = [{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}]
    assert (await aws.refused("add_tags", ResourceArn=arn, Tags=twice))[0] == "ValidationException"
    many = [{"Key": str(number), "Value": ""} for number in range(50)]
    assert (await aws.refused("add_tags", ResourceArn=arn, Tags=many))[0] == "ValidationException"
    assert (await aws.refused("list_tags", ResourceArn=aws.arn("artifact/none")))[0] == "ValidationException"


async def test_the_account_has_one_lineage_group(aws: Aws) -> None:
    (group,) = (await aws("list_lineage_groups"))["LineageGroupSummaries"]
    found = await aws("describe_lineage_group", LineageGroupName=group["LineageGroupName"])
    assert found == group
    assert found["LineageGroupArn"] == aws.arn("lineage-group/sagemaker-default-lineage-group")
    policy = await aws("get_lineage_group_policy", LineageGroupName=found["LineageGroupArn"])
    assert policy == {"LineageGroupArn": found["LineageGroupArn"]}
    assert (await aws.refused("describe_lineage_group", LineageGroupName="other"))[0] == "ResourceNotFound"


async def test_what_one_door_writes_the_other_reads(aws: Aws) -> None:
    arn = await artifact(aws, ArtifactName="train", Tags=[{"Key": "owner", "Value": "ann"}])
    text = "query($arn: ID!) { entity(arn: $arn) { name type owners history { edges { node { door } } } } }"
    found = (await aws.service.data(text, arn=arn))["entity"]
    assert (found["name"], found["type"], found["owners"]) == ("train", "DataSet", ["ann"])
    assert found["history"]["edges"][0]["node"]["door"] == "sagemaker"


async def test_callers_are_told_who_they_are_and_what_is_not_offered(aws_of: AwsOf) -> None:
    sts, iam, sagemaker, groups = (aws_of(name) for name in ("sts", "iam", "sagemaker", "resource-groups"))
    account = sts.service.account
    assert await sts("get_caller_identity") == {
        "UserId": "local-admin",
        "Account": account,
        "Arn": f"arn:aws:iam::{account}:user/local-admin",
    }
    assert (await iam("get_role", RoleName="ml"))["Role"]["Arn"] == f"arn:aws:iam::{account}:role/ml"
    assert (await iam.refused("get_role", RoleName=""))[0] == "ValidationException"
    for client, name, shown in (
        (sagemaker, "list_notebook_instances", "sagemaker:ListNotebookInstances"),
        (iam, "list_users", "iam:ListUsers"),
        (groups, "get_account_settings", "resource-groups:GetAccountSettings"),
    ):
        code, message = await client.refused(name)
        assert code == "UnknownOperationException"
        assert message.startswith(f"{shown} is not offered")


async def test_two_who_create_the_same_name_do_not_both_succeed(aws: Aws) -> None:
    done = await asyncio.gather(*(action(aws, "same") for _ in range(8)), return_exceptions=True)
    assert len([arn for arn in done if isinstance(arn, str)]) == 1
