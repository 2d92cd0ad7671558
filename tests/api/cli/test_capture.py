"""`stemma monitor` of captured records as a person uses it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.api.cli.conftest import Stemma
from tests.api.cli.test_models import BIAS, GOOD, HEAD, QUALITY, UNFAIR
from tests.monitors.capture.recorded import HOUR, record, truth, written


@pytest.fixture
def files(stemma: Stemma) -> Stemma:
    (stemma.folder / "train.csv").write_text(HEAD + GOOD)
    captured(stemma.folder / "good", GOOD)
    captured(stemma.folder / "unfair", UNFAIR)
    captured(stemma.folder / "negative", GOOD.replace("0.4", "-0.4"))
    return stemma


def captured(folder: Path, rows: str) -> None:
    """The rows as an endpoint captures them, label apart as ground truth."""
    records: list[dict[str, Any]] = []
    for position, row in enumerate(rows.split()):
        label, said, p, sex, age = row.split(",")
        one = record(f"{sex},{age}", f"{said},{p}", event=f"e{position}")
        records.append(one | {"groundTruthData": truth("", label)["groundTruthData"]})
    written(folder, f"{HOUR}/00-00-000-a.jsonl", *records[:150])
    written(folder, f"{HOUR}/00-01-000-b.jsonl", *records[150:])


NAMED = ("--format", "capture", "--capture-names", "label,said,p,sex,age", "--json")


def test_data_quality_takes_the_baselines_names_in_their_order(files: Stemma) -> None:
    baseline = files.ok("monitor", "baseline", "train.csv")["arn"]
    where = ("--format", "capture", "--column", "label=truth:0", "--baseline", baseline)
    quiet = files("monitor", "run", "good", *where, "--json")
    assert (quiet.code, quiet.json["rows"], quiet.json["violations"]) == (0, 300, [])
    loud = files("monitor", "run", "negative", *where, "--json")
    assert loud.code == 3
    assert [found["feature_name"] for found in loud.json["violations"]] == ["p"]
    wrong = files("monitor", "run", "good", "--format", "capture", "--baseline", baseline)
    assert wrong.code == 2
    told = " ".join(wrong.err.split())
    assert "300 of 300 lines can't be read" in told
    assert "expected are the columns 'label', 'said', 'p', 'sex', 'age'" in told


@pytest.mark.parametrize("asked", [QUALITY, BIAS], ids=["quality", "bias"])
def test_models_are_measured_from_captures_as_from_tables(files: Stemma, asked: tuple[str, ...]) -> None:
    of_table = files.ok("monitor", "baseline", "train.csv", *asked)
    of_capture = files.ok("monitor", "baseline", "good", *asked, *NAMED[:-1])
    if asked is BIAS:
        assert of_capture["files"]["analysis.json"]["sha256"] == of_table["files"]["analysis.json"]["sha256"]
    else:
        assert of_capture["metrics"] == pytest.approx(of_table["metrics"], rel=1e-12)
    run = ("monitor", "run", "unfair", "--type", asked[1], "--baseline", of_table["arn"])
    loud = files(*run, *NAMED)
    assert loud.code == 3
    assert loud.json["violations"]


def test_mistakes_are_told(files: Stemma) -> None:
    shown = files("monitor", "baseline", "train.csv", "--column", "label=truth:0")
    assert (shown.code, "add --format capture" in " ".join(shown.err.split())) == (2, True)
    shown = files("monitor", "baseline", "good", "--format", "capture", "--column", "label:0")
    assert (shown.code, "NAME=output:WHERE" in shown.err) == (2, True)
    written(files.folder / "odd", f"{HOUR}/a.jsonl", json.loads('{"a": 1}'))
    shown = files("monitor", "baseline", "odd", "--format", "capture")
    assert (shown.code, "line 1: it has no captureData" in " ".join(shown.err.split())) == (2, True)


def test_a_merge_is_told_and_can_be_monitored(files: Stemma) -> None:
    labelled = [row.split(",")[0] for row in UNFAIR.split()]
    written(
        files.folder, "truth.jsonl", *(truth(f"e{position}", label) for position, label in enumerate(labelled[:280]))
    )
    shown = files("monitor", "merge", "unfair", "truth.jsonl", "out")
    assert shown.code == 0
    assert "280 of 300 captured records have a label" in shown.out
    made = files.ok("monitor", "merge", "unfair", "truth.jsonl", "out")
    assert (made["created"], made["merged"], made["unlabelled"]) == (False, 280, 20)
    baseline = files.ok("monitor", "baseline", "train.csv", *QUALITY)["arn"]
    run = files("monitor", "run", "out/merge", "--type", "model-quality", "--baseline", baseline, *NAMED)
    assert (run.code, run.json["rows"]) == (3, 280)
    upstream = files.ok("lineage", run.json["data"], "-d", "descendants")
    assert run.json["arn"] in {node["arn"] for node in upstream["nodes"]}
    written(files.folder, "others.jsonl", truth("x", "1"))
    nothing = files("monitor", "merge", "good", "others.jsonl", "out")
    assert (nothing.code, "none of 300 captured records" in nothing.err) == (1, True)
