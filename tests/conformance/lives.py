"""The life of everything that the door keeps, told in boto3's calls: each offered operation is called at least once."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.api.conftest import Service
from tests.api.sagemaker.test_hosting import CONTAINER, variant
from tests.api.sagemaker.test_jobs import TRAINING, TRANSFORM
from tests.api.sagemaker.test_monitoring import KINDS, METHODS, PROCESSING, by_definition, definition
from tests.api.sagemaker.test_registry import REQUEST

SOURCE = {"SourceUri": "s3://lake/churn"}


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


async def identity(aws: Boto3) -> None:
    who = await aws("get_caller_identity", "sts")
    assert who["Account"] == aws.service.account
    role = (await aws("get_role", "iam", RoleName="stemma"))["Role"]["Arn"]
    assert role == f"arn:aws:iam::{aws.service.account}:role/stemma"


async def lineage(aws: Boto3) -> None:
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
    for arn in (data, run, place):
        await aws("add_tags", ResourceArn=arn, Tags=[{"Key": "owner", "Value": "ana"}])
        assert (await aws("list_tags", ResourceArn=arn))["Tags"] == [{"Key": "owner", "Value": "ana"}]
        await aws("delete_tags", ResourceArn=arn, TagKeys=["owner"])
    await aws("delete_association", SourceArn=data, DestinationArn=run)
    await aws("delete_association", SourceArn=run, DestinationArn=place)
    await aws("delete_context", ContextName="endpoint")
    await aws("delete_action", ActionName="deploy")
    await aws("delete_artifact", ArtifactArn=data)


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
    for kind, request in (("training", TRAINING), ("transform", TRANSFORM), ("processing", PROCESSING)):
        name = {f"{kind.title()}JobName": "one"}
        arn = (await aws(f"create_{kind}_job", **name, **request))[f"{kind.title()}JobArn"]
        described = await aws(f"describe_{kind}_job", **name)
        assert described[f"{kind.title()}JobArn"] == arn
        assert described[f"{kind.title()}JobStatus"] == "InProgress"
        (summary,) = (await aws(f"list_{kind}_jobs"))[f"{kind.title()}JobSummaries"]
        assert summary[f"{kind.title()}JobName"] == "one"
        await aws(f"stop_{kind}_job", **name)
        group = {"logGroupName": f"/aws/sagemaker/{kind.title()}Jobs"}
        (stream,) = (await aws("describe_log_streams", "logs", **group, logStreamNamePrefix="one/"))["logStreams"]
        events = await aws("get_log_events", "logs", **group, logStreamName=stream["logStreamName"])
        assert arn in events["events"][0]["message"]


async def registry(aws: Boto3) -> None:
    name = {"ModelPackageGroupName": "churn"}
    group = (await aws("create_model_package_group", **name))["ModelPackageGroupArn"]
    assert (await aws("describe_model_package_group", **name))["ModelPackageGroupArn"] == group
    (row,) = (await aws("list_model_package_groups"))["ModelPackageGroupSummaryList"]
    assert row["ModelPackageGroupName"] == "churn"
    await aws("put_model_package_group_policy", **name, ResourcePolicy="{}")
    assert (await aws("get_model_package_group_policy", **name))["ResourcePolicy"] == "{}"
    await aws("delete_model_package_group_policy", **name)
    package = (await aws("create_model_package", **name, **REQUEST))["ModelPackageArn"]
    await aws("update_model_package", ModelPackageArn=package, ModelApprovalStatus="Approved")
    described = await aws("describe_model_package", ModelPackageName=package)
    assert (described["ModelPackageVersion"], described["ModelApprovalStatus"]) == (1, "Approved")
    (row,) = (await aws("list_model_packages", **name, ModelApprovalStatus="Approved"))["ModelPackageSummaryList"]
    assert row["ModelPackageArn"] == package
    batch = await aws("batch_describe_model_package", ModelPackageArnList=[package])
    assert batch["ModelPackageSummaries"][package]["ModelPackageVersion"] == 1
    await aws("delete_model_package", ModelPackageName=package)
    await aws("delete_model_package_group", **name)


async def hosting(aws: Boto3) -> None:
    model = (await aws("create_model", ModelName="churn", PrimaryContainer=CONTAINER))["ModelArn"]
    assert (await aws("describe_model", ModelName="churn"))["ModelArn"] == model
    assert [row["ModelName"] for row in (await aws("list_models"))["Models"]] == ["churn"]
    configuration = {"EndpointConfigName": "first"}
    arn = (await aws("create_endpoint_config", **configuration, ProductionVariants=[variant("a", "churn")]))[
        "EndpointConfigArn"
    ]
    assert (await aws("describe_endpoint_config", **configuration))["EndpointConfigArn"] == arn
    await aws("create_endpoint_config", EndpointConfigName="second", ProductionVariants=[variant("a", "churn", 2.0)])
    assert len((await aws("list_endpoint_configs"))["EndpointConfigs"]) == 2
    endpoint = {"EndpointName": "scores"}
    arn = (await aws("create_endpoint", **endpoint, **configuration))["EndpointArn"]
    await aws("update_endpoint", **endpoint, EndpointConfigName="second")
    weights = [{"VariantName": "a", "DesiredWeight": 0.5}]
    await aws("update_endpoint_weights_and_capacities", **endpoint, DesiredWeightsAndCapacities=weights)
    described = await aws("describe_endpoint", **endpoint)
    assert (described["EndpointArn"], described["EndpointConfigName"]) == (arn, "second")
    assert described["ProductionVariants"][0]["CurrentWeight"] == 0.5
    assert [row["EndpointName"] for row in (await aws("list_endpoints"))["Endpoints"]] == ["scores"]
    await aws("delete_endpoint", **endpoint)
    await aws("delete_endpoint_config", **configuration)
    await aws("delete_model", ModelName="churn")


async def model_cards(aws: Boto3) -> None:
    name = {"ModelCardName": "Churn-Card"}
    content = '{"intended_uses": {"risk_rating": "Low"}}'
    arn = (await aws("create_model_card", **name, Content="{}", ModelCardStatus="Draft"))["ModelCardArn"]
    await aws("update_model_card", **name, Content=content)
    await aws("update_model_card", **name, ModelCardStatus="Approved")
    described = await aws("describe_model_card", ModelCardName=arn)
    assert (described["ModelCardVersion"], described["ModelCardStatus"]) == (2, "Approved")
    assert described["Content"] == content
    (row,) = (await aws("list_model_cards", ModelCardStatus="Approved"))["ModelCardSummaries"]
    assert row["ModelCardArn"] == arn
    rows = (await aws("list_model_card_versions", **name))["ModelCardVersionSummaryList"]
    assert [row["ModelCardVersion"] for row in rows] == [2, 1]
    output = {"S3OutputPath": f"s3://cards-{aws.service.account}/out"}
    job: dict[str, Any] = {"ModelCardExportJobName": "First", "OutputConfig": output}
    exported = {
        "ModelCardExportJobArn": (await aws("create_model_card_export_job", **name, **job))["ModelCardExportJobArn"]
    }
    found = await aws("describe_model_card_export_job", **exported)
    assert (found["Status"], found["ModelCardVersion"]) == ("Completed", 2)
    assert found["ExportArtifacts"]["S3ExportArtifacts"].startswith(output["S3OutputPath"])
    (row,) = (await aws("list_model_card_export_jobs", **name))["ModelCardExportJobSummaries"]
    assert row["ModelCardExportJobArn"] == exported["ModelCardExportJobArn"]
    await aws("delete_model_card", **name)


async def monitoring(aws: Boto3) -> None:
    for kind in KINDS:
        verb, name = f"{METHODS[kind]}_job_definition", {"JobDefinitionName": "watch"}
        arn = (await aws(f"create_{verb}", **name, **definition(kind)))["JobDefinitionArn"]
        assert (await aws(f"describe_{verb}", **name))["JobDefinitionArn"] == arn
        (row,) = (await aws(f"list_{verb}s"))["JobDefinitionSummaries"]
        assert row["MonitoringJobDefinitionArn"] == arn
    schedule = {"MonitoringScheduleName": "hourly"}
    arn = (await aws("create_monitoring_schedule", **schedule, MonitoringScheduleConfig=by_definition("watch")))[
        "MonitoringScheduleArn"
    ]
    await aws("stop_monitoring_schedule", **schedule)
    await aws("update_monitoring_schedule", **schedule, MonitoringScheduleConfig=by_definition("watch", "ModelBias"))
    await aws("start_monitoring_schedule", **schedule)
    assert (await aws("describe_monitoring_schedule", **schedule))["MonitoringType"] == "ModelBias"
    (row,) = (await aws("list_monitoring_schedules"))["MonitoringScheduleSummaries"]
    assert (row["MonitoringScheduleArn"], row["MonitoringScheduleStatus"]) == (arn, "Scheduled")
    assert (await aws("list_monitoring_executions", **schedule))["MonitoringExecutionSummaries"] == []
    (alert,) = (await aws("list_monitoring_alerts", **schedule))["MonitoringAlertSummaries"]
    which = {**schedule, "MonitoringAlertName": alert["MonitoringAlertName"]}
    await aws("update_monitoring_alert", **which, DatapointsToAlert=1, EvaluationPeriod=2)
    assert (await aws("list_monitoring_alert_history", **schedule))["MonitoringAlertHistory"] == []
    await aws("delete_monitoring_schedule", **schedule)
    for kind in KINDS:
        await aws(f"delete_{METHODS[kind]}_job_definition", JobDefinitionName="watch")


async def cloudwatch(aws: Boto3) -> None:
    dimensions = [{"Name": "MonitoringSchedule", "Value": "none"}]
    assert (await aws("list_metrics", "cloudwatch", Dimensions=dimensions))["Metrics"] == []
    asked = {"Namespace": "/aws/sagemaker/ModelMonitoring/data-metric", "MetricName": "accuracy", "Period": 60}
    times = {"StartTime": datetime(2026, 11, 25, 3, tzinfo=UTC), "EndTime": datetime(2026, 11, 25, 4, tzinfo=UTC)}
    said = await aws("get_metric_statistics", "cloudwatch", **asked, **times, Dimensions=dimensions, Statistics=["Sum"])
    assert (said["Label"], said["Datapoints"]) == ("accuracy", [])


async def collections(aws: Boto3) -> None:
    groups = "resource-groups"
    key = "sagemaker:collection-path:1700000000000"
    filters = {"ResourceTypeFilters": ["AWS::AllSupported"], "TagFilters": [{"Key": key, "Values": ["risk"]}]}
    asked = {"Type": "TAG_FILTERS_1_0", "Query": json.dumps(filters)}
    tags = {"sagemaker:collection": "true", "sagemaker:collection-path:root": "true"}
    arn = (await aws("create_group", groups, Name="risk", ResourceQuery=asked, Tags=tags))["Group"]["GroupArn"]
    await aws("update_group", groups, Group=arn, Description="ours")
    assert (await aws("get_group", groups, Group="risk"))["Group"]["Description"] == "ours"
    await aws("update_group_query", groups, Group="risk", ResourceQuery=asked)
    told = (await aws("get_group_query", groups, Group=arn))["GroupQuery"]["ResourceQuery"]["Query"]
    assert json.loads(told) == filters
    assert [row["GroupArn"] for row in (await aws("list_groups", groups))["GroupIdentifiers"]] == [arn]
    await aws("tag", groups, Arn=arn, Tags={"team": "risk"})
    await aws("untag", groups, Arn=arn, Keys=["team"])
    assert (await aws("get_tags", groups, Arn=arn))["Tags"] == tags
    member = (await aws("create_model_package_group", ModelPackageGroupName="fraud"))["ModelPackageGroupArn"]
    tagging = "resourcegroupstaggingapi"
    done = await aws("tag_resources", tagging, ResourceARNList=[member], Tags={key: "risk"})
    assert done["FailedResourcesMap"] == {}
    (row,) = (await aws("list_group_resources", groups, Group="risk"))["Resources"]
    assert row["Identifier"] == {"ResourceArn": member, "ResourceType": "AWS::SageMaker::ModelPackageGroup"}
    (row,) = (await aws("search_resources", groups, ResourceQuery=asked))["ResourceIdentifiers"]
    assert row["ResourceArn"] == member
    rows = await aws("get_resources", tagging, TagFilters=[{"Key": key}])
    assert [row["ResourceARN"] for row in rows["ResourceTagMappingList"]] == [member]
    assert key in (await aws("get_tag_keys", tagging))["TagKeys"]
    assert (await aws("get_tag_values", tagging, Key=key))["TagValues"] == ["risk"]
    await aws("untag_resources", tagging, ResourceARNList=[member], TagKeys=[key])
    await aws("delete_group", groups, Group="risk")


LIVES: tuple[Callable[[Boto3], Awaitable[None]], ...] = (
    *(identity, lineage, experiments, jobs, registry, hosting, monitoring),
    *(model_cards, collections, cloudwatch),
)
"""Told one after the other in one account, by an approver."""
