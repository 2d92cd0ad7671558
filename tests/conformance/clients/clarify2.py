"""Clarify and the monitors of models as the SDK's version 2 has them, with a model that the service serves for their runs."""

import datetime
import io
import json
import os
import random
import tarfile
import time
import uuid
from contextlib import redirect_stdout

import sdk
from sagemaker.clarify import (
    BiasConfig,
    DataConfig,
    ModelConfig,
    ModelPredictedLabelConfig,
    SageMakerClarifyProcessor,
    SHAPConfig,
)
from sagemaker.model_monitor import (
    BiasAnalysisConfig,
    CronExpressionGenerator,
    EndpointInput,
    ModelBiasMonitor,
    ModelExplainabilityMonitor,
    ModelQualityMonitor,
)
from sagemaker.model_monitor.dataset_format import DatasetFormat

ROLE = "arn:aws:iam::123456789012:role/stemma"
BUCKET = os.environ["EXPECTED_BUCKET"]
MACHINE = {"role": ROLE, "instance_count": 1, "instance_type": "ml.m5.large"}
HEADERS = ["approved", "income", "age", "sex"]
WEIGHTS = [2.0, 0.0, 1.0]
session = sdk.session()
s3 = sdk.client("s3")
s3.create_bucket(Bucket=BUCKET)


def put(name, content):
    key = f"{sdk.name('clarify')}/{name}"
    s3.put_object(Bucket=BUCKET, Key=key, Body=content)
    return f"s3://{BUCKET}/{key}"


def rows(seed, count=200, *, income=None):
    """What happened, and what the model is asked with."""
    draw = random.Random(seed)
    found = []
    for _ in range(count):
        age, sex = draw.randrange(18, 80), draw.randrange(2)
        earned = round(draw.gauss(0, 1), 3) if income is None else income
        found.append((int(2 * earned + sex + draw.gauss(0, 0.5) > 0.5), earned, age, sex))
    return found


def csv(found):
    return "\n".join(",".join(map(str, row)) for row in found)


def model():
    """A model whose image a program of the operator serves."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        content = json.dumps(WEIGHTS).encode()
        member = tarfile.TarInfo("weights.json")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    name = sdk.name("credit")
    container = {"Image": "registry.example.org/weights:1", "ModelDataUrl": put("model.tar.gz", made.getvalue())}
    sdk.client().create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=ROLE)
    return name


MODEL = model()
TRAIN = put("train.csv", csv(rows(3)))
BIAS = BiasConfig(label_values_or_threshold=[1], facet_name="sex", facet_values_or_threshold=[0])
ASKED = ModelConfig(
    model_name=MODEL, instance_type="ml.m5.large", instance_count=1, content_type="text/csv", accept_type="text/csv"
)
SAID = ModelPredictedLabelConfig(probability_threshold=0.5)
SHAP = SHAPConfig(baseline=[[0.0, 40, 0]], num_samples=50, agg_method="mean_abs")


def data(output, **more):
    given = {"label": "approved", "headers": HEADERS, "dataset_type": "text/csv", **more}
    return DataConfig(s3_data_input_path=TRAIN, s3_output_path=output, **given)


def processor():
    return SageMakerClarifyProcessor(sagemaker_session=session, **MACHINE)


def analysis(output):
    bucket, _, key = output.removeprefix("s3://").partition("/")
    return json.loads(s3.get_object(Bucket=bucket, Key=f"{key}/analysis.json")["Body"].read())


def ended(job):
    for _ in range(240):
        found = job.describe()
        if found["ProcessingJobStatus"] not in ("InProgress", "Stopping"):
            assert found["ProcessingJobStatus"] == "Completed", found
            return found
        time.sleep(0.5)
    raise AssertionError(found)


def scenario_every_analysis_of_the_processor():
    quiet = {"wait": False, "logs": False}
    outputs = {name: f"s3://{BUCKET}/{sdk.name(name)}" for name in ("pre", "post", "bias", "shap", "both", "said")}
    said = put("said.csv", "\n".join(str(row[3]) for row in rows(3)))
    made = {name: processor() for name in outputs}
    made["pre"].run_pre_training_bias(data(outputs["pre"]), BIAS, methods=["CI", "DPL"], **quiet)
    made["post"].run_post_training_bias(
        data(outputs["post"]), BIAS, model_config=ASKED, model_predicted_label_config=SAID, methods="all", **quiet
    )
    made["bias"].run_bias(data(outputs["bias"]), BIAS, ASKED, SAID, **quiet)
    made["shap"].run_explainability(data(outputs["shap"]), ASKED, SHAP, **quiet)
    made["said"].run_post_training_bias(
        *(data(outputs["said"], predicted_label_dataset_uri=said, predicted_label_headers=["said"]), BIAS),
        methods=["DPPL"],
        **quiet,
    )
    printed = io.StringIO()
    with redirect_stdout(printed):
        made["both"].run_bias_and_explainability(
            data(outputs["both"]), ASKED, SHAP, BIAS, model_predicted_label_config=SAID, wait=True, logs=True
        )
    assert "processing-job/" in printed.getvalue()
    for each in made.values():
        ended(each.latest_job)
    found = {name: analysis(output) for name, output in outputs.items()}
    pre, post = "pre_training_bias_metrics", "post_training_bias_metrics"
    assert [metric["name"] for metric in found["pre"][pre]["facets"]["sex"][0]["metrics"]] == ["CI", "DPL"]
    assert set(found["post"]) & {pre, post} == {post}
    assert found["bias"][post] == found["post"][post]
    assert found["both"][post] == found["bias"][post]
    shap = found["shap"]["explanations"]["kernel_shap"]["label0"]["global_shap_values"]
    assert list(shap) == HEADERS[1:]
    assert (max(shap, key=shap.get), shap["age"]) == ("income", 0)
    assert found["both"]["explanations"] == found["shap"]["explanations"]
    # What was said is the sex.
    assert found["said"][post]["facets"]["sex"][0]["metrics"][0]["value"] == 1


def endpoint(found, labels=None):
    """An endpoint that captured rows this minute; where the labels of what it said lie."""
    name = sdk.name("credit")
    sagemaker = sdk.client()
    variant = {"VariantName": "a", "ModelName": MODEL, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{BUCKET}/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    }
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant], DataCaptureConfig=capture)
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=5)
    records, truth = [], []
    for label, *asked in found:
        event = str(uuid.uuid4())
        sides = [("Input", ",".join(map(str, asked))), ("Output", "0.9" if asked[2] else "0.1")]
        records.append(
            {
                "captureData": {
                    f"endpoint{side}": {
                        "observedContentType": "text/csv",
                        "mode": side.upper(),
                        "data": held,
                        "encoding": "CSV",
                    }
                    for side, held in sides
                },
                "eventMetadata": {"eventId": event, "inferenceTime": f"{at:%Y-%m-%dT%H:%M:%SZ}"},
                "eventVersion": "0",
            }
        )
        truth.append(
            {
                "groundTruthData": {"data": str(label), "encoding": "CSV"},
                "eventMetadata": {"eventId": event},
                "eventVersion": "0",
            }
        )
    hour = f"{at:%Y/%m/%d/%H}"
    s3.put_object(Bucket=BUCKET, Key=f"captured/{name}/a/{hour}/a.jsonl", Body="\n".join(map(json.dumps, records)))
    s3.put_object(Bucket=BUCKET, Key=f"labels/{name}/{hour}/a.jsonl", Body="\n".join(map(json.dumps, truth)))
    return name, f"s3://{BUCKET}/labels/{name}"


NOW = {
    "schedule_cron_expression": CronExpressionGenerator.now(),
    "data_analysis_start_time": "-PT2H",
    "data_analysis_end_time": "-PT0H",
}


def violations(monitor):
    """What the monitor's only execution found."""
    for _ in range(120):
        found = monitor.list_executions()
        if found and found[0].describe()["ProcessingJobStatus"] not in ("InProgress", "Stopping"):
            job = found[0].describe()
            assert job["ProcessingJobStatus"] == "Completed", job
            return monitor.latest_monitoring_constraint_violations().body_dict["violations"]
        time.sleep(0.5)
    raise AssertionError(monitor.describe_schedule())


def scenario_a_bias_monitor_lives():
    monitor = ModelBiasMonitor(sagemaker_session=session, **MACHINE)
    monitor.suggest_baseline(data(f"s3://{BUCKET}/{sdk.name('base')}"), BIAS, ASKED, SAID)
    ended(monitor.latest_baselining_job)
    assert "post_training_bias_metrics" in monitor.suggested_constraints().body_dict
    name, labels = endpoint(rows(5, income=0.2))
    monitor.create_monitoring_schedule(
        endpoint_input=EndpointInput(name, "/opt/ml/processing/input/endpoint", probability_threshold_attribute=0.5),
        ground_truth_input=labels,
        analysis_config=BiasAnalysisConfig(BIAS, headers=HEADERS, label="approved"),
        output_s3_uri=f"s3://{BUCKET}/{sdk.name('bias')}",
        **NOW,
    )
    found = violations(monitor)
    assert "DPPL" in {each["metric_name"] for each in found}
    assert {(each["facet"], each["constraint_check_type"]) for each in found} == {("sex", "bias_drift_check")}
    attached = ModelBiasMonitor.attach(monitor.monitoring_schedule_name, sagemaker_session=session)
    printed = io.StringIO()
    with redirect_stdout(printed):
        attached.get_latest_execution_logs(wait=False)
    assert "processing-job/" in printed.getvalue()
    attached.delete_monitoring_schedule()


def scenario_an_explainability_monitor_lives():
    monitor = ModelExplainabilityMonitor(sagemaker_session=session, **MACHINE)
    monitor.suggest_baseline(data(f"s3://{BUCKET}/{sdk.name('base')}"), SHAP, ASKED)
    ended(monitor.latest_baselining_job)
    monitor.create_monitoring_schedule(
        endpoint_input=endpoint(rows(5, income=0.0))[0],
        output_s3_uri=f"s3://{BUCKET}/{sdk.name('shap')}",
        **NOW,
    )
    (found,) = violations(monitor)
    assert (found["label"], found["metric_name"]) == ("label0", "shap")
    assert found["constraint_check_type"] == "feature_attribution_drift_check"
    monitor.delete_monitoring_schedule()


def scenario_a_model_quality_monitor_lives():
    monitor = ModelQualityMonitor(sagemaker_session=session, **MACHINE)
    scored = "prediction,probability,label\n" + "\n".join(f"{row[0]},{row[0] * 0.8 + 0.1},{row[0]}" for row in rows(3))
    monitor.suggest_baseline(
        baseline_dataset=put("scored.csv", scored),
        dataset_format=DatasetFormat.csv(header=True),
        problem_type="BinaryClassification",
        inference_attribute="prediction",
        probability_attribute="probability",
        ground_truth_attribute="label",
        output_s3_uri=f"s3://{BUCKET}/{sdk.name('base')}",
        wait=False,
        logs=False,
    )
    ended(monitor.latest_baselining_job)
    name, labels = endpoint(rows(5, income=0.2))
    monitor.create_monitoring_schedule(
        endpoint_input=EndpointInput(
            *(name, "/opt/ml/processing/input/endpoint"),
            probability_attribute="0",
            probability_threshold_attribute=0.5,
            start_time_offset="-PT1H",
            end_time_offset="-PT0H",
        ),
        ground_truth_input=labels,
        problem_type="BinaryClassification",
        output_s3_uri=f"s3://{BUCKET}/{sdk.name('quality')}",
        constraints=monitor.suggested_constraints(),
        **NOW,
    )
    found = violations(monitor)
    assert {"accuracy", "precision"} <= {each["metric_name"] for each in found}
    statistics = monitor.latest_monitoring_statistics().body_dict["binary_classification_metrics"]
    assert statistics["confusion_matrix"]
    monitor.delete_monitoring_schedule()
