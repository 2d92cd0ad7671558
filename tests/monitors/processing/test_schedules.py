"""A schedule from capture to alert: what an endpoint captured is held against a baseline, window by window."""

import asyncio
import json
import random
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from graph.access import Caller, Role
from graph.events import feed
from graph.events.types import EventType
from graph.monitoring import measurements
from graph.monitoring.measured import Measurement, Subject
from graph.monitoring.scheduler import Scheduler, run_now
from graph.reach import Policy
from graph.times import from_ms, now_ms
from monitors.processing import publishing
from monitors.processing.worker import Worker
from tests.api.sagemaker.conftest import Aws
from tests.api.sagemaker.test_hosting import CONTAINER, variant
from tests.api.sagemaker.test_monitoring import ENDPOINT_INPUT, OUTPUT, definition
from tests.monitors.processing.conftest import Lake
from tests.monitors.processing.test_baselines import ended, request
from tests.servers.application import Service

HOUR = 3_600_000
NAME = {"MonitoringScheduleName": "watch"}


def rows(count: int, age: int, seed: int = 7) -> list[tuple[int, int, str]]:
    """Prediction, age, sex."""
    draw = random.Random(seed)
    return [(draw.randrange(2), age + draw.randrange(40), draw.choice(["f", "m"])) for _ in range(count)]


def captured(at: datetime, row: tuple[int, int, str]) -> str:
    prediction, age, sex = row
    record = {
        "captureData": {
            "endpointInput": _side("INPUT", f"{age},{sex}"),
            "endpointOutput": _side("OUTPUT", str(prediction)),
        },
        "eventMetadata": {"eventId": str(uuid.uuid4()), "inferenceTime": f"{at:%Y-%m-%dT%H:%M:%SZ}"},
        "eventVersion": "0",
    }
    return json.dumps(record)


def _side(mode: str, data: str) -> dict[str, str]:
    return {"observedContentType": "text/csv", "mode": mode, "data": data, "encoding": "CSV"}


def capture(lake: Lake, start: int, found: list[tuple[int, int, str]]) -> None:
    """Write what an endpoint would have captured in an hour."""
    begin = from_ms(start)
    lines = [captured(begin + timedelta(seconds=number), row) for number, row in enumerate(found)]
    folder = f"captured/churn/a/{begin:%Y/%m/%d/%H}"
    lake.put(f"{folder}/00-00-000-{uuid.uuid4()}.jsonl", "\n".join(lines))


@pytest.fixture
async def watched(aws: Aws, lake: Lake, worker: Worker) -> int:
    """An endpoint that captures, a baseline, and a schedule that runs each hour; the last full hour, epoch milliseconds."""
    await aws("create_model", ModelName="m", PrimaryContainer=CONTAINER)
    configured = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{lake.bucket}/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    }
    await aws(
        "create_endpoint_config",
        EndpointConfigName="c",
        ProductionVariants=[variant("a", "m")],
        DataCaptureConfig=configured,
    )
    await aws("create_endpoint", EndpointName="churn", EndpointConfigName="c")
    lines = ["prediction,age,sex", *(",".join(map(str, row)) for row in rows(400, 20))]
    train = lake.put("train.csv", "\n".join(lines))
    await aws("create_processing_job", ProcessingJobName="base", **request(lake, train, "base"))
    assert (await ended(aws, worker, "base"))["ProcessingJobStatus"] == "Completed"
    given = definition("DataQuality", DataQualityBaselineConfig={"BaseliningJobName": "base"})
    output = {**OUTPUT, "S3Uri": f"s3://{lake.bucket}/reports"}
    given["DataQualityJobOutputConfig"] = {"MonitoringOutputs": [{"S3Output": output}]}
    await aws("create_data_quality_job_definition", JobDefinitionName="d", **given)
    config = {
        "ScheduleConfig": {"ScheduleExpression": "cron(0 * ? * * *)"},
        "MonitoringJobDefinitionName": "d",
        "MonitoringType": "DataQuality",
    }
    await aws("create_monitoring_schedule", **NAME, MonitoringScheduleConfig=config)
    return now_ms() // HOUR * HOUR


async def run(aws: Aws, worker: Worker, at: int, name: Mapping[str, str] = NAME) -> dict[str, Any]:
    """Let it be a time, and run what is due then; the last run of a schedule."""
    clock = Scheduler(aws.service.catalog, clock=lambda: at, accounts=[aws.service.account])
    await clock.tick()
    await worker.drain()
    found = await aws("list_monitoring_executions", **name, SortBy="ScheduledTime", MaxResults=1)
    return dict(found["MonitoringExecutionSummaries"][0])


async def test_from_capture_to_alert(aws: Aws, lake: Lake, worker: Worker, watched: int) -> None:
    first, second, third = (watched + number * HOUR for number in (1, 2, 3))
    capture(lake, watched, rows(300, 20, seed=8))
    capture(lake, first, rows(300, 60, seed=9))
    capture(lake, second, rows(300, 20, seed=10))
    quiet = await run(aws, worker, first)
    assert quiet["MonitoringExecutionStatus"] == "Completed", quiet
    loud = await run(aws, worker, second)
    assert (loud["MonitoringExecutionStatus"], loud["ScheduledTime"]) == ("CompletedWithViolations", from_ms(second))
    hour = f"{from_ms(second):%Y/%m/%d/%H}"
    folder = f"reports/churn/watch/{hour}"
    assert lake.keys(folder) == [
        f"{folder}/{name}.json" for name in ("constraint_violations", "constraints", "statistics")
    ]
    found = json.loads(lake.get(f"s3://{lake.bucket}/{folder}/constraint_violations.json"))["violations"]
    assert {(item["feature_name"], item["constraint_check_type"]) for item in found} == {
        ("age", "baseline_drift_check")
    }
    job = loud["ProcessingJobArn"].rpartition("/")[2]
    described = await aws("describe_processing_job", ProcessingJobName=job)
    assert described["ExitMessage"] == "CompletedWithViolations: Job completed successfully with 1 violations."
    assert described["MonitoringScheduleArn"] == aws.arn("monitoring-schedule/watch")
    output = described["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    assert output == f"s3://{lake.bucket}/{folder}"
    assert all({"S3Uri", "LocalPath"} <= item["S3Input"].keys() for item in described["ProcessingInputs"])
    # Its page reads the files where they lie, and those of the baseline.
    asked = """query($run: ID!) { monitoringRun(run: $run) { monitoringType execution { schedule status }
      baseline { type } violations { nodes { subject column { name } entity { name } } }
      features(violating: true) { nodes { name distance statistics { columns } figure { alt } } } } }"""
    told = (await aws.service.data(asked, run=loud["ProcessingJobArn"]))["monitoringRun"]
    assert (told["monitoringType"], told["execution"]["schedule"]) == ("DATA_QUALITY", "watch")
    assert len(told["baseline"]) == 2
    (row,) = told["violations"]["nodes"]
    assert (row["subject"], row["column"]["name"]) == ("age", "age")
    assert row["entity"]["name"] == "age baseline_drift_check"
    (feature,) = told["features"]["nodes"]
    assert feature["statistics"]["columns"] == ["Statistic", "now", "baseline"]
    assert "in the baseline" in feature["figure"]["alt"]
    # The alert is raised by the first run with violations, and ends with the next without.
    (alert,) = (await aws("list_monitoring_alerts", **NAME))["MonitoringAlertSummaries"]
    assert alert["AlertStatus"] == "InAlert"
    assert (await run(aws, worker, third))["MonitoringExecutionStatus"] == "Completed"
    history = (await aws("list_monitoring_alert_history", **NAME))["MonitoringAlertHistory"]
    assert [change["AlertStatus"] for change in history] == ["OK", "InAlert"]
    # Each change is one event, for the feed and for webhooks.
    catalog, account = aws.service.catalog, aws.service.account
    told = await feed.page(catalog.store.read, catalog.place(account), feed.behind(account, 0), first=500)
    changes = [event for event in told.events if event.type.value.startswith("monitor.")]
    assert [event.type for event in changes] == [EventType.MONITOR_ALERT_RAISED, EventType.MONITOR_ALERT_ENDED]
    assert changes[0].document()["resources"][0] == aws.arn("monitoring-schedule/watch")
    # What the violation came from: the run, the data, the deployment that was in force, the model, the baseline.
    (violation,) = (await aws("list_artifacts", ArtifactType="Violation"))["ArtifactSummaries"]
    above = await aws("query_lineage", StartArns=[violation["ArtifactArn"]], Direction="Ascendants", IncludeEdges=False)
    kinds = {(vertex["LineageType"], vertex["Type"]) for vertex in above["Vertices"]}
    assert {
        ("TrialComponent", "ProcessingJob"),
        ("Action", "ModelDeployment"),
        ("Artifact", "Model"),
        ("Artifact", "DataSet"),
        ("Artifact", "Column"),
        ("Artifact", "Constraints"),
        ("Context", "DataQualityJobDefinition"),
    } <= kinds
    below = await aws("query_lineage", StartArns=[violation["ArtifactArn"]], Direction="Both", IncludeEdges=False)
    assert ("Context", "MonitoringSchedule") in {(row["LineageType"], row["Type"]) for row in below["Vertices"]}


async def test_a_run_without_data_says_where_it_looked(aws: Aws, lake: Lake, worker: Worker, watched: int) -> None:
    empty = await run(aws, worker, watched + HOUR)
    assert empty["MonitoringExecutionStatus"] == "Failed"
    start, end = from_ms(watched), from_ms(watched + HOUR)
    for said in (
        f"[{start.isoformat()}, {end.isoformat()})",
        f"s3://{lake.bucket}/captured/churn/",
        f"1 folders of hours were looked at ({start:%Y/%m/%d/%H} to {start:%Y/%m/%d/%H}), with 0 files",
        "DataCaptureConfig",
    ):
        assert said in empty["FailureReason"], empty["FailureReason"]
    # Of an hour that the window cuts, each record is looked at.
    half = watched + HOUR + HOUR // 2
    lines = [captured(from_ms(half) + timedelta(minutes=5), row) for row in rows(10, 20)]
    lake.put(f"captured/churn/a/{end:%Y/%m/%d/%H}/a.jsonl", "\n".join([*lines, "not a record"]))
    caller = Caller(aws.service.account, "ana", "test", Role.WRITER)
    await run_now(aws.service.catalog, caller, "watch", half)
    empty = await run(aws, worker, watched + HOUR)
    assert (
        "1 files with 11 records were looked at, 10 of them outside of the window, 1 that can't be read"
        in (empty["FailureReason"])
    )
    assert [
        row["AlertStatus"] for row in (await aws("list_monitoring_alerts", **NAME))["MonitoringAlertSummaries"]
    ] == ["InAlert"]


async def test_a_schedule_of_its_own_job_runs_now_over_a_range(
    aws: Aws, lake: Lake, worker: Worker, watched: int
) -> None:
    now = now_ms()
    for hour in range(3):
        capture(lake, now // HOUR * HOUR - hour * HOUR, rows(200, 20, seed=hour))
    job = {
        "BaselineConfig": {
            "ConstraintsResource": {"S3Uri": f"s3://{lake.bucket}/base/constraints.json"},
            "StatisticsResource": {"S3Uri": f"s3://{lake.bucket}/base/statistics.json"},
        },
        "MonitoringInputs": [{"EndpointInput": ENDPOINT_INPUT}],
        "MonitoringOutputConfig": {"MonitoringOutputs": [{"S3Output": {**OUTPUT, "S3Uri": f"s3://{lake.bucket}/now"}}]},
        "MonitoringResources": definition("DataQuality")["JobResources"],
        "MonitoringAppSpecification": definition("DataQuality")["DataQualityAppSpecification"],
        "RoleArn": definition("DataQuality")["RoleArn"],
    }
    when = {"ScheduleExpression": "NOW", "DataAnalysisStartTime": "-PT3H", "DataAnalysisEndTime": "-PT0H"}
    config = {"ScheduleConfig": when, "MonitoringJobDefinition": job}
    await aws("create_monitoring_schedule", MonitoringScheduleName="once", MonitoringScheduleConfig=config)
    await Scheduler(aws.service.catalog, accounts=[aws.service.account]).tick()
    await worker.drain()
    (one,) = (await aws("list_monitoring_executions", MonitoringScheduleName="once"))["MonitoringExecutionSummaries"]
    assert one["MonitoringExecutionStatus"] == "Completed", one
    at = datetime.fromtimestamp(one["ScheduledTime"].timestamp(), UTC)
    assert lake.keys("now/") == [
        f"now/churn/once/{at:%Y/%m/%d/%H}/{name}.json"
        for name in ("constraint_violations", "constraints", "statistics")
    ]


async def test_a_model_is_held_against_its_quality_once_the_labels_are_there(
    aws: Aws, lake: Lake, worker: Worker, watched: int
) -> None:
    draw = random.Random(5)
    scored = [
        (label if draw.random() < 0.95 else 1 - label, label) for label in (draw.randrange(2) for _ in range(300))
    ]
    uri = lake.put("scored.csv", "prediction,label\n" + "\n".join(f"{p},{label}" for p, label in scored))
    attributes = {"analysis_type": "MODEL_QUALITY", "problem_type": "BinaryClassification"}
    attributes |= {"inference_attribute": "prediction", "ground_truth_attribute": "label"}
    await aws("create_processing_job", ProcessingJobName="quality", **request(lake, uri, "quality", **attributes))
    assert (await ended(aws, worker, "quality"))["ProcessingJobStatus"] == "Completed"
    given = definition("ModelQuality", ModelQualityBaselineConfig={"BaseliningJobName": "quality"})
    given["ModelQualityAppSpecification"]["ProblemType"] = "BinaryClassification"
    given["ModelQualityJobInput"] = {
        "EndpointInput": {**ENDPOINT_INPUT, "InferenceAttribute": "0"},
        "GroundTruthS3Input": {"S3Uri": f"s3://{lake.bucket}/labels"},
    }
    output = {**OUTPUT, "S3Uri": f"s3://{lake.bucket}/quality-reports"}
    given["ModelQualityJobOutputConfig"] = {"MonitoringOutputs": [{"S3Output": output}]}
    await aws("create_model_quality_job_definition", JobDefinitionName="q", **given)
    config = {
        "ScheduleConfig": {"ScheduleExpression": "cron(0 * ? * * *)"},
        "MonitoringJobDefinitionName": "q",
        "MonitoringType": "ModelQuality",
    }
    await aws("stop_monitoring_schedule", **NAME)
    quality = {"MonitoringScheduleName": "quality"}
    await aws("create_monitoring_schedule", **quality, MonitoringScheduleConfig=config)

    # Labels of the first hour only, and as wrong as a coin.
    hour = f"{from_ms(watched):%Y/%m/%d/%H}"
    lines = [captured(from_ms(watched), row) for row in rows(300, 20)]
    lake.put(f"captured/churn/a/{hour}/a.jsonl", "\n".join(lines))
    labels = [
        {
            "groundTruthData": {"data": str(draw.randrange(2)), "encoding": "CSV"},
            "eventMetadata": {"eventId": json.loads(line)["eventMetadata"]["eventId"]},
            "eventVersion": "0",
        }
        for line in lines[:250]
    ]
    lake.put(f"labels/{hour}/a.jsonl", "\n".join(map(json.dumps, labels)))
    capture(lake, watched + HOUR, rows(10, 20))
    first = await run(aws, worker, watched + HOUR, quality)
    assert first["MonitoringExecutionStatus"] == "CompletedWithViolations", first
    folder = f"quality-reports/churn/quality/{from_ms(watched + HOUR):%Y/%m/%d/%H}"
    found = json.loads(lake.get(f"s3://{lake.bucket}/{folder}/constraint_violations.json"))["violations"]
    assert "accuracy" in {item["metric_name"] for item in found}
    statistics = json.loads(lake.get(f"s3://{lake.bucket}/{folder}/statistics.json"))
    assert statistics["dataset"]["item_count"] == 250
    (part,) = lake.keys("quality-reports/merge/")
    assert part.startswith(f"quality-reports/merge/churn/a/{hour}/part-")
    merged = lake.get(f"s3://{lake.bucket}/{part}").splitlines()
    assert len(merged) == 250
    assert set(json.loads(merged[0])) == {"eventVersion", "groundTruthData", "captureData", "eventMetadata"}

    # The other labels came late: the window again, beside what it came to before.
    job = first["ProcessingJobArn"].rpartition("/")[2]
    late = [
        {**labels[0], "eventMetadata": {"eventId": json.loads(line)["eventMetadata"]["eventId"]}}
        for line in lines[250:]
    ]
    lake.put(f"labels/{hour}/b.jsonl", "\n".join(map(json.dumps, late)))
    repeat = (
        'mutation ($job: String!) { repeatMonitoringRun(schedule: "quality", job: $job) { execution { job status } } }'
    )
    made = (await aws.service.data(repeat, job=job))["repeatMonitoringRun"]["execution"]
    assert (made["status"], made["job"] != job) == ("PENDING", True)
    refused = await aws.service.ask(repeat, job=job)
    assert (refused.code, "has not ended yet" in refused.error["message"]) == ("CONFLICT", True)
    await worker.drain()
    again = json.loads(lake.get(f"s3://{lake.bucket}/{folder}/again-1/statistics.json"))
    assert again["dataset"]["item_count"] == 300
    assert json.loads(lake.get(f"s3://{lake.bucket}/{folder}/statistics.json")) == statistics
    component = "arn:aws:sagemaker:us-east-1:{}:experiment-trial-component/{}-aws-processing-job"
    start = component.format(aws.service.account, job)
    below = await aws("query_lineage", StartArns=[start], Direction="Descendants", IncludeEdges=False)
    assert component.format(aws.service.account, made["job"]) in {vertex["Arn"] for vertex in below["Vertices"]}
    assert (await aws.service.ask(repeat, job="none")).code == "NOT_FOUND"

    second = await run(aws, worker, watched + 2 * HOUR, quality)
    assert second["MonitoringExecutionStatus"] == "Failed"
    assert f"below s3://{lake.bucket}/labels/ were looked at" in second["FailureReason"]


SERIES = """query ($n: ID!, $end: DateTime) { monitoringSchedule(schedule: $n) {
  measured { subject name metrics }
  drift: series(subject: FEATURE, name: "age", metric: "baseline_drift") { at value limit job }
  before: series(subject: FEATURE, name: "age", metric: "sum", end: $end) { value }
  none: series(subject: MODEL, metric: "accuracy") { value }
  seriesPicture(subject: FEATURE, name: "age", metric: "baseline_drift") { alt svg table { columns rows } }
} }"""


async def test_what_runs_measure_is_a_series(aws: Aws, lake: Lake, worker: Worker, watched: int) -> None:
    hours = [rows(200, 20, 1), rows(200, 45, 2), rows(200, 70, 3)]
    for number, found in enumerate(hours):
        capture(lake, watched + number * HOUR, found)
        await run(aws, worker, watched + (number + 1) * HOUR)
    last = from_ms(watched + 2 * HOUR).isoformat()
    said = (await aws.service.data(SERIES, n="watch", end=last))["monitoringSchedule"]
    assert sorted(item["name"] for item in said["measured"]) == ["age", "prediction", "sex"]
    assert {"non_null", "null", "completeness", "baseline_drift", "type_integral"} <= set(
        next(item["metrics"] for item in said["measured"] if item["name"] == "age")
    )
    values = [point["value"] for point in said["drift"]]
    assert values[0] < 0.1 < values[1] < values[2] < 1
    assert {point["limit"] for point in said["drift"]} == {0.1}
    assert [point["at"] for point in said["drift"]] == sorted(point["at"] for point in said["drift"])
    assert said["before"] == [{"value": float(sum(age for _, age, _ in hours[0]))}]
    assert said["none"] == []
    assert [row[2] for row in said["seriesPicture"]["table"]["rows"]][1:] == ["yes", "yes"]
    assert "held against 0.1" in said["seriesPicture"]["alt"]
    # The same run again measures in its place.
    store, account = aws.service.catalog.store, aws.service.account
    job = said["drift"][0]["job"]
    again = [Measurement(Subject.FEATURE, "age", {"baseline_drift": 0.5})]
    await measurements.put(store, account, "watch", watched + HOUR, job, again)
    read = await measurements.series(store, account, "Watch", Subject.FEATURE, "age")
    assert [item.values["baseline_drift"] for item in read] == [0.5, *values[1:]]
    assert await measurements.series(store, "999999999999", "watch", Subject.FEATURE, "age") == []


async def test_what_runs_measure_is_in_cloudwatch(aws: Aws, lake: Lake, worker: Worker, watched: int, s3: str) -> None:
    import boto3

    given = definition("DataQuality", DataQualityBaselineConfig={"BaseliningJobName": "base"})
    output = {**OUTPUT, "S3Uri": f"s3://{lake.bucket}/reports"}
    given["DataQualityJobOutputConfig"] = {"MonitoringOutputs": [{"S3Output": output}]}
    given["DataQualityAppSpecification"]["Environment"] = {"publish_cloudwatch_metrics": "Enabled"}
    await aws("create_data_quality_job_definition", JobDefinitionName="published", **given)
    config = {
        "ScheduleConfig": {"ScheduleExpression": "cron(0 * ? * * *)"},
        "MonitoringJobDefinitionName": "published",
        "MonitoringType": "DataQuality",
    }
    name = f"published-{aws.service.account}"
    await aws("stop_monitoring_schedule", **NAME)
    await aws("create_monitoring_schedule", MonitoringScheduleName=name, MonitoringScheduleConfig=config)
    found = rows(200, 45, 2)
    capture(lake, watched, found)
    await run(aws, worker, watched + HOUR, {"MonitoringScheduleName": name})
    keys = {"aws_access_key_id": "id", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    ages = [age for _, age, _ in found]
    # The same questions, to the CloudWatch that it was sent to and to the service's own door.
    for url in (s3, str(aws.service.client.base_url)):
        cloudwatch: Any = boto3.client("cloudwatch", endpoint_url=url, **keys)
        space = "/aws/sagemaker/Endpoints/data-metric"
        dimensions = [{"Name": "EndpointName", "Value": "churn"}, {"Name": "ScheduleName", "Value": name}]

        def ask(metric: str, cloudwatch: Any = cloudwatch, space: str = space, dimensions: Any = dimensions) -> Any:
            return cloudwatch.get_metric_statistics(
                Namespace=space,
                MetricName=metric,
                Dimensions=dimensions,
                StartTime=from_ms(watched),
                EndTime=from_ms(watched + 2 * HOUR),
                Period=3600,
                Statistics=["SampleCount", "Average", "Sum", "Minimum", "Maximum"],
            )["Datapoints"]

        def listed(cloudwatch: Any = cloudwatch, space: str = space, dimensions: Any = dimensions) -> set[str]:
            pages = cloudwatch.get_paginator("list_metrics").paginate(Namespace=space, Dimensions=dimensions)
            return {metric["MetricName"] for page in pages for metric in page["Metrics"]}

        (data,) = await asyncio.to_thread(ask, "feature_data_age")
        assert (data["SampleCount"], data["Sum"], data["Minimum"], data["Maximum"]) == (
            *(200, sum(ages), min(ages), max(ages)),
        )
        assert data["Average"] == pytest.approx(sum(ages) / 200)
        (drift,) = await asyncio.to_thread(ask, "feature_baseline_drift_age")
        assert drift["Maximum"] > 0.1
        assert await asyncio.to_thread(ask, "feature_data_none") == []
        names = await asyncio.to_thread(listed)
        assert {
            "feature_non_null_sex",
            "feature_null_sex",
            "feature_completeness_sex",
            "feature_type_string_sex",
        } <= names
    day = {"StartTime": from_ms(watched), "EndTime": from_ms(watched + 2 * HOUR), "Namespace": "n", "MetricName": "m"}
    for wrong, code in (
        ({"Period": 90, "Statistics": ["Sum"]}, "InvalidParameterValue"),
        ({"Period": 60}, "MissingParameter"),
        ({"Period": 60, "Statistics": ["Sum"], "EndTime": from_ms(watched)}, "InvalidParameterValue"),
        ({"Period": 60, "Statistics": ["Sum"], "StartTime": from_ms(0)}, "InvalidParameterCombination"),
    ):
        with pytest.raises(ClientError) as refused:
            await asyncio.to_thread(partial(cloudwatch.get_metric_statistics, **{**day, **wrong}))
        assert refused.value.response["Error"]["Code"] == code
    # Without being asked for, nothing is sent.
    await aws("start_monitoring_schedule", **NAME)
    capture(lake, watched + HOUR, found)
    await run(aws, worker, watched + 2 * HOUR)
    sent: Any = boto3.client("cloudwatch", endpoint_url=s3, **keys)
    pages = await asyncio.to_thread(lambda: [*sent.get_paginator("list_metrics").paginate()])
    dimensions = [item for page in pages for metric in page["Metrics"] for item in metric["Dimensions"]]
    assert {"Name": "ScheduleName", "Value": name} in dimensions
    assert {"Name": "ScheduleName", "Value": "watch"} not in dimensions


FOUND = """query ($subject: String, $schedule: String, $check: String, $endpoint: String, $after: String) {
  monitoringViolations(subject: $subject, schedule: $schedule, check: $check, endpoint: $endpoint, first: 1, after: $after) {
    nodes { arn subject check description job schedule endpoint acknowledgements { reason by } artifact { arn } }
    pageInfo { hasNextPage endCursor }
  }
}"""
ACKNOWLEDGE = "mutation ($arn: ID!, $reason: String!) { acknowledge(arn: $arn, reason: $reason) { arn } }"
SILENCE = """mutation ($until: DateTime!) {
  silenceMonitoringSchedule(schedule: "watch", reason: "the table is being mended", until: $until) { silence { reason until } }
}"""
ALERTS = """{ monitoringAlerts { nodes { arn raised told schedule acknowledgements { reason } } }
  monitoringSchedule(schedule: "watch") { inAlert silence { reason by } } }"""


async def test_alerts_and_violations_are_acknowledged_and_kept_quiet(
    aws: Aws, lake: Lake, worker: Worker, watched: int
) -> None:
    service, drifted = aws.service, rows(100, 70, 3)
    catalog, account = service.catalog, service.account

    async def told() -> list[EventType]:
        place = catalog.place(account)
        slice_ = await feed.page(catalog.store.read, place, feed.behind(account, 0), first=500)
        return [item.type for item in slice_.events if item.type.value.startswith("monitor.")]

    # Silent before anything is found: recorded, and not told.
    until = from_ms(now_ms() + HOUR)
    said = await service.data(SILENCE, until=until.isoformat())
    assert said["silenceMonitoringSchedule"]["silence"]["reason"] == "the table is being mended"
    capture(lake, watched, drifted)
    await run(aws, worker, watched + HOUR)
    state = await service.data(ALERTS)
    assert [(item["raised"], item["told"]) for item in state["monitoringAlerts"]["nodes"]] == [(True, False)]
    assert state["monitoringSchedule"]["inAlert"] is True
    assert state["monitoringSchedule"]["silence"]["reason"] == "the table is being mended"
    assert await told() == []
    # The first run after the silence tells what is still so, once.
    ended = await service.data(
        'mutation { unsilenceMonitoringSchedule(schedule: "watch", reason: "mended") { ended silence { arn } } }'
    )
    assert ended["unsilenceMonitoringSchedule"] == {"ended": 1, "silence": None}
    for hour in (1, 2):
        capture(lake, watched + hour * HOUR, drifted)
        await run(aws, worker, watched + (hour + 1) * HOUR)
    assert await told() == [EventType.MONITOR_ALERT_RAISED]
    state = await service.data(ALERTS)
    assert [(item["raised"], item["told"]) for item in state["monitoringAlerts"]["nodes"]] == [
        (True, True),
        (True, False),
    ]
    assert state["monitoringSchedule"]["silence"] is None

    # Found by what they are of, page by page, and said to be seen.
    page = (await service.data(FOUND, subject="age", schedule="watch"))["monitoringViolations"]
    (first,) = page["nodes"]
    assert (first["check"], first["schedule"], first["endpoint"]) == ("baseline_drift_check", "watch", "churn")
    assert first["artifact"]["arn"] == first["arn"]
    rest = await service.data(FOUND, subject="age", schedule="watch", after=page["pageInfo"]["endCursor"])
    assert rest["monitoringViolations"]["nodes"][0]["arn"] != first["arn"]
    for nothing in ({"subject": "sex"}, {"schedule": "other"}, {"check": "completeness_check"}, {"endpoint": "x"}):
        assert (await service.data(FOUND, **nothing))["monitoringViolations"]["nodes"] == []
    alert = state["monitoringAlerts"]["nodes"][0]["arn"]
    for arn in (first["arn"], alert):
        await service.data(ACKNOWLEDGE, arn=arn, reason="the price of 2017 came twice")
    (again,) = (await service.data(FOUND, subject="age"))["monitoringViolations"]["nodes"]
    assert [item["reason"] for item in again["acknowledgements"]] == ["the price of 2017 came twice"]
    state = await service.data(ALERTS)
    assert state["monitoringAlerts"]["nodes"][0]["acknowledgements"] == [{"reason": "the price of 2017 came twice"}]
    # From the violation to what was said of it.
    below = await aws("query_lineage", StartArns=[first["arn"]], Direction="Descendants", IncludeEdges=False)
    assert "MonitoringAcknowledgement" in {vertex.get("Type") for vertex in below["Vertices"]}
    for arn, reason, code in (
        (first["arn"], " ", "INVALID"),
        (first["arn"] + "0", "x", "NOT_FOUND"),
        (lake_arn(service), "x", "INVALID"),
    ):
        assert (await service.ask(ACKNOWLEDGE, arn=arn, reason=reason)).code == code
    assert (await service.ask(SILENCE, until="2020-01-01T00:00:00Z")).code == "INVALID"


def lake_arn(service: Service) -> str:
    """The ARN of the schedule's context, which is neither a violation nor an alert."""
    return service.arn("context/watch-aws-monitoring-schedule")


def test_a_batch_that_cloudwatch_refuses_does_not_hold_back_others(lake: Lake, account: str, s3: str) -> None:
    import boto3

    credentials = Policy.load(lake.policy).cloudwatch(account)
    assert credentials is not None
    space = f"refused-{uuid.uuid4().hex}"
    count = publishing.BATCH + 1
    found = [{"MetricName": f"m{n:04}", "Value": float("nan") if n == 0 else 1.0} for n in range(count)]
    with pytest.raises(ClientError, match="NaN"):
        publishing.send(credentials, space, found)
    keys = {"aws_access_key_id": "id", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    cloudwatch: Any = boto3.client("cloudwatch", endpoint_url=s3, **keys)
    listed = cloudwatch.list_metrics(Namespace=space)["Metrics"]
    assert [metric["MetricName"] for metric in listed] == [f"m{count - 1:04}"]
