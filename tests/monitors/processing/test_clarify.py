"""What `analysis_config.json` asks, as processing jobs and schedules: bias and attributions, with a model that is served."""

import contextlib
import io
import json
import sys
import tarfile
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import xgboost

from graph.reach.policy import Policy
from graph.times import from_ms, now_ms
from monitors.processing.allowances import Allowances
from monitors.processing.shadows import Serving
from monitors.processing.worker import Worker
from tests.api.sagemaker.conftest import Aws
from tests.api.sagemaker.test_hosting import variant
from tests.api.sagemaker.test_monitoring import CLARIFY, ENDPOINT_INPUT, OUTPUT, RESOURCES, ROLE, definition
from tests.monitors.processing.conftest import LIMITS, Lake
from tests.monitors.processing.test_schedules import HOUR, run

FEATURES = ("age", "income", "sex")


def people(rows: int = 400, seed: int = 3) -> pl.DataFrame:
    """A label, and features of which income decides most, and sex some."""
    random = np.random.default_rng(seed)
    age, income = random.integers(18, 80, rows), random.normal(0, 1, rows)
    sex = random.integers(0, 2, rows)
    label = (income + 0.6 * sex + random.normal(0, 0.4, rows) > 0.2).astype(int)
    return pl.DataFrame({"approved": label, "age": age, "income": income.round(4), "sex": sex})


def trained(frame: pl.DataFrame) -> bytes:
    """A booster of XGBoost, as a file."""
    data = xgboost.DMatrix(frame.select(FEATURES).to_numpy(), label=frame["approved"].to_numpy())
    booster = xgboost.train({"objective": "binary:logistic", "max_depth": 3, "seed": 1}, data, num_boost_round=20)
    return bytes(booster.save_raw("json"))


def archive(**files: bytes) -> bytes:
    """A `model.tar.gz`."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name.replace("__", "."))
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return made.getvalue()


async def model(aws: Aws, lake: Lake, content: bytes, name: str = "credit", **container: Any) -> None:
    lake.put(f"models/{name}/model.tar.gz", content)
    url = f"s3://{lake.bucket}/models/{name}/model.tar.gz"
    await aws(
        "create_model",
        ModelName=name,
        PrimaryContainer={"Image": "1.dkr.ecr.us-east-1.amazonaws.com/xgb:1", "ModelDataUrl": url, **container},
        ExecutionRoleArn=ROLE,
    )


def config(**more: Any) -> dict[str, Any]:
    return {
        "dataset_type": "text/csv",
        "headers": ["approved", *FEATURES],
        "label": "approved",
        "label_values_or_threshold": [1],
        "facet": [{"name_or_index": "sex", "value_or_threshold": [0]}],
        "predictor": {"model_name": "credit", "instance_type": "ml.m5.large", "initial_instance_count": 1},
        **more,
    }


BOTH = {
    "report": {"name": "report", "title": "Analysis Report"},
    "pre_training_bias": {"methods": "all"},
    "post_training_bias": {"methods": "all"},
    "shap": {"baseline": [[40, 0.0, 0]], "num_samples": 100, "agg_method": "mean_abs", "save_local_shap_values": True},
}


def request(lake: Lake, data: str, document: dict[str, Any], output: str) -> dict[str, Any]:
    """What SageMakerClarifyProcessor asks for."""

    def given(name: str, uri: str) -> dict[str, Any]:
        local = f"/opt/ml/processing/input/{name}"
        return {"InputName": name, "S3Input": {"S3Uri": uri, "LocalPath": local, "S3DataType": "S3Prefix"}}

    written = lake.put(f"{output}/analysis_config.json", json.dumps(document))
    where = {"S3Uri": f"s3://{lake.bucket}/{output}", "LocalPath": "/opt/ml/processing/output"}
    return {
        "ProcessingResources": RESOURCES,
        "AppSpecification": {"ImageUri": CLARIFY},
        "RoleArn": ROLE,
        "ProcessingInputs": [given("dataset", data), given("analysis_config", written)],
        "ProcessingOutputConfig": {
            "Outputs": [{"OutputName": "analysis_result", "S3Output": {**where, "S3UploadMode": "EndOfJob"}}]
        },
    }


async def ran(aws: Aws, worker: Worker, name: str, given: dict[str, Any]) -> dict[str, Any]:
    await aws("create_processing_job", ProcessingJobName=name, **given)
    await worker.drain()
    return await aws("describe_processing_job", ProcessingJobName=name)


def reporting(aws: Aws, lake: Lake, serving: Serving | None = None) -> Worker:
    """A worker as `stemma worker` is."""
    policy = Policy.load(lake.policy)
    return Worker(
        *(aws.service.catalog, policy, LIMITS),
        accounts=[aws.service.account],
        allowances=Allowances(serving or Serving(), "reports.monitoring.writing"),
    )


async def test_bias_and_attribution_of_a_model_that_is_served_for_the_run(aws: Aws, lake: Lake) -> None:
    frame = people()
    await model(aws, lake, archive(**{"xgboost-model": trained(frame)}))
    data = lake.put("train.csv", frame.write_csv(include_header=False))
    done = await ran(aws, reporting(aws, lake), "both", request(lake, data, config(methods=BOTH), "out"))
    assert done["ProcessingJobStatus"] == "Completed", done.get("FailureReason")
    assert {key.removeprefix("out/") for key in lake.keys("out/")} == {
        *("analysis.json", "analysis_config.json", "explanations_shap/out.csv", "report.html", "report.pdf"),
    }
    analysis = json.loads(lake.get(f"s3://{lake.bucket}/out/analysis.json"))
    (group,) = analysis["post_training_bias_metrics"]["facets"]["sex"]
    metrics = {metric["name"]: metric["value"] for metric in group["metrics"]}
    assert metrics["DPPL"] > 0.1
    values = analysis["explanations"]["kernel_shap"]["label0"]["global_shap_values"]
    assert list(values) == list(FEATURES)
    assert max(values, key=values.__getitem__) == "income"
    local = pl.read_csv(lake.get(f"s3://{lake.bucket}/out/explanations_shap/out.csv"))
    assert local.shape == (400, 3)
    assert lake.get(f"s3://{lake.bucket}/out/report.pdf").startswith(b"%PDF")
    page = lake.get(f"s3://{lake.bucket}/out/report.html").decode()
    assert "Bias and attribution of train.csv" in page
    assert str(Path("/tmp/stemma")) not in page
    # The model had a part in what was found of it.
    (stored,) = [
        row
        for row in (await aws("list_artifacts", SourceUri=f"s3://{lake.bucket}/out/analysis.json"))["ArtifactSummaries"]
        if row["Source"].get("SourceTypes")
    ]
    graph = await aws("query_lineage", StartArns=[stored["ArtifactArn"]], Direction="Ascendants", IncludeEdges=False)
    assert "Model" in {vertex["Type"] for vertex in graph["Vertices"]}


def record(at: datetime, row: tuple[Any, ...], score: float) -> dict[str, Any]:
    def side(mode: str, data: str) -> dict[str, str]:
        return {"observedContentType": "text/csv", "mode": mode, "data": data, "encoding": "CSV"}

    return {
        "captureData": {
            "endpointInput": side("INPUT", ",".join(map(str, row))),
            "endpointOutput": side("OUTPUT", str(score)),
        },
        "eventMetadata": {"eventId": str(uuid.uuid4()), "inferenceTime": f"{at:%Y-%m-%dT%H:%M:%SZ}"},
        "eventVersion": "0",
    }


async def endpoint(aws: Aws, lake: Lake) -> None:
    configured = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{lake.bucket}/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    }
    variants = [variant("a", "credit")]
    await aws(
        "create_endpoint_config", EndpointConfigName="c", ProductionVariants=variants, DataCaptureConfig=configured
    )
    await aws("create_endpoint", EndpointName="churn", EndpointConfigName="c")


async def schedule(aws: Aws, lake: Lake, monitor: str, document: dict[str, Any], baseline: str, **given: Any) -> None:
    """A schedule of each hour, by a definition."""
    made = definition(monitor, **{f"{monitor}BaselineConfig": {"BaseliningJobName": baseline}})
    made[f"{monitor}AppSpecification"] = {
        "ImageUri": CLARIFY,
        "ConfigUri": lake.put(f"{monitor}/analysis_config.json", json.dumps(document)),
    }
    made[f"{monitor}JobInput"] = given
    output = {**OUTPUT, "S3Uri": f"s3://{lake.bucket}/{monitor}"}
    made[f"{monitor}JobOutputConfig"] = {"MonitoringOutputs": [{"S3Output": output}]}
    kind = {"ModelBias": "model_bias", "ModelExplainability": "model_explainability"}[monitor]
    await aws(f"create_{kind}_job_definition", JobDefinitionName=monitor, **made)
    config = {
        "ScheduleConfig": {"ScheduleExpression": "cron(0 * ? * * *)"},
        "MonitoringJobDefinitionName": monitor,
        "MonitoringType": monitor,
    }
    await aws("create_monitoring_schedule", MonitoringScheduleName=monitor, MonitoringScheduleConfig=config)


async def test_schedules_of_bias_and_of_attribution(aws: Aws, lake: Lake, worker: Worker) -> None:
    frame = people()
    await model(aws, lake, archive(**{"xgboost-model": trained(frame)}))
    await endpoint(aws, lake)
    data = lake.put("train.csv", frame.write_csv(include_header=False))
    bias_only = {name: BOTH[name] for name in ("report", "pre_training_bias", "post_training_bias")}
    for name, methods in (("bias", bias_only), ("shap", {"shap": BOTH["shap"]})):
        done = await ran(aws, worker, name, request(lake, data, config(methods=methods), name))
        assert done["ProcessingJobStatus"] == "Completed", done.get("FailureReason")
    # A bias monitor's configuration has neither methods nor a predictor; an attribution monitor's has no label.
    of_bias = {key: value for key, value in config().items() if key not in ("predictor", "dataset_type")}
    of_shap = {"methods": {"shap": BOTH["shap"]}, "predictor": config()["predictor"], "headers": list(FEATURES)}
    source = {**ENDPOINT_INPUT, "ProbabilityThresholdAttribute": 0.5}
    labels = {"GroundTruthS3Input": {"S3Uri": f"s3://{lake.bucket}/labels"}}
    await schedule(aws, lake, "ModelBias", of_bias, "bias", EndpointInput=source, **labels)
    await schedule(aws, lake, "ModelExplainability", of_shap, "shap", EndpointInput=ENDPOINT_INPUT)

    # Women are refused whatever they earn, and incomes no longer differ, so that age decides what little is left.
    now = now_ms() // HOUR * HOUR
    hour = f"{from_ms(now):%Y/%m/%d/%H}"
    live = people(300, 9).with_columns(income=pl.lit(0.01))
    scores = [0.0 if sex == 0 else 0.9 for sex in live["sex"]]
    found = [record(from_ms(now), row, score) for row, score in zip(live.select(FEATURES).rows(), scores, strict=True)]
    lake.put(f"captured/churn/a/{hour}/a.jsonl", "\n".join(map(json.dumps, found)))
    truth = [
        {
            "groundTruthData": {"data": str(label), "encoding": "CSV"},
            "eventMetadata": {"eventId": item["eventMetadata"]["eventId"]},
            "eventVersion": "0",
        }
        for item, label in zip(found, live["approved"], strict=True)
    ]
    lake.put(f"labels/{hour}/a.jsonl", "\n".join(map(json.dumps, truth)))
    runs = {}
    for name in ("ModelBias", "ModelExplainability"):
        runs[name] = await run(aws, worker, now + HOUR, {"MonitoringScheduleName": name})
        assert runs[name]["MonitoringExecutionStatus"] == "CompletedWithViolations", runs[name].get("FailureReason")
    folder = f"churn/ModelBias/{from_ms(now + HOUR):%Y/%m/%d/%H}"
    bias = json.loads(lake.get(f"s3://{lake.bucket}/ModelBias/{folder}/constraint_violations.json"))["violations"]
    # Women's DI is 0 now, which by AWS's literal rule is no drift.
    assert "DPPL" in {item["metric_name"] for item in bias}
    assert {item["constraint_check_type"] for item in bias} == {"bias_drift_check"}
    assert len(lake.keys("ModelBias/merge/churn/a/")) == 1
    folder = f"churn/ModelExplainability/{from_ms(now + HOUR):%Y/%m/%d/%H}"
    keys = lake.keys(f"ModelExplainability/{folder}/")
    assert {key.rpartition("/")[2] for key in keys} == {"analysis.json", "constraint_violations.json", "out.csv"}
    (moved,) = json.loads(lake.get(f"s3://{lake.bucket}/ModelExplainability/{folder}/constraint_violations.json"))[
        "violations"
    ]
    assert moved["constraint_check_type"] == "feature_attribution_drift_check"
    # From the violation upwards: the run, the deployment, the model.
    rows = (await aws("list_artifacts", ArtifactType="Violation", MaxResults=100))["ArtifactSummaries"]
    (drifted,) = [row["ArtifactArn"] for row in rows if "shap" in row["Source"]["SourceUri"]]
    above = await aws("query_lineage", StartArns=[drifted], Direction="Ascendants", IncludeEdges=False)
    assert {"Model", "ModelDeployment", "ProcessingJob"} <= {vertex["Type"] for vertex in above["Vertices"]}


LOADER = {"Environment": {"MODEL_LOADER": "pickle"}}


async def test_a_model_that_nothing_may_serve(aws: Aws, lake: Lake, worker: Worker) -> None:
    frame = people(60)
    data = lake.put("train.csv", frame.write_csv(include_header=False))
    booster = trained(frame)
    outside = io.BytesIO()
    with tarfile.open(fileobj=outside, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("../outside"), io.BytesIO())
    models: dict[str, tuple[bytes, dict[str, Any], str]] = {
        "nothing": (
            archive(weights=b"1"),
            {},
            "holds weights, and none of them says what kind of model it is. Say MODEL_LOADER",
        ),
        "two": (archive(a__json=booster, b__json=booster), {}, "holds a.json, b.json, and more than one of them"),
        "pickled": (archive(model__pkl=b"1"), {}, "a pickle runs whatever code it names while it is read"),
        "told": (archive(weights=b"1"), LOADER, "needs the loader pickle, which is not allowed"),
        "broken": (archive(model__json=b"{}"), {}, "This is no model that XGBoost reads"),
        "torn": (archive(model__json=booster)[:80], {}, "can't be unpacked"),
        "outside": (outside.getvalue(), {}, "can't be unpacked: '../outside' would be extracted to"),
    }
    for name, (content, container, _) in models.items():
        await model(aws, lake, content, name, **container)
    names = {name: expected for name, (_, _, expected) in models.items()} | {"gone": "Could not find model"}
    for name, expected in names.items():
        document = config(methods={"shap": BOTH["shap"]}, predictor={"model_name": name})
        done = await ran(aws, worker, f"job-{name}", request(lake, data, document, name))
        assert done["ProcessingJobStatus"] == "Failed", name
        assert expected in done["FailureReason"], done["FailureReason"]
        assert "/tmp/" not in done["FailureReason"]


SERVER = """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(b"")
    def do_POST(self):
        rows = self.rfile.read(int(self.headers["Content-Length"])).decode().splitlines()
        labels = ["yes" if float(row.split(",")[1]) > 0 else "no" for row in rows]
        self.answer("".join(f"{label},{0.5}\\n" for label in labels).encode())
    def answer(self, content):
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

assert open(sys.argv[1] + "/weights").read() == "1"
HTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
"""


async def test_a_program_of_the_operator_serves_the_models_of_an_image(aws: Aws, lake: Lake, tmp_path: Path) -> None:
    program = tmp_path / "serve.py"
    program.write_text(SERVER)
    serving = Serving(commands={"xgb": [sys.executable, str(program), "{model}", "{port}"]})
    await model(aws, lake, archive(weights=b"1"))
    frame = people().with_columns(pl.col("approved").replace_strict({0: "no", 1: "yes"}))
    data = lake.put("train.csv", frame.write_csv(include_header=False))
    document = config(
        methods={"post_training_bias": {"methods": ["DPPL", "DI", "AD"]}},
        label_values_or_threshold=["yes"],
        predictor={"model_name": "credit", "label": 0},
    )
    done = await ran(aws, reporting(aws, lake, serving), "own", request(lake, data, document, "own"))
    assert done["ProcessingJobStatus"] == "Completed", done.get("FailureReason")
    analysis = json.loads(lake.get(f"s3://{lake.bucket}/own/analysis.json"))
    (group,) = analysis["post_training_bias_metrics"]["facets"]["sex"]
    metrics = {metric["name"]: metric["value"] for metric in group["metrics"]}
    shares = [frame.filter(pl.col("sex") == sex).select((pl.col("income") > 0).mean()).item() for sex in (1, 0)]
    assert metrics["DPPL"] == pytest.approx(shares[0] - shares[1])
    assert not _running(str(program))


def _running(word: str) -> list[str]:
    """Processes whose command line has a word in it."""
    found = []
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if process.name.isdecimal() and word in (process / "cmdline").read_text():
                found.append(process.name)
    return found


async def test_predictions_that_are_there_already(aws: Aws, lake: Lake, worker: Worker) -> None:
    frame = people().with_row_index("key")
    ids = frame.with_columns(key=pl.format("id-{}", "key"))
    said = ids.select("key", said=(pl.col("income") > 0).cast(pl.Int64)).reverse()
    facets = ids.select("key", region=pl.when(pl.col("age") < 40).then(pl.lit("n")).otherwise(pl.lit("s")))
    main = ids.select("key", "approved", "age", "income")
    document = config(
        headers=main.columns,
        joinsource_name_or_index="key",
        facet_dataset_uri=lake.put("facets.csv", facets.write_csv(include_header=False)),
        facet_headers=facets.columns,
        predicted_label_dataset_uri=lake.put("said.csv", said.write_csv(include_header=False)),
        predicted_label_headers=said.columns,
        facet=[{"name_or_index": "region", "value_or_threshold": ["n"]}],
        methods={"post_training_bias": {"methods": ["DPPL"]}},
    )
    document.pop("predictor")
    data = lake.put("main.csv", main.write_csv(include_header=False))
    done = await ran(aws, worker, "joined", request(lake, data, document, "joined"))
    assert done["ProcessingJobStatus"] == "Completed", done.get("FailureReason")
    (group,) = json.loads(lake.get(f"s3://{lake.bucket}/joined/analysis.json"))["post_training_bias_metrics"]["facets"][
        "region"
    ]
    young = pl.col("age") < 40
    shares = [frame.filter(who).select((pl.col("income") > 0).mean()).item() for who in (~young, young)]
    assert group["metrics"][0]["value"] == pytest.approx(shares[0] - shares[1])


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"methods": {"pdp": {}}}, "asks for pdp; pre_training_bias"),
        ({"methods": {"shap": {}}, "predictor": {}}, "names no model"),
        ({"methods": {"shap": {"text_config": {}}}}, "out of scope"),
        ({"methods": {"pre_training_bias": {}}, "headers": ["a", "b"]}, "lists 2 columns: 'a', 'b'"),
        ({"methods": {"pre_training_bias": {}}, "label": "no"}, "label is 'no', which is neither a column"),
        ({"methods": {"shap": {}}, "dataset_type": "application/x-image"}, "dataset_type is 'application/x-image'"),
        ({"methods": {"post_training_bias": {}}, "facet_dataset_uri": "s3://{bucket}/none"}, "nothing at s3://"),
    ],
)
async def test_what_can_not_be_asked(aws: Aws, lake: Lake, worker: Worker, more: dict[str, Any], expected: str) -> None:
    frame = people(60)
    await model(aws, lake, archive(**{"xgboost-model": trained(frame)}))
    data = lake.put("train.csv", frame.write_csv(include_header=False))
    document = json.loads(json.dumps(config(**more)).replace("{bucket}", lake.bucket))
    done = await ran(aws, worker, "no", request(lake, data, document, "no"))
    assert done["ProcessingJobStatus"] == "Failed"
    assert expected in done["FailureReason"], done["FailureReason"]
