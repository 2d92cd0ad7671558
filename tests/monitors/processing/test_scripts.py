"""Users' scripts before and after an analysis: what they are given, what becomes of what they make, and what holds them."""

import json
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest

from graph.errors import StemmaError
from graph.reach.policy import Policy
from graph.times import from_ms
from monitors.processing import scripts
from monitors.processing.allowances import Allowances
from monitors.processing.plans import Analysis, Plan
from monitors.processing.worker import Worker
from tests.api.sagemaker.conftest import Aws
from tests.api.sagemaker.test_monitoring import OUTPUT, definition
from tests.monitors.processing.conftest import LIMITS, Lake
from tests.monitors.processing.test_baselines import request
from tests.monitors.processing.test_schedules import HOUR, capture, captured, rows, run, watched

__all__ = ["watched"]


@pytest.fixture
def scripted(aws: Aws, lake: Lake) -> Worker:
    """A worker that runs scripts."""
    return Worker(
        aws.service.catalog,
        Policy.load(lake.policy),
        LIMITS,
        accounts=[aws.service.account],
        allowances=Allowances(scripts=True),
    )


async def schedule(aws: Aws, lake: Lake, **given_scripts: str) -> None:
    """A schedule of each hour with scripts, by a definition."""
    given = definition("DataQuality", DataQualityBaselineConfig={"BaseliningJobName": "base"})
    for member, text in given_scripts.items():
        uri = lake.put(f"scripts/{member}.py", textwrap.dedent(text))
        given["DataQualityAppSpecification"][member] = uri
    output = {**OUTPUT, "S3Uri": f"s3://{lake.bucket}/scripted"}
    given["DataQualityJobOutputConfig"] = {"MonitoringOutputs": [{"S3Output": output}]}
    await aws("create_data_quality_job_definition", JobDefinitionName="scripted", **given)
    config = {
        "ScheduleConfig": {"ScheduleExpression": "cron(0 * ? * * *)"},
        "MonitoringJobDefinitionName": "scripted",
        "MonitoringType": "DataQuality",
    }
    await aws("stop_monitoring_schedule", MonitoringScheduleName="watch")
    await aws("create_monitoring_schedule", MonitoringScheduleName="scripted", MonitoringScheduleConfig=config)


SCHEDULE = {"MonitoringScheduleName": "scripted"}
HALVE = """
    import socket

    def preprocess_handler(inference_record, logger):
        age, sex = inference_record.endpoint_input.data.split(",")
        assert inference_record.endpoint_input.encoding == "CSV"
        assert inference_record.event_data.endpointOutput.data == inference_record.endpoint_output.data
        assert inference_record.event_metadata.event_id
        if sex == "m":
            return []
        logger.info("kept one")
        return {"sex": sex, "prediction": int(inference_record.endpoint_output.data), "age": int(age) // 2}
"""
AFTERWARDS = """
    import json, os

    def postprocess_handler():
        print("found", len(json.load(open("constraint_violations.json"))["violations"]), "of", sorted(os.listdir(".")))
        print("environment", sorted(os.environ))
        import socket
        try:
            socket.create_connection(("127.0.0.1", 80), 2)
        except OSError as error:
            print("network", error)
"""


async def test_scripts_before_and_after(aws: Aws, lake: Lake, scripted: Worker, watched: int) -> None:
    await schedule(aws, lake, RecordPreprocessorSourceUri=HALVE, PostAnalyticsProcessorSourceUri=AFTERWARDS)
    found = rows(300, 40, 9)
    capture(lake, watched, found)
    done = await run(aws, scripted, watched + HOUR, SCHEDULE)
    assert done["MonitoringExecutionStatus"] == "CompletedWithViolations", done.get("FailureReason")
    folder = f"s3://{lake.bucket}/scripted/churn/scripted/{from_ms(watched + HOUR):%Y/%m/%d/%H}"
    statistics = json.loads(lake.get(f"{folder}/statistics.json"))
    women = [row for row in found if row[2] == "f"]
    assert statistics["dataset"]["item_count"] == len(women)
    (age,) = [feature for feature in statistics["features"] if feature["name"] == "age"]
    assert age["numerical_statistics"]["sum"] == sum(row[1] // 2 for row in women)
    violations = json.loads(lake.get(f"{folder}/constraint_violations.json"))["violations"]
    log = lake.get(f"{folder}/scripts.log").decode()
    assert log.count("kept one") == len(women)
    assert f"found {len(violations)} of ['constraint_violations.json', 'constraints.json'" in log
    said = next(line for line in log.splitlines() if line.startswith("environment"))
    assert "AWS" not in said
    assert "STEMMA" not in said
    assert "network" in log


async def test_scripts_run_only_where_the_operator_lets_them(
    aws: Aws, lake: Lake, worker: Worker, watched: int
) -> None:
    await schedule(aws, lake, RecordPreprocessorSourceUri=HALVE)
    capture(lake, watched, rows(10, 20))
    done = await run(aws, worker, watched + HOUR, SCHEDULE)
    assert done["MonitoringExecutionStatus"] == "Failed"
    assert "STEMMA_JOB_SCRIPTS=true" in done["FailureReason"]


HOSTILE: dict[str, tuple[str, str]] = {
    "raises": ("def preprocess_handler(record):\n    raise KeyError('age')", "exit code 1): KeyError: 'age'"),
    "absent": ("x = 1", "the script has no preprocess_handler"),
    "loops": ("def preprocess_handler(record):\n    while True: pass", "took longer than 2 s"),
    "hoards": (
        "def preprocess_handler(record):\n    return {'a': 'x' * (1 << 33)}",
        "preprocess_handler failed (exit code 1): MemoryError",
    ),
    "drops": ("def preprocess_handler(record):\n    return []", "made no row of the records in the window"),
    "scalar": ("def preprocess_handler(record):\n    return 7", "made '7'; an object, a list of values"),
    "narrow": (
        "def preprocess_handler(record):\n    return [1, 2]",
        "a row of 2 values without names; expected are the columns 'prediction'",
    ),
    "talks": ("def preprocess_handler(record):\n    print('x' * (1 << 22))", "made no row"),
    "exits": ("import os\ndef preprocess_handler(record):\n    os._exit(3)", "exit code 3"),
    "no python": ("def preprocess_handler(", "SyntaxError"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_scripts_that_do_not_behave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    text, expected = HOSTILE[name]
    monkeypatch.setattr(scripts, "SECONDS", 2.0)
    monkeypatch.setattr(scripts, "MEGABYTES", 300)
    for folder in ("output", "records"):
        (tmp_path / folder).mkdir()
    (tmp_path / "records" / "a.jsonl").write_text(captured(from_ms(0), (1, 30, "f")) + "\n")
    script = tmp_path / "script.py"
    script.write_text(text)
    plan = Plan(
        *(Analysis.DATA_QUALITY, str(tmp_path / "records"), "s3://b/data", str(tmp_path / "output")),
        looked="the window",
        preprocessor=str(script),
    )
    with pytest.raises(StemmaError, match=re.escape(expected)):
        scripts.preprocess(plan, tmp_path / "records", ["prediction", "age", "sex"])
    assert not [each for each in Path("/proc").iterdir() if each.name.isdecimal() and _in(each, tmp_path)]
    assert (tmp_path / "output" / "scripts.log").stat().st_size <= scripts.SAID_BYTES


def _in(process: Path, folder: Path) -> bool:
    try:
        return folder in (process / "cwd").readlink().parents
    except OSError:
        return False


async def test_a_baseline_s_rows_are_made_by_the_same_script(aws: Aws, lake: Lake, scripted: Worker) -> None:
    script = """
        def preprocess_handler(inference_record):
            values = inference_record.endpoint_input.data.split(",")
            return {str(place).zfill(20): value for place, value in enumerate(values[:2])}
    """
    uri = lake.put("scripts/keep.py", textwrap.dedent(script))
    data = lake.put("train.csv", "\n".join(",".join(map(str, row)) for row in rows(50, 20)))
    local = "/opt/ml/processing/input/record_preprocessor_script"
    where = {"dataset_format": json.dumps({"csv": {"header": False}})}
    given: dict[str, Any] = request(lake, data, "out", record_preprocessor_script=f"{local}/keep.py", **where)
    source = {"S3Uri": uri, "LocalPath": local, "S3DataType": "S3Prefix", "S3InputMode": "File"}
    given["ProcessingInputs"].append({"InputName": "record_preprocessor_script_input", "S3Input": source})
    await aws("create_processing_job", ProcessingJobName="base", **given)
    await scripted.drain()
    done = await aws("describe_processing_job", ProcessingJobName="base")
    assert done["ProcessingJobStatus"] == "Completed", done.get("FailureReason")
    statistics = json.loads(lake.get(f"s3://{lake.bucket}/out/statistics.json"))
    assert [feature["name"] for feature in statistics["features"]] == ["_c0", "_c1"]
