"""Job definitions, monitoring schedules, alerts and processing jobs, through boto3."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from graph.monitoring import executions, timers
from graph.monitoring.executions import Execution, ExecutionStatus
from graph.times import now_ms
from tests.api.sagemaker.conftest import Aws

ROLE = "arn:aws:iam::123456789012:role/ml"
ANALYZER = "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
CLARIFY = "1.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-clarify-processing:1.0"
RESOURCES = {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 20}}
OUTPUT = {"S3Uri": "s3://b/reports/", "LocalPath": "/opt/ml/processing/output"}
ENDPOINT_INPUT = {"EndpointName": "churn", "LocalPath": "/opt/ml/processing/input/endpoint"}
KINDS = ("DataQuality", "ModelQuality", "ModelBias", "ModelExplainability")
METHODS = {
    "DataQuality": "data_quality",
    "ModelQuality": "model_quality",
    "ModelBias": "model_bias",
    "ModelExplainability": "model_explainability",
}
PROCESSING: dict[str, Any] = {
    "ProcessingResources": RESOURCES,
    "AppSpecification": {"ImageUri": ANALYZER},
    "RoleArn": ROLE,
    "ProcessingInputs": [
        {
            "InputName": "baseline_dataset_input",
            "S3Input": {
                "S3Uri": "s3://b/train.csv",
                "LocalPath": "/opt/ml/processing/input/baseline_dataset_input",
                "S3DataType": "S3Prefix",
                "S3InputMode": "File",
            },
        }
    ],
    "ProcessingOutputConfig": {
        "Outputs": [
            {
                "OutputName": "monitoring_output",
                "S3Output": {**OUTPUT, "S3Uri": "s3://b/base", "S3UploadMode": "EndOfJob"},
            }
        ]
    },
    "Environment": {"dataset_source": "/opt/ml/processing/input/baseline_dataset_input"},
}


def definition(kind: str, **more: Any) -> dict[str, Any]:
    """The request for a job definition of a kind."""
    application: dict[str, Any] = {"ImageUri": ANALYZER if kind.endswith("Quality") else CLARIFY}
    if not kind.endswith("Quality"):
        application["ConfigUri"] = "s3://b/analysis_config.json"
    given: dict[str, Any] = {"EndpointInput": ENDPOINT_INPUT}
    if kind in ("ModelQuality", "ModelBias"):
        given["GroundTruthS3Input"] = {"S3Uri": "s3://b/truth"}
    return {
        f"{kind}AppSpecification": application,
        f"{kind}JobInput": given,
        f"{kind}JobOutputConfig": {"MonitoringOutputs": [{"S3Output": OUTPUT}]},
        "JobResources": RESOURCES,
        "RoleArn": ROLE,
        **more,
    }


def inline(**more: Any) -> dict[str, Any]:
    """The configuration of a schedule that holds its job itself."""
    job = {
        "MonitoringInputs": [{"EndpointInput": ENDPOINT_INPUT}],
        "MonitoringOutputConfig": {"MonitoringOutputs": [{"S3Output": OUTPUT}]},
        "MonitoringResources": RESOURCES,
        "MonitoringAppSpecification": {"ImageUri": ANALYZER},
        "RoleArn": ROLE,
        **more,
    }
    return {"ScheduleConfig": {"ScheduleExpression": "cron(0 * ? * * *)"}, "MonitoringJobDefinition": job}


def by_definition(name: str, kind: str = "DataQuality", when: str = "cron(0 * ? * * *)") -> dict[str, Any]:
    return {
        "ScheduleConfig": {"ScheduleExpression": when},
        "MonitoringJobDefinitionName": name,
        "MonitoringType": kind,
    }


@pytest.mark.parametrize("kind", KINDS)
async def test_a_definition_is_described_as_it_was_made_and_locked_while_it_is_used(aws: Aws, kind: str) -> None:
    verb = f"{METHODS[kind]}_job_definition"
    given = definition(kind, NetworkConfig={"EnableNetworkIsolation": True}, Tags=[{"Key": "k", "Value": "v"}])
    made = await aws(f"create_{verb}", JobDefinitionName="Def-1", **given)
    family = METHODS[kind].replace("_", "-") + "-job-definition"
    assert made == {"JobDefinitionArn": aws.arn(f"{family}/def-1")}
    found = await aws(f"describe_{verb}", JobDefinitionName="def-1")
    tags = given.pop("Tags")
    assert found.pop("NetworkConfig") == {
        "EnableNetworkIsolation": True,
        "EnableInterContainerTrafficEncryption": False,
    }
    given.pop("NetworkConfig")
    assert found.pop("StoppingCondition") == {"MaxRuntimeInSeconds": 3600}
    assert found.pop("CreationTime") <= datetime.now(UTC)
    assert found == {**given, "JobDefinitionName": "Def-1", **made}
    assert (await aws("list_tags", ResourceArn=made["JobDefinitionArn"]))["Tags"] == tags
    code, message = await aws.refused(f"create_{verb}", JobDefinitionName="def-1", **given)
    assert (code, made["JobDefinitionArn"] in message) == ("ResourceInUse", True)
    (summary,) = (await aws(f"list_{verb}s", EndpointName="churn", NameContains="def"))["JobDefinitionSummaries"]
    assert (summary["MonitoringJobDefinitionName"], summary["EndpointName"]) == ("Def-1", "churn")
    assert (await aws(f"list_{verb}s", EndpointName="other"))["JobDefinitionSummaries"] == []
    config = by_definition("Def-1", kind)
    await aws("create_monitoring_schedule", MonitoringScheduleName="user", MonitoringScheduleConfig=config)
    code, message = await aws.refused(f"delete_{verb}", JobDefinitionName="Def-1")
    assert (code, "schedule(s): user" in message) == ("ValidationException", True)
    await aws("delete_monitoring_schedule", MonitoringScheduleName="user")
    await aws(f"delete_{verb}", JobDefinitionName="Def-1")
    assert (await aws.refused(f"describe_{verb}", JobDefinitionName="Def-1"))[0] == "ResourceNotFound"
    assert (await aws.refused(f"delete_{verb}", JobDefinitionName="Def-1"))[0] == "ResourceNotFound"


async def test_a_baselining_job_is_resolved_to_its_files(aws: Aws) -> None:
    name = {"BaseliningJobName": "base"}
    given = definition("DataQuality", DataQualityBaselineConfig=name)
    code, message = await aws.refused("create_data_quality_job_definition", JobDefinitionName="d", **given)
    assert (code, "baselining job base does not exist" in message) == ("ValidationException", True)
    await aws("create_processing_job", ProcessingJobName="base", **PROCESSING)
    await aws("create_data_quality_job_definition", JobDefinitionName="d", **given)
    found = await aws("describe_data_quality_job_definition", JobDefinitionName="d")
    assert found["DataQualityBaselineConfig"] == {
        **name,
        "ConstraintsResource": {"S3Uri": "s3://b/base/constraints.json"},
        "StatisticsResource": {"S3Uri": "s3://b/base/statistics.json"},
    }
    own = {"ConstraintsResource": {"S3Uri": "s3://b/mine.json"}}
    given = definition("ModelQuality", ModelQualityBaselineConfig={**name, **own})
    await aws("create_model_quality_job_definition", JobDefinitionName="d", **given)
    found = await aws("describe_model_quality_job_definition", JobDefinitionName="d")
    assert found["ModelQualityBaselineConfig"] == {**name, **own}
    clarify = {**PROCESSING, "AppSpecification": {"ImageUri": CLARIFY}}
    await aws("create_processing_job", ProcessingJobName="bias", **clarify)
    given = definition("ModelBias", ModelBiasBaselineConfig={"BaseliningJobName": "bias"})
    await aws("create_model_bias_job_definition", JobDefinitionName="d", **given)
    found = await aws("describe_model_bias_job_definition", JobDefinitionName="d")
    assert found["ModelBiasBaselineConfig"]["ConstraintsResource"] == {"S3Uri": "s3://b/base/analysis.json"}


async def test_a_schedule_is_started_stopped_changed_and_deleted(aws: Aws) -> None:
    name = {"MonitoringScheduleName": "Hourly"}
    made = await aws("create_monitoring_schedule", **name, MonitoringScheduleConfig=inline())
    assert made == {"MonitoringScheduleArn": aws.arn("monitoring-schedule/hourly")}
    found = await aws("describe_monitoring_schedule", MonitoringScheduleName="hourly")
    assert (found["MonitoringScheduleName"], found["MonitoringScheduleStatus"]) == ("Hourly", "Scheduled")
    assert (found["EndpointName"], found["MonitoringType"]) == ("churn", "DataQuality")
    config = found["MonitoringScheduleConfig"]
    assert config["MonitoringJobDefinition"].pop("StoppingCondition") == {"MaxRuntimeInSeconds": 3600}
    assert config == {**inline(), "MonitoringType": "DataQuality"}
    taken = await aws.refused("create_monitoring_schedule", **name, MonitoringScheduleConfig=inline())
    assert taken[0] == "ResourceInUse"
    for _ in range(2):
        await aws("stop_monitoring_schedule", **name)
        assert (await aws("describe_monitoring_schedule", **name))["MonitoringScheduleStatus"] == "Stopped"
    await aws("start_monitoring_schedule", **name)
    assert (await aws("describe_monitoring_schedule", **name))["MonitoringScheduleStatus"] == "Scheduled"
    await aws("stop_monitoring_schedule", **name)
    await aws("create_data_quality_job_definition", JobDefinitionName="d", **definition("DataQuality"))
    changed = by_definition("d")
    changed.pop("ScheduleConfig")
    await aws("update_monitoring_schedule", **name, MonitoringScheduleConfig=changed)
    found = await aws("describe_monitoring_schedule", **name)
    assert found["MonitoringScheduleStatus"] == "Scheduled"
    assert found["MonitoringScheduleConfig"] == by_definition("d")
    assert (await aws.refused("delete_data_quality_job_definition", JobDefinitionName="d"))[0] == "ValidationException"
    await aws("update_monitoring_schedule", **name, MonitoringScheduleConfig=inline())
    await aws("delete_data_quality_job_definition", JobDefinitionName="d")
    (summary,) = (await aws("list_monitoring_schedules", StatusEquals="Scheduled"))["MonitoringScheduleSummaries"]
    assert summary["MonitoringScheduleName"] == "Hourly"
    for none in ({"StatusEquals": "Stopped"}, {"EndpointName": "x"}, {"MonitoringTypeEquals": "ModelBias"}):
        assert (await aws("list_monitoring_schedules", **none))["MonitoringScheduleSummaries"] == []
    await aws("delete_monitoring_schedule", **name)
    for verb in ("describe", "delete", "start", "stop"):
        assert (await aws.refused(f"{verb}_monitoring_schedule", **name))[0] == "ResourceNotFound"
    refused = await aws.refused("update_monitoring_schedule", **name, MonitoringScheduleConfig=inline())
    assert refused[0] == "ResourceNotFound"


async def test_what_a_schedule_can_not_be_is_said(aws: Aws) -> None:
    async def said(**config: Any) -> str:
        code, message = await aws.refused(
            "create_monitoring_schedule", MonitoringScheduleName="s", MonitoringScheduleConfig=config
        )
        assert code in ("ValidationException", "ResourceNotFound"), (code, message)
        return message

    assert "Either MonitoringJobDefinition" in await said(**{**inline(), "MonitoringJobDefinitionName": "d"})
    assert "Either MonitoringJobDefinition" in await said(ScheduleConfig={"ScheduleExpression": "NOW"})
    assert "MonitoringType has to be given" in await said(MonitoringJobDefinitionName="d")
    assert "Could not find job definition" in await said(**by_definition("none"))
    for wrong in ("daily", "cron(0 * ? * *)", "cron(99 * ? * * *)", "cron(0 9 ? * * *) Europe/Atlantis"):
        assert "schedule expression" in await said(**by_definition("d", when=wrong))
    assert "DataAnalysisStartTime" in await said(**by_definition("d", when="NOW"))
    late = {**ENDPOINT_INPUT, "StartTimeOffset": "-PT1H", "EndTimeOffset": "-PT2H"}
    assert "has to lie before" in await said(**inline(MonitoringInputs=[{"EndpointInput": late}]))
    half = {**ENDPOINT_INPUT, "StartTimeOffset": "-PT1H"}
    assert "together" in await said(**inline(MonitoringInputs=[{"EndpointInput": half}]))
    assert (await aws("list_monitoring_schedules"))["MonitoringScheduleSummaries"] == []
    sloppy = {**ENDPOINT_INPUT, "StartTimeOffset": "-PT2D", "EndTimeOffset": "-PT1D"}
    config = inline(MonitoringInputs=[{"EndpointInput": sloppy}])
    await aws("create_monitoring_schedule", MonitoringScheduleName="s", MonitoringScheduleConfig=config)


async def test_executions_are_listed_in_both_orders_and_by_what_they_are(aws: Aws) -> None:
    store, account = aws.service.catalog.store, aws.service.account
    now = now_ms() // 3_600_000 * 3_600_000
    made = [
        Execution(
            account,
            f"job-{number}",
            created_at=now - number,
            modified_at=now,
            status=ExecutionStatus.FAILED if number == 2 else ExecutionStatus.COMPLETED,
            schedule="One" if number % 2 else "Two",
            scheduled_at=now - (5 - number) * 3_600_000,
            type="DataQuality",
            endpoint="churn",
            failure="no data" if number == 2 else None,
        )
        for number in range(5)
    ]
    await executions.put(store, [*made, Execution(account, "baseline", now, now)])
    await executions.put(store, made[:1])

    async def listed(**given: Any) -> list[str]:
        pages = await aws.pages("list_monitoring_executions", MaxResults=2, **given)
        rows = [row for page in pages for row in page["MonitoringExecutionSummaries"]]
        return [row["ProcessingJobArn"].rpartition("-")[2] for row in rows]

    assert await listed() == ["0", "1", "2", "3", "4"]
    assert await listed(SortBy="ScheduledTime", SortOrder="Ascending") == ["0", "1", "2", "3", "4"]
    assert await listed(MonitoringScheduleName="one", SortBy="ScheduledTime") == ["3", "1"]
    assert await listed(MonitoringScheduleName="Two", SortOrder="Ascending") == ["4", "2", "0"]
    assert await listed(StatusEquals="Failed") == ["2"]
    assert await listed(EndpointName="other") == []
    hour = timedelta(hours=1)
    at = datetime.fromtimestamp(now / 1000, UTC)
    assert await listed(ScheduledTimeAfter=at - 3 * hour, ScheduledTimeBefore=at - hour) == ["2", "3"]
    (failed,) = (await aws("list_monitoring_executions", StatusEquals="Failed"))["MonitoringExecutionSummaries"]
    assert (failed["FailureReason"], failed["ScheduledTime"]) == ("no data", at - 3 * hour)
    config = inline()
    await aws("create_monitoring_schedule", MonitoringScheduleName="One", MonitoringScheduleConfig=config)
    last = (await aws("describe_monitoring_schedule", MonitoringScheduleName="One"))["LastMonitoringExecutionSummary"]
    assert last["ProcessingJobArn"] == aws.arn("processing-job/job-3")


async def test_a_schedule_has_one_alert_from_the_beginning(aws: Aws) -> None:
    name = {"MonitoringScheduleName": "s"}
    await aws("create_monitoring_schedule", **name, MonitoringScheduleConfig=inline())
    (alert,) = (await aws("list_monitoring_alerts", **name))["MonitoringAlertSummaries"]
    assert (alert["AlertStatus"], alert["DatapointsToAlert"], alert["EvaluationPeriod"]) == ("OK", 1, 1)
    which = {**name, "MonitoringAlertName": alert["MonitoringAlertName"]}
    await aws("update_monitoring_alert", **which, DatapointsToAlert=2, EvaluationPeriod=3)
    (alert,) = (await aws("list_monitoring_alerts", **name))["MonitoringAlertSummaries"]
    assert (alert["DatapointsToAlert"], alert["EvaluationPeriod"]) == (2, 3)
    refused = await aws.refused("update_monitoring_alert", **which, DatapointsToAlert=4, EvaluationPeriod=3)
    assert refused[0] == "ValidationException"
    other = {**which, "MonitoringAlertName": "other"}
    refused = await aws.refused("update_monitoring_alert", **other, DatapointsToAlert=1, EvaluationPeriod=3)
    assert refused[0] == "ResourceNotFound"
    assert (await aws("list_monitoring_alert_history", **name))["MonitoringAlertHistory"] == []
    assert (await aws.refused("list_monitoring_alerts", MonitoringScheduleName="none"))[0] == "ResourceNotFound"


async def test_a_processing_job_is_described_listed_oldest_first_and_stopped(aws: Aws) -> None:
    made = await aws(
        "create_processing_job", ProcessingJobName="Job-1", **PROCESSING, Tags=[{"Key": "k", "Value": "v"}]
    )
    assert made == {"ProcessingJobArn": aws.arn("processing-job/job-1")}
    found = await aws("describe_processing_job", ProcessingJobName="job-1")
    for member, value in PROCESSING.items():
        assert found[member] == value, member
    assert (found["ProcessingJobName"], found["ProcessingJobStatus"]) == ("Job-1", "InProgress")
    assert found["StoppingCondition"] == {"MaxRuntimeInSeconds": 86_400}
    assert (await aws("list_tags", ResourceArn=made["ProcessingJobArn"]))["Tags"] == [{"Key": "k", "Value": "v"}]
    assert (await aws.refused("create_processing_job", ProcessingJobName="Job-1", **PROCESSING))[0] == "ResourceInUse"
    foreign = {**PROCESSING, "AppSpecification": {"ImageUri": "python:3.12"}}
    await aws("create_processing_job", ProcessingJobName="Job-2", **foreign)
    rows = (await aws("list_processing_jobs"))["ProcessingJobSummaries"]
    assert [row["ProcessingJobName"] for row in rows] == ["Job-1", "Job-2"]
    rows = (await aws("list_processing_jobs", SortOrder="Descending"))["ProcessingJobSummaries"]
    assert [row["ProcessingJobName"] for row in rows] == ["Job-2", "Job-1"]
    # Only what is ours waits for a worker.
    waiting = await executions.find(aws.service.catalog.store, aws.service.account, ["Job-1", "Job-2"])
    assert {job: held.status for job, held in waiting.items()} == {"job-1": ExecutionStatus.PENDING}
    await aws("stop_processing_job", ProcessingJobName="Job-1")
    assert (await aws("describe_processing_job", ProcessingJobName="Job-1"))["ProcessingJobStatus"] == "Stopping"
    assert (await aws("list_monitoring_executions"))["MonitoringExecutionSummaries"] == []


async def test_a_schedule_has_a_timer_as_soon_as_it_is_there(aws: Aws) -> None:
    store, account = aws.service.catalog.store, aws.service.account
    before = now_ms()
    await aws("create_monitoring_schedule", MonitoringScheduleName="S", MonitoringScheduleConfig=inline())
    timer = (await timers.find(store, account, ["s"]))["s"]
    assert before <= timer.due == timer.after <= now_ms()
    await timers.advance(store, [(timer, timer.due + 5_000, timer.after)])
    moved = (await timers.find(store, account, ["s"]))["s"]
    assert moved.due == timer.due + 5_000
    # Who saw it before that moves it no more.
    await timers.advance(store, [(timer, 1, 1)])
    assert (await timers.find(store, account, ["s"]))["s"] == moved


async def test_a_long_list_is_read_in_parts_that_lose_nothing(aws: Aws) -> None:
    store, account = aws.service.catalog.store, aws.service.account
    now, hour = now_ms(), 3_600_000
    ages = [-5 * hour, 0, hour - 1, hour, hour + 1, 5 * hour - 1, 5 * hour, 21 * hour, 400 * 24 * hour, now - 1]
    made = [Execution(account, f"job-{at}", now - at, now, schedule="s", scheduled_at=now - at) for at in ages]
    await executions.put(store, made)
    for given in ({}, {"MonitoringScheduleName": "s"}, {"SortBy": "ScheduledTime", "MonitoringScheduleName": "S"}):
        pages = await aws.pages("list_monitoring_executions", MaxResults=3, **given)
        rows = [row for page in pages for row in page["MonitoringExecutionSummaries"]]
        assert [row["ProcessingJobArn"].partition("/job-")[2] for row in rows] == [str(at) for at in ages]
        assert [len(page["MonitoringExecutionSummaries"]) for page in pages] == [3, 3, 3, 1]


async def test_graphql_steers_what_boto3_made(aws: Aws) -> None:
    await aws("create_data_quality_job_definition", JobDefinitionName="Def-1", **definition("DataQuality"))
    for name in ("Hourly", "nightly"):
        await aws(
            "create_monitoring_schedule", MonitoringScheduleName=name, MonitoringScheduleConfig=by_definition("Def-1")
        )
    fields = "displayName monitoringType expression scheduled endpoint definition type resourceArn nextLookAt"
    found = await aws.service.data(f'{{ monitoringSchedules(contains: "HOUR") {{ nodes {{ {fields} }} }} }}')
    (shown,) = found["monitoringSchedules"]["nodes"]
    assert shown.pop("nextLookAt") is not None
    assert shown == {
        "displayName": "Hourly",
        "monitoringType": "DATA_QUALITY",
        "expression": "cron(0 * ? * * *)",
        "scheduled": True,
        "endpoint": "churn",
        "definition": "Def-1",
        "type": "MonitoringSchedule",
        "resourceArn": aws.arn("monitoring-schedule/hourly"),
    }
    page = """
    query($after: String) {
      monitoringSchedules(first: 1, after: $after) { nodes { displayName } pageInfo { endCursor hasNextPage } }
    }
    """
    names, after = [], None
    while True:
        listed = (await aws.service.data(page, after=after))["monitoringSchedules"]
        names += [node["displayName"] for node in listed["nodes"]]
        after = listed["pageInfo"]["endCursor"]
        if not listed["pageInfo"]["hasNextPage"]:
            break
    assert names == ["Hourly", "nightly"]
    stop = "mutation($name: ID!) { stopMonitoringSchedule(schedule: $name) { schedule { scheduled } } }"
    stopped = await aws.service.data(stop, name=aws.arn("monitoring-schedule/hourly"))
    assert stopped["stopMonitoringSchedule"]["schedule"]["scheduled"] is False
    described = await aws("describe_monitoring_schedule", MonitoringScheduleName="Hourly")
    assert described["MonitoringScheduleStatus"] == "Stopped"
    started = await aws.service.data(stop.replace("stop", "start"), name="Hourly")
    assert started["startMonitoringSchedule"]["schedule"]["scheduled"] is True
    run = """
    mutation($name: ID!) {
      runMonitoringSchedule(schedule: $name) { execution { job status schedule monitoringType component { type } } }
    }
    """
    made = (await aws.service.data(run, name="Hourly"))["runMonitoringSchedule"]["execution"]
    assert made.pop("component") == {"type": "SageMakerProcessingJob"}
    job = made["job"]
    assert made == {"job": job, "status": "PENDING", "schedule": "Hourly", "monitoringType": "DATA_QUALITY"}
    (summary,) = (await aws("list_monitoring_executions", MonitoringScheduleName="Hourly"))[
        "MonitoringExecutionSummaries"
    ]
    assert summary["ProcessingJobArn"] == aws.arn(f"processing-job/{job}")
    gone = "mutation($name: ID!) { deleteMonitoringSchedule(schedule: $name) { arn } }"
    await aws.service.data(gone, name="Hourly")
    left = await aws.service.data(
        '{ monitoringSchedule(schedule: "Hourly") { name } monitoringExecutions(status: PENDING) { nodes { job } } }'
    )
    assert left == {"monitoringSchedule": None, "monitoringExecutions": {"nodes": [{"job": job}]}}
    for mutation in (stop, run, gone):
        assert (await aws.service.ask(mutation, name="Hourly")).code == "NOT_FOUND"
    # An account in an ARN is not passed over.
    foreign = aws.arn("monitoring-schedule/nightly").replace(aws.service.account, "999999999999")
    for mutation in (stop, run, gone):
        assert (await aws.service.ask(mutation, name=foreign)).code == "NOT_FOUND"
    described = await aws("describe_monitoring_schedule", MonitoringScheduleName="nightly")
    assert described["MonitoringScheduleStatus"] == "Scheduled"
