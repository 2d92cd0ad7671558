"""boto3 with a real key: every offered operation, every paginator, the error classes; each answer is held to its model."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import boto3
import pytest
import pytest_asyncio
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

from api import auth
from api.sagemaker.calls import OFFERED
from graph.access import Caller, Role
from tests.api.conftest import Serve, Service
from tests.api.sagemaker.test_jobs import TRAINING, TRANSFORM

Client = Callable[[str], Any]
SOURCE = {"SourceUri": "s3://lake/churn"}
CREATED = 7
PAGE = 3


class Boto3:
    """boto3 clients of one key; calls run in a thread, since the server shares the tests' loop."""

    def __init__(self, service: Service, key: tuple[str, str]) -> None:
        self.service = service
        self.key = key
        self._made = partial(
            boto3.client,
            endpoint_url=str(service.client.base_url),
            region_name="us-east-1",
            aws_access_key_id=key[0],
            aws_secret_access_key=key[1],
            config=Config(retries={"total_max_attempts": 1}, proxies={}),
        )
        self._clients: dict[str, Any] = {}

    def client(self, name: str = "sagemaker") -> Any:
        if name not in self._clients:
            self._clients[name] = self._made(name)
        return self._clients[name]

    async def __call__(self, method: str, service: str = "sagemaker", **given: Any) -> Any:
        return await asyncio.to_thread(getattr(self.client(service), method), **given)

    async def error(self, method: str, **given: Any) -> ClientError:
        with pytest.raises(ClientError) as caught:
            await self(method, **given)
        return caught.value


@pytest_asyncio.fixture
async def aws(serve: Serve, account: str) -> Boto3:
    return await keyed(serve(keys="required"), Role.WRITER)


async def keyed(service: Service, role: Role) -> Boto3:
    admin = Caller(service.account, "operator", "test", Role.ADMIN)
    made = await auth.principals(service.settings, service.catalog).create(admin, role.name.lower(), role=role)
    return Boto3(service, (made.key.id, made.secret))


async def test_every_offered_operation_answers(aws: Boto3) -> None:
    who = await aws("get_caller_identity", "sts")
    assert who["Account"] == aws.service.account
    role = (await aws("get_role", "iam", RoleName="stemma"))["Role"]["Arn"]
    assert role == f"arn:aws:iam::{aws.service.account}:role/stemma"
    data, run, place = await lineage(aws)
    await experiments(aws)
    await jobs(aws)
    for arn in (data, run, place):
        await aws("add_tags", ResourceArn=arn, Tags=[{"Key": "owner", "Value": "ana"}])
        assert (await aws("list_tags", ResourceArn=arn))["Tags"] == [{"Key": "owner", "Value": "ana"}]
        await aws("delete_tags", ResourceArn=arn, TagKeys=["owner"])
    await aws("delete_association", SourceArn=data, DestinationArn=run)
    await aws("delete_association", SourceArn=run, DestinationArn=place)
    await aws("delete_context", ContextName="endpoint")
    await aws("delete_action", ActionName="deploy")
    await aws("delete_artifact", ArtifactArn=data)
    answered = {name for name, status in aws.service.checked.answers if status == 200}
    assert answered == {f"{service}:{name}" for service, name in OFFERED}, (
        "an operation that is offered has a call here"
    )


async def lineage(aws: Boto3) -> tuple[str, str, str]:
    data = (await aws("create_artifact", ArtifactType="DataSet", Source=SOURCE))["ArtifactArn"]
    run = (await aws("create_action", ActionName="deploy", ActionType="ModelDeployment", Source=SOURCE))["ActionArn"]
    place = (await aws("create_context", ContextName="endpoint", ContextType="Endpoint", Source=SOURCE))["ContextArn"]
    await aws("update_artifact", ArtifactArn=data, ArtifactName="churn", Properties={"rows": "12"})
    await aws("update_action", ActionName="deploy", Status="Completed", Description="to all")
    await aws("update_context", ContextName="endpoint", Properties={"size": "2"})
    assert (await aws("describe_artifact", ArtifactArn=data))["Properties"] == {"rows": "12"}
    assert (await aws("describe_action", ActionName="deploy"))["Status"] == "Completed"
    assert (await aws("describe_context", ContextName="endpoint"))["Properties"] == {"size": "2"}
    for kind, arn in (("artifact", data), ("action", run), ("context", place)):
        (summary,) = (await aws(f"list_{kind}s", SourceUri=SOURCE["SourceUri"]))[f"{kind.title()}Summaries"]
        assert summary[f"{kind.title()}Arn"] == arn
    await aws("add_association", SourceArn=data, DestinationArn=run, AssociationType="ContributedTo")
    await aws("add_association", SourceArn=run, DestinationArn=place, AssociationType="AssociatedWith")
    (link,) = (await aws("list_associations", SourceArn=data))["AssociationSummaries"]
    assert (link["DestinationArn"], link["AssociationType"]) == (run, "ContributedTo")
    found = await aws("query_lineage", StartArns=[place], Direction="Ascendants", IncludeEdges=True)
    assert {vertex["Arn"] for vertex in found["Vertices"]} == {data, run, place}
    assert len(found["Edges"]) == 2
    (group,) = (await aws("list_lineage_groups"))["LineageGroupSummaries"]
    described = await aws("describe_lineage_group", LineageGroupName=group["LineageGroupName"])
    assert described["LineageGroupArn"] == group["LineageGroupArn"]
    policy = await aws("get_lineage_group_policy", LineageGroupName=group["LineageGroupName"])
    assert policy["LineageGroupArn"] == group["LineageGroupArn"]
    return data, run, place


async def experiments(aws: Boto3) -> None:
    await aws("create_experiment", ExperimentName="churn", Description="why they go")
    await aws("update_experiment", ExperimentName="churn", DisplayName="Churn")
    await aws("create_trial", TrialName="first", ExperimentName="churn")
    await aws("update_trial", TrialName="first", DisplayName="First")
    await aws("create_trial_component", TrialComponentName="step", Parameters={"depth": {"NumberValue": 3}})
    await aws("update_trial_component", TrialComponentName="step", Status={"PrimaryStatus": "Completed"})
    await aws("associate_trial_component", TrialName="first", TrialComponentName="step")
    point = {"MetricName": "loss", "Timestamp": datetime.now(UTC), "Step": 1, "Value": 0.5}
    put = await aws("batch_put_metrics", "sagemaker-metrics", TrialComponentName="step", MetricData=[point])
    assert not put.get("Errors")
    step = await aws("describe_trial_component", TrialComponentName="step")
    assert (step["Metrics"][0]["Last"], step["Parameters"]) == (0.5, {"depth": {"NumberValue": 3.0}})
    query = {
        "MetricName": "loss",
        "ResourceArn": step["TrialComponentArn"],
        "MetricStat": "Last",
        "Period": "IterationNumber",
        "XAxisType": "IterationNumber",
    }
    got = await aws("batch_get_metrics", "sagemaker-metrics", MetricQueries=[query])
    assert got["MetricQueryResults"][0]["MetricValues"] == [0.5]
    assert (await aws("describe_experiment", ExperimentName="churn"))["DisplayName"] == "Churn"
    assert (await aws("describe_trial", TrialName="first"))["ExperimentName"] == "churn"
    (summary,) = (await aws("list_experiments"))["ExperimentSummaries"]
    assert summary["DisplayName"] == "Churn"
    assert [row["TrialName"] for row in (await aws("list_trials", ExperimentName="churn"))["TrialSummaries"]] == [
        "first"
    ]
    listed = (await aws("list_trial_components", TrialName="first"))["TrialComponentSummaries"]
    assert [row["TrialComponentName"] for row in listed] == ["step"]
    parent = {"Name": "Parents.TrialName", "Operator": "Equals", "Value": "first"}
    found = await aws("search", Resource="ExperimentTrialComponent", SearchExpression={"Filters": [parent]})
    assert [row["TrialComponent"]["TrialComponentName"] for row in found["Results"]] == ["step"]
    hinted = await aws(
        "get_search_suggestions",
        Resource="ExperimentTrialComponent",
        SuggestionQuery={"PropertyNameQuery": {"PropertyNameHint": "Parameters.d"}},
    )
    assert {"PropertyName": "Parameters.depth"} in hinted["PropertyNameSuggestions"]
    await aws("disassociate_trial_component", TrialName="first", TrialComponentName="step")
    await aws("delete_trial_component", TrialComponentName="step")
    await aws("delete_trial", TrialName="first")
    await aws("delete_experiment", ExperimentName="churn")


async def jobs(aws: Boto3) -> None:
    for kind, request in (("training", TRAINING), ("transform", TRANSFORM)):
        name = {f"{kind.title()}JobName": "one"}
        arn = (await aws(f"create_{kind}_job", **name, **request))[f"{kind.title()}JobArn"]
        described = await aws(f"describe_{kind}_job", **name)
        assert described[f"{kind.title()}JobArn"] == arn
        assert described[f"{kind.title()}JobStatus"] == "InProgress"
        (summary,) = (await aws(f"list_{kind}_jobs"))[f"{kind.title()}JobSummaries"]
        assert summary[f"{kind.title()}JobName"] == "one"
        await aws(f"stop_{kind}_job", **name)


def paged() -> Iterator[str]:
    client = boto3.client("sagemaker", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    for service, name in OFFERED:
        if service == "sagemaker" and client.can_paginate(xform_name(name)):
            yield xform_name(name)


async def test_every_paginator_gives_each_thing_once(aws: Boto3) -> None:
    await fill(aws)
    part = (await aws("describe_trial_component", TrialComponentName="step-0"))["TrialComponentArn"]
    # What is asked, and how many there are; jobs have trial components, images and data sets of their own beside.
    asked: dict[str, tuple[dict[str, Any], int]] = {
        "list_artifacts": ({"ArtifactType": "Paged"}, CREATED),
        "list_actions": ({"ActionType": "Paged"}, CREATED),
        "list_contexts": ({"ContextType": "Paged"}, CREATED),
        "list_associations": ({"DestinationArn": part}, CREATED),
        "list_experiments": ({}, CREATED),
        "list_trials": ({"ExperimentName": "churn-0"}, CREATED),
        "list_trial_components": ({"TrialName": "trial-0"}, CREATED),
        "list_training_jobs": ({"NameContains": "job"}, CREATED),
        "list_transform_jobs": ({"SortBy": "Name", "SortOrder": "Ascending"}, CREATED),
        "list_lineage_groups": ({}, 1),
        "list_tags": ({"ResourceArn": part}, 3),
        "search": ({"Resource": "Experiment", "SortBy": "ExperimentName"}, CREATED),
    }
    assert set(asked) == set(paged()), "a paginated operation that is offered has a line here"
    for name, (given, count) in asked.items():
        size = 50 if name == "list_tags" else PAGE
        paginator = aws.client().get_paginator(name)
        (key,) = [parsed.expression for parsed in paginator.result_keys]

        def pages(
            paginator: Any = paginator, given: dict[str, Any] = given, size: int = size, key: str = key
        ) -> list[list[str]]:
            return [
                [repr(item) for item in page[key]]
                for page in paginator.paginate(**given, PaginationConfig={"PageSize": size})
            ]

        found = await asyncio.to_thread(pages)
        items = [item for page in found for item in page]
        assert (len(items), len(set(items))) == (count, count), name
        assert len(found) == -(-count // size), name


async def fill(aws: Boto3) -> None:
    await aws("create_experiment", ExperimentName="churn-0")
    tags = [{"Key": str(number), "Value": "x"} for number in range(3)]
    for number in range(CREATED):
        source = {"SourceUri": f"s3://lake/{number}"}
        data = (await aws("create_artifact", ArtifactType="Paged", Source=source))["ArtifactArn"]
        await aws("create_action", ActionName=f"act-{number}", ActionType="Paged", Source=source)
        await aws("create_context", ContextName=f"place-{number}", ContextType="Paged", Source=source)
        if number:
            await aws("create_experiment", ExperimentName=f"churn-{number}")
        await aws("create_trial", TrialName=f"trial-{number}", ExperimentName="churn-0")
        name = f"step-{number}"
        await aws("create_trial_component", TrialComponentName=name, Tags=tags)
        await aws("associate_trial_component", TrialName="trial-0", TrialComponentName=name)
        part = (await aws("describe_trial_component", TrialComponentName="step-0"))["TrialComponentArn"]
        await aws("add_association", SourceArn=data, DestinationArn=part)
        await aws("create_training_job", TrainingJobName=f"job-{number}", **TRAINING)
        await aws("create_transform_job", TransformJobName=f"job-{number}", **TRANSFORM)


async def test_errors_are_boto3s_classes(aws: Boto3) -> None:
    known = aws.client().exceptions
    missing = await aws.error("describe_action", ActionName="none")
    assert isinstance(missing, known.ResourceNotFound)
    await aws("create_training_job", TrainingJobName="one", **TRAINING)
    assert isinstance(await aws.error("create_training_job", TrainingJobName="one", **TRAINING), known.ResourceInUse)
    arn = (await aws("create_artifact", ArtifactType="DataSet", Source=SOURCE))["ArtifactArn"]
    taken = await aws.error("create_artifact", ArtifactType="DataSet", Source=SOURCE)
    assert taken.response["Error"]["Code"] == "ValidationException"
    assert "already exists" in taken.response["Error"]["Message"]
    assert taken.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert taken.response["ResponseMetadata"]["RequestId"]
    long = await aws.error("update_artifact", ArtifactArn=arn, ArtifactName="a" * 300)
    assert long.response["Error"]["Message"].startswith("1 validation error detected: Value 'aaa")
    token = await aws.error("list_actions", NextToken="made-up")
    assert token.response["Error"]["Code"] == "ValidationException"
    other = await aws.error("list_models")
    assert other.response["Error"]["Code"] == "UnknownOperationException"
    assert "sagemaker:ListModels is not offered" in other.response["Error"]["Message"]


async def test_who_is_not_let_in_is_told_in_awss_words(aws: Boto3) -> None:
    reader = await keyed(aws.service, Role.READER)
    assert (await reader("list_actions"))["ActionSummaries"] == []
    refused = await reader.error("create_action", ActionName="a", ActionType="b", Source=SOURCE)
    assert refused.response["Error"]["Code"] == "AccessDeniedException"
    unknown = await Boto3(aws.service, ("AKIANOBODY", "secret")).error("list_actions")
    assert unknown.response["Error"]["Code"] == "UnrecognizedClientException"
    assert unknown.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)
    forged = await Boto3(aws.service, (aws.key[0], "another")).error("list_actions")
    assert forged.response["Error"]["Code"] == "InvalidSignatureException"
