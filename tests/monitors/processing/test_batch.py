"""Schedules over batch transforms: manifests of what was read and written, line by line."""

import json
import random
import uuid
from pathlib import Path
from typing import Any

import pytest

from graph.errors import InvalidError
from graph.times import from_ms, now_ms
from monitors.capture.layout import time_at
from monitors.processing import batch_records
from monitors.processing.worker import Worker
from tests.api.sagemaker.conftest import Aws
from tests.api.sagemaker.test_hosting import CONTAINER
from tests.api.sagemaker.test_monitoring import OUTPUT, definition
from tests.monitors.processing.conftest import Lake
from tests.monitors.processing.test_baselines import ended, request
from tests.monitors.processing.test_schedules import HOUR, rows, run

BATCH = {"LocalPath": "/opt/ml/processing/input", "DatasetFormat": {"Csv": {"Header": True}}}


async def transformed(aws: Aws, lake: Lake, start: int, found: list[tuple[int, int, str]]) -> list[str]:
    """A transform job, and what it would have captured in an hour; the ids of its inferences."""
    hour = f"{from_ms(start):%Y/%m/%d/%H}"
    ids = [str(uuid.uuid4()) for _ in found]
    time = f"{from_ms(start):%Y-%m-%dT%H:%M:%SZ}"
    lake.put("batch/data.csv", "age,sex\n" + "\n".join(f"{age},{sex}" for _, age, sex in found))
    lines = [f"{said},{event},{time}" for (said, _, _), event in zip(found, ids, strict=True)]
    lake.put("batch/data.csv.out", "\n".join(lines))
    for side, name in (("input", "data.csv"), ("output", "data.csv.out")):
        manifest = [{"prefix": f"s3://{lake.bucket}/batch/"}, name]
        lake.put(f"captured/{side}/{hour}/{uuid.uuid4()}.json", json.dumps(manifest))
    await aws("create_model", ModelName="m", PrimaryContainer=CONTAINER)
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{lake.bucket}/batch/"}}
    await aws(
        "create_transform_job",
        TransformJobName="nightly",
        ModelName="m",
        TransformInput={"DataSource": source, "ContentType": "text/csv", "SplitType": "Line"},
        TransformOutput={"S3OutputPath": f"s3://{lake.bucket}/batch/"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
        DataCaptureConfig={"DestinationS3Uri": f"s3://{lake.bucket}/captured", "GenerateInferenceId": True},
    )
    return ids


async def schedule(aws: Aws, lake: Lake, monitor: str, **given: Any) -> None:
    """A schedule of each hour, over what transforms captured."""
    made = definition(monitor, **{f"{monitor}BaselineConfig": {"BaseliningJobName": "base"}})
    where = {**BATCH, "DataCapturedDestinationS3Uri": f"s3://{lake.bucket}/captured"}
    made[f"{monitor}JobInput"] = {"BatchTransformInput": {**where, **given.pop("source", {})}, **given}
    output = {**OUTPUT, "S3Uri": f"s3://{lake.bucket}/reports"}
    made[f"{monitor}JobOutputConfig"] = {"MonitoringOutputs": [{"S3Output": output}]}
    if monitor == "ModelQuality":
        made["ModelQualityAppSpecification"]["ProblemType"] = "BinaryClassification"
    kind = {"DataQuality": "data_quality", "ModelQuality": "model_quality"}[monitor]
    await aws(f"create_{kind}_job_definition", JobDefinitionName="d", **made)
    config = {
        "ScheduleConfig": {"ScheduleExpression": "cron(0 * ? * * *)"},
        "MonitoringJobDefinitionName": "d",
        "MonitoringType": monitor,
    }
    await aws("create_monitoring_schedule", MonitoringScheduleName="watch", MonitoringScheduleConfig=config)


async def test_data_that_transforms_read_and_wrote(aws: Aws, lake: Lake, worker: Worker) -> None:
    lines = ["prediction,age,sex", *(",".join(map(str, row)) for row in rows(400, 20))]
    train = lake.put("train.csv", "\n".join(lines))
    await aws("create_processing_job", ProcessingJobName="base", **request(lake, train, "base"))
    assert (await ended(aws, worker, "base"))["ProcessingJobStatus"] == "Completed"
    await schedule(aws, lake, "DataQuality")
    now = now_ms() // HOUR * HOUR
    await transformed(aws, lake, now, rows(300, 60, 8))
    done = await run(aws, worker, now + HOUR)
    assert done["MonitoringExecutionStatus"] == "CompletedWithViolations", done.get("FailureReason")
    folder = f"s3://{lake.bucket}/reports/watch/{from_ms(now + HOUR):%Y/%m/%d/%H}"
    statistics = json.loads(lake.get(f"{folder}/statistics.json"))
    assert statistics["dataset"]["item_count"] == 300
    assert [feature["name"] for feature in statistics["features"]] == ["prediction", "age", "sex"]
    found = json.loads(lake.get(f"{folder}/constraint_violations.json"))["violations"]
    assert {(item["feature_name"], item["constraint_check_type"]) for item in found} == {
        ("age", "baseline_drift_check")
    }
    # From the violation to the transform and its model.
    (row,) = (await aws("list_artifacts", ArtifactType="Violation"))["ArtifactSummaries"]
    above = await aws("query_lineage", StartArns=[row["ArtifactArn"]], Direction="Ascendants", IncludeEdges=False)
    assert {"TransformJob", "Model"} <= {vertex.get("Type") for vertex in above["Vertices"]}
    later = await run(aws, worker, now + 2 * HOUR)
    assert later["MonitoringExecutionStatus"] == "Failed"
    assert "no batch transform in the window" in later["FailureReason"]
    assert "with 0 manifests" in later["FailureReason"]


async def test_predictions_of_transforms_are_joined_by_their_inference_ids(
    aws: Aws, lake: Lake, worker: Worker
) -> None:
    draw = random.Random(5)
    scored = "prediction,label\n" + "\n".join(f"{label},{label}" for label in (draw.randrange(2) for _ in range(300)))
    attributes = {"analysis_type": "MODEL_QUALITY", "problem_type": "BinaryClassification"}
    attributes |= {"inference_attribute": "prediction", "ground_truth_attribute": "label"}
    uri = lake.put("scored.csv", scored)
    await aws("create_processing_job", ProcessingJobName="base", **request(lake, uri, "base", **attributes))
    assert (await ended(aws, worker, "base"))["ProcessingJobStatus"] == "Completed"
    labels = {"GroundTruthS3Input": {"S3Uri": f"s3://{lake.bucket}/labels"}}
    await schedule(aws, lake, "ModelQuality", source={"InferenceAttribute": "0"}, **labels)
    now = now_ms() // HOUR * HOUR
    ids = await transformed(aws, lake, now, rows(300, 20))
    truth = [
        {
            "groundTruthData": {"data": str(draw.randrange(2)), "encoding": "CSV"},
            "eventMetadata": {"eventId": event},
            "eventVersion": "0",
        }
        for event in ids[:200]
    ]
    hour = f"{from_ms(now):%Y/%m/%d/%H}"
    lake.put(f"labels/{hour}/a.jsonl", "\n".join(map(json.dumps, truth)))
    done = await run(aws, worker, now + HOUR)
    assert done["MonitoringExecutionStatus"] == "CompletedWithViolations", done.get("FailureReason")
    folder = f"s3://{lake.bucket}/reports/watch/{from_ms(now + HOUR):%Y/%m/%d/%H}"
    assert json.loads(lake.get(f"{folder}/statistics.json"))["dataset"]["item_count"] == 200
    (part,) = lake.keys("reports/merge/")
    assert part.startswith(f"reports/merge/watch/{hour}/part-")


def test_lines_that_do_not_fit_each_other(tmp_path: Path) -> None:
    hour = "2026/11/25/03"
    for side, name, content in (("input", "000000-a.csv", "1\n2\n3\n"), ("output", "000001-a.csv.out", "1\n2\n")):
        path = tmp_path / side / hour / name
        path.parent.mkdir(parents=True)
        path.write_text(content)
    with pytest.raises(InvalidError, match=r"input and the output of a\.csv have different numbers of lines.*after 2"):
        batch_records.write(tmp_path, tmp_path / "out", ("a", "b"), "csv", header=False)
    with pytest.raises(InvalidError, match="line by line"):
        batch_records.write(tmp_path, tmp_path / "out", ("a", "b"), "parquet", header=False)


def test_ids_in_lines_of_json(tmp_path: Path) -> None:
    path = tmp_path / "output" / "2026/11/25/03" / "000001-a.jsonl.out"
    path.parent.mkdir(parents=True)
    event = str(uuid.uuid4())
    said = {"score": 1, "SageMakerInferenceId": event, "SageMakerInferenceTime": "2026-11-25T03:04:05Z"}
    path.write_text(json.dumps(said) + '\n{"score": 2}\n')
    batch_records.write(tmp_path, tmp_path / "out", ("a", "b"), "jsonl", header=False)
    (made,) = (tmp_path / "out").rglob("*.jsonl")
    assert made.parent == tmp_path / "out" / "a/b/2026/11/25/03"
    first, second = map(json.loads, made.read_text().splitlines())
    assert first["captureData"]["batchTransformOutput"]["data"] == '{"score":1}'
    assert first["eventMetadata"] == {"eventId": event, "inferenceTime": "2026-11-25T03:04:05Z"}
    assert second["eventMetadata"] == {"eventId": "a.jsonl:1", "inferenceTime": "2026-11-25T03:00:00Z"}


def test_files_of_one_name_in_several_hours(tmp_path: Path) -> None:
    for number, hour in enumerate(("2026/11/25/03", "2026/11/25/04")):
        for side, name in (("input", f"00000{number}-a.csv"), ("output", f"00000{number}-a.csv.out")):
            path = tmp_path / side / hour / name
            path.parent.mkdir(parents=True)
            path.write_text(f"{number}\n{number}\n")
    batch_records.write(tmp_path, tmp_path / "out", ("a", "b"), "csv", header=False)
    made = [json.loads(line) for path in (tmp_path / "out").rglob("*.jsonl") for line in path.read_text().splitlines()]
    assert len({record["eventMetadata"]["eventId"] for record in made}) == 4
    assert all(len(record["captureData"]) == 2 for record in made)
    again = tmp_path / "input" / "2026/11/25/03" / "000009-a.csv"
    again.write_text("1\n")
    with pytest.raises(InvalidError, match=r"two files a\.csv of one hour"):
        batch_records.write(tmp_path, tmp_path / "other", ("a", "b"), "csv", header=False)


def test_times_beyond_all_calendars_are_none() -> None:
    assert time_at("0001-01-01T00:00:00+23:59") is None
