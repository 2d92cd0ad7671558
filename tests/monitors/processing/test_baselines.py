"""Baselines as processing jobs: made at SageMaker's door, run by a worker, with their inputs and outputs in S3."""

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from graph.monitoring import executions
from graph.monitoring.executions import ExecutionStatus
from monitors.processing.images import Image, image_of
from monitors.processing.worker import Worker
from tests.api.sagemaker.conftest import Aws
from tests.api.sagemaker.test_monitoring import ANALYZER, CLARIFY, RESOURCES, ROLE
from tests.monitors.processing.conftest import Lake

SOURCE = "/opt/ml/processing/input/baseline_dataset_input"


def request(lake: Lake, uri: str, output: str, image: str = ANALYZER, **environment: str) -> dict[str, Any]:
    """What the SDK's `suggest_baseline` asks for."""
    given = {"S3Uri": uri, "LocalPath": SOURCE, "S3DataType": "S3Prefix", "S3InputMode": "File"}
    where = {"S3Uri": f"s3://{lake.bucket}/{output}", "LocalPath": "/opt/ml/processing/output"}
    return {
        "ProcessingResources": RESOURCES,
        "AppSpecification": {"ImageUri": image},
        "RoleArn": ROLE,
        "ProcessingInputs": [{"InputName": "baseline_dataset_input", "S3Input": given}],
        "ProcessingOutputConfig": {
            "Outputs": [{"OutputName": "monitoring_output", "S3Output": {**where, "S3UploadMode": "EndOfJob"}}]
        },
        "Environment": {
            "dataset_source": SOURCE,
            "output_path": "/opt/ml/processing/output",
            "dataset_format": json.dumps({"csv": {"header": True, "output_columns_position": "START"}}),
            "publish_cloudwatch_metrics": "Disabled",
            **environment,
        },
    }


def table(rows: int = 400) -> pl.DataFrame:
    random = np.random.default_rng(7)
    truth = random.integers(0, 2, rows)
    probability = np.clip(0.25 + 0.5 * truth + random.normal(0, 0.2, rows), 0, 1)
    return pl.DataFrame(
        {
            "predicted": (probability > 0.5).astype(int),
            "probability": probability,
            "truth": truth,
            "age": random.integers(18, 80, rows),
            "sex": random.choice(["f", "m"], rows),
        }
    )


async def ended(aws: Aws, worker: Worker, name: str) -> dict[str, Any]:
    await worker.drain()
    return await aws("describe_processing_job", ProcessingJobName=name)


@pytest.mark.parametrize(
    ("uri", "image"),
    [
        (ANALYZER, Image.ANALYZER),
        (f"registry.example.org:5000/mirror/{Image.CLARIFY}:1.0", Image.CLARIFY),
        (f"{Image.CLARIFY}@sha256:12", Image.CLARIFY),
        ("python:3.12", None),
        (f"my-{Image.ANALYZER}", None),
    ],
)
def test_an_image_is_known_by_the_last_part_of_its_path(uri: str, image: Image | None) -> None:
    assert image_of(uri) is image


async def test_a_data_quality_baseline_lands_where_the_sdk_looks(aws: Aws, lake: Lake, worker: Worker) -> None:
    uri = lake.put("train/data.csv", table().write_csv())
    await aws("create_processing_job", ProcessingJobName="base", **request(lake, uri, "base/results"))
    done = await ended(aws, worker, "base")
    assert (done["ProcessingJobStatus"], done["ExitMessage"]) == (
        "Completed",
        "Completed: Job completed successfully.",
    )
    assert done["ProcessingStartTime"] <= done["ProcessingEndTime"]
    assert lake.keys("base/") == ["base/results/constraints.json", "base/results/statistics.json"]
    statistics = json.loads(lake.get(f"s3://{lake.bucket}/base/results/statistics.json"))
    assert statistics["dataset"]["item_count"] == 400
    assert [feature["name"] for feature in statistics["features"]] == table().columns
    # The data's content had a part in the job, the job produced the files; all are found by their URIs.
    (stored,) = [
        row
        for row in (await aws("list_artifacts", SourceUri=f"s3://{lake.bucket}/base/results/statistics.json"))[
            "ArtifactSummaries"
        ]
        if row["Source"].get("SourceTypes")
    ]
    graph = await aws("query_lineage", StartArns=[stored["ArtifactArn"]], Direction="Ascendants", IncludeEdges=False)
    types = {(vertex["LineageType"], vertex["Type"]) for vertex in graph["Vertices"]}
    assert {("TrialComponent", "ProcessingJob"), ("Artifact", "DataSet"), ("Artifact", "Image")} <= types
    held = (await executions.find(aws.service.catalog.store, aws.service.account, ["base"]))["base"]
    assert (held.status, held.ready_at, held.attempt) == (ExecutionStatus.COMPLETED, 0, 1)


async def test_a_job_with_a_baseline_finds_violations(aws: Aws, lake: Lake, worker: Worker) -> None:
    train = lake.put("train/data.csv", table().write_csv())
    await aws("create_processing_job", ProcessingJobName="base", **request(lake, train, "base"))
    await ended(aws, worker, "base")
    later = lake.put("later/data.csv", table().with_columns(pl.col("age") * 3).drop("sex").write_csv())
    given = request(lake, later, "later-results")
    for what in ("constraints", "statistics"):
        local = f"/opt/ml/processing/baseline/{what}"
        source = {"S3Uri": f"s3://{lake.bucket}/base/{what}.json", "LocalPath": local}
        source |= {"S3DataType": "S3Prefix", "S3InputMode": "File"}
        given["ProcessingInputs"].append({"InputName": what, "S3Input": source})
        given["Environment"][f"baseline_{what}"] = f"{local}/{what}.json"
    await aws("create_processing_job", ProcessingJobName="later", **given)
    done = await ended(aws, worker, "later")
    violations = json.loads(lake.get(f"s3://{lake.bucket}/later-results/constraint_violations.json"))["violations"]
    found = {(item["feature_name"], item["constraint_check_type"]) for item in violations}
    assert found == {("age", "baseline_drift_check"), ("sex", "missing_column_check")}
    message = "CompletedWithViolations: Job completed successfully with 2 violations."
    assert (done["ProcessingJobStatus"], done["ExitMessage"]) == ("Completed", message)
    rows = (await aws("list_artifacts", ArtifactType="Violation"))["ArtifactSummaries"]
    assert len(rows) == 2
    above = await aws("query_lineage", StartArns=[rows[0]["ArtifactArn"]], Direction="Ascendants", IncludeEdges=False)
    jobs = [vertex["Arn"] for vertex in above["Vertices"] if vertex["LineageType"] == "TrialComponent"]
    assert any(arn.endswith("/later-aws-processing-job") for arn in jobs)


async def test_a_model_quality_baseline(aws: Aws, lake: Lake, worker: Worker) -> None:
    uri = lake.put("scored.csv", table().write_csv())
    attributes = {
        "analysis_type": "MODEL_QUALITY",
        "problem_type": "BinaryClassification",
        "inference_attribute": "predicted",
        "probability_attribute": "probability",
        "ground_truth_attribute": "2",
    }
    await aws("create_processing_job", ProcessingJobName="mq", **request(lake, uri, "mq", **attributes))
    done = await ended(aws, worker, "mq")
    assert done["ProcessingJobStatus"] == "Completed", done.get("FailureReason")
    metrics = json.loads(lake.get(f"s3://{lake.bucket}/mq/statistics.json"))["binary_classification_metrics"]
    assert 0.8 < metrics["accuracy"]["value"] <= 1
    assert "f1" in json.loads(lake.get(f"s3://{lake.bucket}/mq/constraints.json"))["binary_classification_constraints"]
    attributes["ground_truth_attribute"] = "label"
    await aws("create_processing_job", ProcessingJobName="wrong", **request(lake, uri, "mq", **attributes))
    done = await ended(aws, worker, "wrong")
    assert done["ProcessingJobStatus"] == "Failed"
    assert "ground_truth_attribute is 'label'" in done["FailureReason"]
    assert "'predicted', 'probability', 'truth'" in done["FailureReason"]


async def test_a_bias_baseline_with_the_configuration_of_when_the_job_was_made(
    aws: Aws, lake: Lake, worker: Worker
) -> None:
    frame = table()
    uri = lake.put("train.csv", frame.write_csv(include_header=False))
    config = {
        "dataset_type": "text/csv",
        "headers": frame.columns,
        "label": "truth",
        "label_values_or_threshold": [1],
        "facet": [{"name_or_index": "sex", "value_or_threshold": ["f"]}],
        "methods": {"report": {"name": "report"}, "pre_training_bias": {"methods": ["CI", "DPL"]}},
    }
    configured = lake.put("out/analysis_config.json", json.dumps(config))
    given = request(lake, uri, "out", CLARIFY)
    inputs = given["ProcessingInputs"]
    inputs[0]["InputName"] = "dataset"
    inputs.append({"InputName": "analysis_config", "S3Input": {**inputs[0]["S3Input"], "S3Uri": configured}})
    given.pop("Environment")
    await aws("create_processing_job", ProcessingJobName="bias", **given)
    # The next job writes its own there before this one is run.
    lake.put("out/analysis_config.json", "{}")
    done = await ended(aws, worker, "bias")
    assert done["ProcessingJobStatus"] == "Completed", done.get("FailureReason")
    analysis = json.loads(lake.get(f"s3://{lake.bucket}/out/analysis.json"))
    (facet,) = analysis["pre_training_bias_metrics"]["facets"]["sex"]
    assert {metric["name"] for metric in facet["metrics"]} == {"CI", "DPL"}
    assert lake.keys("out/") == ["out/analysis.json", "out/analysis_config.json"]


async def test_what_can_not_be_run_says_why(aws: Aws, lake: Lake, worker: Worker) -> None:
    missing = request(lake, f"s3://{lake.bucket}/gone/", "out")
    foreign = request(lake, "s3://another-bucket/data.csv", "out")
    empty = request(lake, lake.put("empty.csv", "a,b\n"), "out")
    unknown = request(lake, lake.put("a.csv", "a\n1\n"), "out", dataset_format='{"orc": {}}')
    said = {
        "missing": (missing, f"there is nothing at s3://{lake.bucket}/gone/"),
        "foreign": (foreign, "is not among what the service may touch"),
        "empty": (empty, "has no rows"),
        "unknown": (unknown, "known are csv, json, parquet"),
    }
    for name, (given, _) in said.items():
        await aws("create_processing_job", ProcessingJobName=name, **given)
    for name, (_, expected) in said.items():
        done = await ended(aws, worker, name)
        assert done["ProcessingJobStatus"] == "Failed", name
        assert expected in done["FailureReason"], done["FailureReason"]
    assert lake.keys("out") == []


async def test_a_job_that_is_stopped_before_it_runs_never_runs(aws: Aws, lake: Lake, worker: Worker) -> None:
    uri = lake.put("a.csv", table().write_csv())
    await aws("create_processing_job", ProcessingJobName="stop", **request(lake, uri, "out"))
    await aws("stop_processing_job", ProcessingJobName="stop")
    assert (await ended(aws, worker, "stop"))["ProcessingJobStatus"] == "Stopped"
    assert lake.keys("out") == []
