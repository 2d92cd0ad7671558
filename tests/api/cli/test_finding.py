"""`search`, `select` and `diff` on the command line."""

import orjson

from tests.api.cli.conftest import Stemma

ROWS = [
    {"kind": "ARTIFACT", "sourceUri": "s3://lake/raw.csv", "type": "DataSet"},
    {"kind": "TRIAL_COMPONENT", "name": "train-job"},
    {"kind": "ARTIFACT", "sourceUri": "s3://lake/model.bin", "type": "ModelData"},
]


def test_things_are_found_selected_and_compared(stemma: Stemma) -> None:
    made = stemma.ok("ingest", "-", input="".join(orjson.dumps(row).decode() + "\n" for row in ROWS))
    assert made
    found = stemma.ok("search", "lake", "csv")
    assert [(each["name"], each["type"]) for each in found["entities"]] == [("raw.csv", "DataSet")]
    raw = found["entities"][0]["arn"]
    assert not found["more"]
    assert stemma.ok("search", "lake", "--kind", "action")["entities"] == []
    assert "train-job" in stemma("search", "train").out
    job = "experiment-trial-component/train-job"
    model = stemma.ok("search", "model.bin")["entities"][0]["arn"]
    stemma.ok("entity", "associate", raw, job, "--as", "contributed-to")
    sequence = stemma.ok("entity", "associate", job, model, "--as", "produced")["sequence"]
    selected = stemma.ok("select", "+type:ModelData and not kind:trial_component")
    assert [node["name"] for node in selected["nodes"]] == ["model.bin", "raw.csv"]
    assert (selected["total"], selected["truncated"], selected["edges"]) == (2, False, [])
    past = stemma.ok("select", "+type:ModelData", "--known-at", str(sequence - 1))
    assert [node["name"] for node in past["nodes"]] == ["model.bin"]
    cut = stemma("select", "*", "--limit", "1")
    assert "1 of 3 entities" in cut.out
    differing = stemma.ok("diff", job, "--from", "2020-01-01")
    assert {node["difference"] for node in differing["nodes"]} == {"ADDED"}
    assert len(differing["nodes"]) == 3
    assert "3 of 3 entities differ, and 2 associations" in stemma("diff", job, "--from", "2020-01-01").out
    wrong = stemma("select", "colour:red", "--json")
    assert (wrong.code, wrong.error["code"]) == (2, "INVALID")
