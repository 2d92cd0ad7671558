"""Model Monitor as the `sagemaker` SDK's own documentation shows it: baselines, traffic, ground truth, and all four monitors.

    eval "$(stemma sdk-env --s3 http://127.0.0.1:9000 --bucket monitoring)"
    python examples/model_monitor.py

A model of credit is asked by its endpoint, whose traffic is captured. Then incomes fall, and women are refused whatever they
earn: what do the monitors see? It takes the `sagemaker` package, version 2; what has to run is in docs/how-to/monitoring.md.
"""

import json
import math
import os
import random
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
from sagemaker import Session
from sagemaker.clarify import BiasConfig, DataConfig, ModelConfig, ModelPredictedLabelConfig, SHAPConfig
from sagemaker.model_monitor import (
    BiasAnalysisConfig,
    CronExpressionGenerator,
    DataCaptureConfig,
    DefaultModelMonitor,
    EndpointInput,
    ModelBiasMonitor,
    ModelExplainabilityMonitor,
    ModelQualityMonitor,
)
from sagemaker.model_monitor.dataset_format import DatasetFormat
from sagemaker.s3 import S3Uploader

ROLE = "arn:aws:iam::123456789012:role/stemma"
PORT = int(os.environ.get("MODEL_PORT", "8090"))
REQUESTS = int(os.environ.get("REQUESTS", "300"))
HEADERS = ["approved", "income", "age", "sex"]
MACHINE = {"role": ROLE, "instance_count": 1, "instance_type": "ml.m5.large"}

session = Session()
sagemaker, runtime = boto3.client("sagemaker"), boto3.client("sagemaker-runtime")
name = f"credit-{uuid.uuid4().hex[:8]}"
folder = f"s3://{session.default_bucket()}/{name}"
draw = random.Random(7)  # noqa: S311  # made-up people


def score(income: float, sex: float) -> float:
    """The model: women (0) of any income had a chance, until they had none."""
    return 1 / (1 + math.exp(-(2 * income + bias * (sex - 1))))


bias = 0.5


class Model(BaseHTTPRequestHandler):
    """A model server with the contract of SageMaker's containers."""

    def do_GET(self) -> None:
        self.answer(b"")

    def do_POST(self) -> None:
        rows = self.rfile.read(int(self.headers["Content-Length"])).decode().split()
        scores = [score(float(row.split(",")[0]), float(row.split(",")[2])) for row in rows]
        self.answer("".join(f"{value:.6f}\n" for value in scores).encode())

    def answer(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/csv")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def people(count: int, income: float) -> list[tuple[int, float, int, int]]:
    """Whether each paid back, and what the model is asked with."""
    found = []
    for _ in range(count):
        earned, age, sex = round(draw.gauss(income, 1), 3), draw.randrange(18, 80), draw.randrange(2)
        found.append((int(draw.random() < 1 / (1 + math.exp(-2 * earned))), earned, age, sex))
    return found


def upload(file: str, lines: list[str]) -> str:
    """A file in S3."""
    return S3Uploader.upload_string_as_file_body("\n".join(lines), f"{folder}/{file}")


def wait(monitor: DefaultModelMonitor) -> dict:
    """What the first execution of a monitor's schedule came to."""
    while True:
        executions = monitor.list_executions()
        if executions and executions[0].describe()["ProcessingJobStatus"] not in ("InProgress", "Stopping"):
            return executions[0].describe()
        time.sleep(1)


# A model, deployed where it answers already, and its traffic captured.
server = ThreadingHTTPServer(("127.0.0.1", PORT), Model)
threading.Thread(target=server.serve_forever, daemon=True).start()
capture = DataCaptureConfig(True, sampling_percentage=100, destination_s3_uri=f"{folder}/captured")
sagemaker.create_model(ModelName=name, PrimaryContainer={"Image": "credit:1"}, ExecutionRoleArn=ROLE)
variant = {"VariantName": "AllTraffic", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
sagemaker.create_endpoint_config(
    EndpointConfigName=name, ProductionVariants=[variant], DataCaptureConfig=capture._to_request_dict()
)
address = {"Key": "stemma:address", "Value": f"http://127.0.0.1:{PORT}"}
sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name, Tags=[address])

# Four baselines, of the data that the model was trained with.
train = people(400, 0.5)
table = upload("train.csv", [",".join(map(str, row)) for row in train])
scored = [f"{int(score(row[1], row[3]) > 0.5)},{score(row[1], row[3])},{row[0]}" for row in train]
seen = upload(
    "seen.csv", ["score,income,age,sex", *(f"{score(row[1], row[3])},{row[1]},{row[2]},{row[3]}" for row in train)]
)
data = {"s3_data_input_path": table, "label": "approved", "headers": HEADERS, "dataset_type": "text/csv"}
asked = ModelConfig(endpoint_name=name, content_type="text/csv", accept_type="text/csv")
groups = BiasConfig(label_values_or_threshold=[1], facet_name="sex", facet_values_or_threshold=[0])

data_quality = DefaultModelMonitor(sagemaker_session=session, **MACHINE)
data_quality.suggest_baseline(
    seen, DatasetFormat.csv(header=True), output_s3_uri=f"{folder}/data-baseline", wait=True, logs=False
)
model_quality = ModelQualityMonitor(sagemaker_session=session, **MACHINE)
model_quality.suggest_baseline(
    upload("scored.csv", ["prediction,probability,label", *scored]),
    DatasetFormat.csv(header=True),
    problem_type="BinaryClassification",
    inference_attribute="prediction",
    probability_attribute="probability",
    ground_truth_attribute="label",
    output_s3_uri=f"{folder}/quality-baseline",
    wait=True,
    logs=False,
)
model_bias = ModelBiasMonitor(sagemaker_session=session, **MACHINE)
model_bias.suggest_baseline(
    DataConfig(s3_output_path=f"{folder}/bias-baseline", **data),
    groups,
    asked,
    ModelPredictedLabelConfig(probability_threshold=0.5),
    wait=True,
)
explainability = ModelExplainabilityMonitor(sagemaker_session=session, **MACHINE)
explainability.suggest_baseline(
    DataConfig(s3_output_path=f"{folder}/shap-baseline", **data),
    SHAPConfig(baseline=[[0.5, 45, 1]], num_samples=50, agg_method="mean_abs"),
    asked,
    wait=True,
)

# Traffic: incomes are others now, and so is the model. A little later it is known who paid back.
bias = 6.0
begun = datetime.now(UTC)
live = people(REQUESTS, 0.2)
truth = []
for number, (label, *features) in enumerate(live):
    runtime.invoke_endpoint(
        EndpointName=name, ContentType="text/csv", Body=",".join(map(str, features)), InferenceId=str(number)
    )
    truth.append(
        json.dumps(
            {
                "groundTruthData": {"data": str(label), "encoding": "CSV"},
                "eventMetadata": {"eventId": str(number)},
                "eventVersion": "0",
            }
        )
    )
for hour in {f"{at:%Y/%m/%d/%H}" for at in (begun, datetime.now(UTC))}:
    upload(f"labels/{hour}/labels.jsonl", truth)
s3 = boto3.client("s3")


def captured() -> int:
    """Records that lie in S3."""
    found = s3.list_objects_v2(Bucket=session.default_bucket(), Prefix=f"{name}/captured/").get("Contents", [])
    bodies = [s3.get_object(Bucket=session.default_bucket(), Key=item["Key"])["Body"].read() for item in found]
    return sum(body.count(b"eventId") for body in bodies)


deadline = datetime.now(UTC) + timedelta(minutes=3)
while captured() < REQUESTS and datetime.now(UTC) < deadline:
    time.sleep(1)
print(f"{captured()} of {REQUESTS} requests were captured")

# Four schedules; each runs once, over the last two hours.
once = {
    "schedule_cron_expression": CronExpressionGenerator.now(),
    "data_analysis_start_time": "-PT2H",
    "data_analysis_end_time": "-PT0H",
}
place = "/opt/ml/processing/input/endpoint"
data_quality.create_monitoring_schedule(
    monitor_schedule_name=f"{name}-data",
    endpoint_input=EndpointInput(name, place),
    output_s3_uri=f"{folder}/reports",
    statistics=data_quality.baseline_statistics(),
    constraints=data_quality.suggested_constraints(),
    **once,
)
model_quality.create_monitoring_schedule(
    monitor_schedule_name=f"{name}-quality",
    endpoint_input=EndpointInput(name, place, probability_attribute="0", probability_threshold_attribute=0.5),
    ground_truth_input=f"{folder}/labels",
    problem_type="BinaryClassification",
    constraints=model_quality.suggested_constraints(),
    output_s3_uri=f"{folder}/reports",
    **once,
)
model_bias.create_monitoring_schedule(
    monitor_schedule_name=f"{name}-bias",
    endpoint_input=EndpointInput(name, place, probability_threshold_attribute=0.5),
    ground_truth_input=f"{folder}/labels",
    analysis_config=BiasAnalysisConfig(groups, headers=HEADERS, label="approved"),
    output_s3_uri=f"{folder}/reports",
    **once,
)
explainability.create_monitoring_schedule(
    monitor_schedule_name=f"{name}-explainability", endpoint_input=name, output_s3_uri=f"{folder}/reports", **once
)
for monitor in (data_quality, model_quality, model_bias, explainability):
    job = wait(monitor)
    print(f"\n{monitor.monitoring_schedule_name}: {job.get('ExitMessage') or job.get('FailureReason')}")
    violations = monitor.latest_monitoring_constraint_violations()
    for item in (violations.body_dict["violations"] if violations else [])[:4]:
        about = item.get("feature_name") or item.get("metric_name")
        print(f"  {about}: {item['description']}"[:150])

# An alert was raised, and everything is in the graph: what has this model to do with?
alerts = sagemaker.list_monitoring_alerts(MonitoringScheduleName=f"{name}-data")["MonitoringAlertSummaries"]
print(f"\nthe alert of {name}-data is {alerts[0]['AlertStatus']}")
sources = sagemaker.list_artifacts(ArtifactType="Violation", MaxResults=1, SortBy="CreationTime")["ArtifactSummaries"]
above = sagemaker.query_lineage(StartArns=[sources[0]["ArtifactArn"]], Direction="Ascendants")["Vertices"]
print("behind its last violation are", ", ".join(sorted({vertex["Type"] for vertex in above if "Type" in vertex})))
server.shutdown()
