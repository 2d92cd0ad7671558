"""Model monitors as the SDK's version 2 has them: baselines, schedules, executions, alerts, against a worker that runs."""

import datetime
import io
import json
import os
import random
import tempfile
import time
import uuid
from contextlib import redirect_stdout
from pathlib import Path

import sdk
from sagemaker.model_monitor import (
    CronExpressionGenerator,
    DefaultModelMonitor,
    EndpointInput,
    ModelMonitor,
    ModelQualityMonitor,
)
from sagemaker.model_monitor.dataset_format import DatasetFormat

ROLE = "arn:aws:iam::123456789012:role/stemma"
BUCKET = os.environ["EXPECTED_BUCKET"]
MACHINE = {"role": ROLE, "instance_count": 1, "instance_type": "ml.m5.large"}
session = sdk.session()
s3 = sdk.client("s3")
s3.create_bucket(Bucket=BUCKET)


def table(age, seed, count=300):
    draw = random.Random(seed)
    return [(draw.randrange(2), age + draw.randrange(40), draw.choice(["f", "m"])) for _ in range(count)]


def written(rows):
    file = Path(tempfile.mkdtemp()) / "train.csv"
    file.write_text("prediction,age,sex\n" + "\n".join(",".join(map(str, row)) for row in rows))
    return str(file)


def endpoint():
    """An endpoint that captures, and what it captured this minute and an hour ago."""
    name = sdk.name("churn")
    sagemaker = sdk.client()
    sagemaker.create_model(ModelName=name, PrimaryContainer={"Image": "xgb:1"}, ExecutionRoleArn=ROLE)
    variant = {"VariantName": "a", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{BUCKET}/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    }
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant], DataCaptureConfig=capture)
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    for back in (0, 1):
        at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=back, seconds=5)
        lines = [json.dumps(record(at, row)) for row in table(60, back)]
        key = f"captured/{name}/a/{at:%Y/%m/%d/%H}/{uuid.uuid4()}.jsonl"
        s3.put_object(Bucket=BUCKET, Key=key, Body="\n".join(lines).encode())
    return name


def record(at, row):
    prediction, age, sex = row

    def side(mode, data):
        return {"observedContentType": "text/csv", "mode": mode, "data": data, "encoding": "CSV"}

    return {
        "captureData": {
            "endpointInput": side("INPUT", f"{age},{sex}"),
            "endpointOutput": side("OUTPUT", str(prediction)),
        },
        "eventMetadata": {"eventId": str(uuid.uuid4()), "inferenceTime": f"{at:%Y-%m-%dT%H:%M:%SZ}"},
        "eventVersion": "0",
    }


def until_ended(monitor, count=1):
    """The executions, once so many have ended."""
    for _ in range(120):
        found = monitor.list_executions()
        ended = [each for each in found if each.describe()["ProcessingJobStatus"] not in ("InProgress", "Stopping")]
        if len(ended) >= count:
            return ended
        time.sleep(1)
    raise AssertionError(monitor.describe_schedule())


def scenario_a_default_monitor_lives():
    monitor = DefaultModelMonitor(sagemaker_session=session, **MACHINE)
    printed = io.StringIO()
    with redirect_stdout(printed):
        monitor.suggest_baseline(
            baseline_dataset=written(table(20, 7)),
            dataset_format=DatasetFormat.csv(header=True),
            output_s3_uri=f"s3://{BUCKET}/{sdk.name('baseline')}",
            wait=True,
            logs=True,
        )
    assert "processing-job/" in printed.getvalue()
    statistics, constraints = monitor.baseline_statistics(), monitor.suggested_constraints()
    assert statistics.body_dict["dataset"]["item_count"] == 300
    assert [each["name"] for each in constraints.body_dict["features"]] == ["prediction", "age", "sex"]
    name = sdk.name("watch")
    monitor.create_monitoring_schedule(
        monitor_schedule_name=name,
        endpoint_input=EndpointInput(endpoint(), "/opt/ml/processing/input/endpoint"),
        output_s3_uri=f"s3://{BUCKET}/{name}",
        statistics=statistics,
        constraints=constraints,
        schedule_cron_expression=CronExpressionGenerator.now(),
        data_analysis_start_time="-PT2H",
        data_analysis_end_time="-PT0H",
        enable_cloudwatch_metrics=True,
    )
    described = monitor.describe_schedule()
    assert (described["MonitoringScheduleStatus"], described["MonitoringType"]) == ("Scheduled", "DataQuality")
    (execution,) = until_ended(monitor)
    job = execution.describe()
    assert job["ProcessingJobStatus"] == "Completed", job
    assert job["ExitMessage"].startswith("CompletedWithViolations: "), job
    found = monitor.latest_monitoring_constraint_violations().body_dict["violations"]
    assert {("age", "baseline_drift_check")} == {
        (each["feature_name"], each["constraint_check_type"]) for each in found
    }
    assert monitor.latest_monitoring_statistics().body_dict["dataset"]["item_count"] >= 300
    (alert,) = monitor.list_monitoring_alerts()[0]
    assert (alert.alert_name, alert.alert_status) == ("violations", "InAlert")
    monitor.update_monitoring_alert(alert.alert_name, data_points_to_alert=2, evaluation_period=3)
    (change,) = monitor.list_monitoring_alert_history()[0]
    assert change.alert_status == "InAlert"
    attached = DefaultModelMonitor.attach(name, sagemaker_session=session)
    assert attached.monitoring_schedule_name == name
    attached.update_monitoring_schedule(schedule_cron_expression=CronExpressionGenerator.hourly())
    config = attached.describe_schedule()["MonitoringScheduleConfig"]
    assert config["ScheduleConfig"]["ScheduleExpression"] == "cron(0 * ? * * *)"
    attached.stop_monitoring_schedule()
    assert attached.describe_schedule()["MonitoringScheduleStatus"] == "Stopped"
    attached.start_monitoring_schedule()
    attached.delete_monitoring_schedule()
    sdk.refused("ResourceNotFound", "", sdk.client().describe_monitoring_schedule, MonitoringScheduleName=name)
    # What it ran stays.
    assert sdk.client().list_monitoring_executions(MonitoringScheduleName=name)["MonitoringExecutionSummaries"]


def scenario_a_monitor_names_its_baselining_job():
    monitor = DefaultModelMonitor(sagemaker_session=session, **MACHINE)
    monitor.suggest_baseline(
        baseline_dataset=written(table(20, 7)),
        dataset_format=DatasetFormat.csv(header=True),
        output_s3_uri=f"s3://{BUCKET}/{sdk.name('baseline')}",
        wait=False,
        logs=False,
    )
    monitor.create_monitoring_schedule(
        monitor_schedule_name=sdk.name("watch"),
        endpoint_input=endpoint(),
        output_s3_uri=f"s3://{BUCKET}/{sdk.name('reports')}",
        schedule_cron_expression=CronExpressionGenerator.daily(hour=3),
    )
    definition = sdk.client().describe_data_quality_job_definition(
        JobDefinitionName=monitor.describe_schedule()["MonitoringScheduleConfig"]["MonitoringJobDefinitionName"]
    )
    assert set(definition["DataQualityBaselineConfig"]) == {
        "BaseliningJobName",
        "ConstraintsResource",
        "StatisticsResource",
    }
    monitor.latest_baselining_job.wait(logs=False)
    monitor.delete_monitoring_schedule()


def scenario_a_monitor_of_our_image_runs_a_baseline():
    image = f"1.dkr.ecr.us-east-1.amazonaws.com/{DefaultModelMonitor._get_default_image_uri('us-east-1').rpartition('/')[2]}"
    monitor = ModelMonitor(image_uri=image, sagemaker_session=session, env=environment(), **MACHINE)
    from sagemaker.processing import ProcessingInput, ProcessingOutput

    given = ProcessingInput(
        source=session.upload_data(written(table(20, 7)), BUCKET, sdk.name("data")),
        destination="/opt/ml/processing/input/data",
    )
    where = ProcessingOutput(source="/opt/ml/processing/output", destination=f"s3://{BUCKET}/{sdk.name('out')}")
    monitor.run_baseline(baseline_inputs=[given], output=where, wait=True, logs=False)
    assert monitor.baseline_statistics().body_dict["dataset"]["item_count"] == 300


def environment():
    return {
        "dataset_source": "/opt/ml/processing/input/data",
        "dataset_format": json.dumps(DatasetFormat.csv(header=True)),
        "output_path": "/opt/ml/processing/output",
    }


def scenario_a_model_quality_baseline():
    monitor = ModelQualityMonitor(sagemaker_session=session, **MACHINE)
    file = Path(tempfile.mkdtemp()) / "scored.csv"
    draw = random.Random(3)
    lines = ["prediction,label"]
    for _ in range(300):
        label = draw.randrange(2)
        lines.append(f"{label if draw.random() < 0.9 else 1 - label},{label}")
    file.write_text("\n".join(lines))
    monitor.suggest_baseline(
        baseline_dataset=str(file),
        dataset_format=DatasetFormat.csv(header=True),
        problem_type="BinaryClassification",
        inference_attribute="prediction",
        ground_truth_attribute="label",
        output_s3_uri=f"s3://{BUCKET}/{sdk.name('quality')}",
        wait=True,
        logs=False,
    )
    constraints = monitor.suggested_constraints().body_dict["binary_classification_constraints"]
    assert 0.8 < constraints["accuracy"]["threshold"] < 1
