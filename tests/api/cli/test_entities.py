"""Entities, associations, walks and bulk files on the command line."""

import re
from collections.abc import Mapping

import orjson
import pytest

from api.cli.rows import associate_of, is_association, put_of
from graph.commands import Place
from graph.errors import InvalidError
from tests.api.cli.conftest import Stemma


def rows(*objects: Mapping[str, object]) -> str:
    return "".join(orjson.dumps(item).decode() + "\n" for item in objects)


def test_the_life_of_an_entity(stemma: Stemma) -> None:
    made = stemma.ok(
        *("entity", "create-artifact", "s3://data/train.csv", "--type", "DataSet"),
        *("--tag", "team=risk", "--property", "rows=10", "--source-type", "S3ETag=abc"),
    )
    assert made["created"]
    arn = made["arn"]
    assert not stemma.ok("entity", "create-artifact", "s3://data/train.csv", "--source-type", "S3ETag=abc")["changed"]
    shown = stemma.ok("entity", "show", arn.split(":")[-1])
    assert (shown["arn"], shown["name"], shown["type"]) == (arn, "train.csv", "DataSet")
    assert shown["sourceTypes"] == [{"type": "S3ETag", "value": "abc"}]
    assert (shown["tags"], shown["properties"]) == ({"team": "risk"}, {"rows": "10"})
    stemma.ok("entity", "update", arn, "--name", "train", "--property", "columns=3", "--remove-property", "rows")
    stemma.ok("entity", "tag", arn, "team=fraud", "tier=1")
    stemma.ok("entity", "untag", arn, "tier")
    shown = stemma.ok("entity", "show", arn)
    assert (shown["name"], shown["tags"], shown["properties"]) == ("train", {"team": "fraud"}, {"columns": "3"})
    assert stemma.ok("entity", "show", arn, "--known-at", "1")["tags"] == {"team": "risk"}
    history = stemma.ok("entity", "history", arn)
    assert [change["operation"] for change in history] == ["update", "update", "update", "create"]
    assert {change["door"] for change in history} == {"cli"}
    listed = stemma.ok("entity", "list", "artifact", "--type", "DataSet")
    assert [entity["arn"] for entity in listed["entities"]] == [arn]
    assert stemma.ok("entity", "delete", arn)["changed"]
    gone = stemma("entity", "show", arn, "--json")
    assert (gone.code, gone.error["code"]) == (1, "NOT_FOUND")
    assert "train.csv" in stemma("entity", "show", arn, "--known-at", "1").out


def test_a_deleted_resource_is_found_in_its_past_under_its_own_name(stemma: Stemma) -> None:
    owned = f"arn:aws:sagemaker:us-east-1:{stemma.account}:endpoint/churn"
    stemma.ok("ingest", "-", input=rows({"kind": "CONTEXT", "name": "churn", "resourceArn": owned}))
    made = stemma.ok("entity", "show", owned)
    stemma.ok("entity", "delete", "endpoint/churn")
    assert stemma.ok("entity", "show", "endpoint/churn", "--known-at", "1")["arn"] == made["arn"]
    assert [change["operation"] for change in stemma.ok("entity", "history", "endpoint/churn")] == ["delete", "create"]
    assert [node["arn"] for node in stemma.ok("lineage", "endpoint/churn", "--known-at", "1")["nodes"]] == [made["arn"]]
    assert stemma("entity", "show", "endpoint/churn").code == 1
    assert stemma("entity", "delete", "endpoint/churn").code == 1


def test_the_other_kinds(stemma: Stemma) -> None:
    action = stemma.ok("entity", "create-action", "go", "--type", "ModelDeployment", "--status", "InProgress")["arn"]
    context = stemma.ok("entity", "create-context", "ep", "--type", "Endpoint", "--valid-from", "2026-01-01")["arn"]
    job = stemma.ok("entity", "create-trial-component", "t1", "--parameter", "lr=0.1", "--parameter", "by=adam")["arn"]
    assert stemma.ok("entity", "show", action)["status"] == "IN_PROGRESS"
    assert stemma.ok("entity", "show", context, "--as-of", "2026-02-01")["type"] == "Endpoint"
    assert stemma.ok("entity", "show", job)["parameters"] == {"lr": 0.1, "by": "adam"}
    stemma.ok("entity", "update", action, "--status", "completed")
    assert stemma.ok("entity", "show", action)["status"] == "COMPLETED"


def test_associations_and_walks(stemma: Stemma) -> None:
    first, second, third = (stemma.ok("entity", "create-context", name)["arn"] for name in ("one", "two", "three"))
    made = stemma.ok("entity", "associate", first, second, "--as", "contributed-to")
    assert made["association"] == "CONTRIBUTED_TO"
    stemma.ok("entity", "associate", second, third, "--as", "Produced")
    below = stemma.ok("lineage", first, "-d", "descendants")
    assert [node["name"] for node in below["nodes"]] == ["one", "two", "three"]
    only = stemma.ok("lineage", first, "--association", "produced", "--depth", "1")
    assert [node["name"] for node in only["nodes"]] == ["one"]
    text = stemma("lineage", second).out
    assert "two context came from" in text
    assert "contributed to one context" in text
    assert "produced three context" in text
    assert "3 entities, 2 associations" in text
    table = stemma("lineage", first, "-d", "descendants", "-o", "table").out
    assert third.split(":")[-1] in table
    cut = stemma("lineage", first, "-d", "descendants", "--limit", "2")
    assert "The walk was cut; go on with --direction descendants from" in cut.out
    assert "… context/three" in cut.out
    assert [node["name"] for node in stemma.ok("path", first, third)["nodes"]] == ["one", "two", "three"]
    none = stemma("path", third, first)
    assert (none.code, "no path leads" in none.err) == (1, True)
    refused = stemma("entity", "delete", second)
    assert (refused.code, "cascade" in refused.err) == (1, True)
    stemma.ok("entity", "dissociate", first, second, "--as", "contributed-to")
    stemma.ok("entity", "delete", second, "--cascade", "associations")
    assert stemma("entity", "associate", first, first).code == 2


def test_ways_through_what_is_hidden(stemma: Stemma) -> None:
    data = stemma.ok("entity", "create-context", "data", "--type", "Data")["arn"]
    job = stemma.ok("entity", "create-trial-component", "train")["arn"]
    model = stemma.ok("entity", "create-context", "model", "--type", "Data")["arn"]
    stemma.ok("entity", "associate", data, job, "--as", "contributed-to")
    stemma.ok("entity", "associate", job, model, "--as", "produced")
    asked = ("lineage", data, "-d", "descendants", "--type", "Data")
    assert stemma.ok(*asked)["edges"] == []
    (way,) = stemma.ok(*asked, "--via")["edges"]
    assert (way["source"], way["association"], way["destination"], way["via"]) == (data, "CONTRIBUTED_TO", model, [job])
    shown = f"contributed to (through {job.split(':')[-1]})"
    tree = " ".join(stemma(*asked, "--via").out.split())
    assert f"→ {shown} model Data" in tree
    assert "2 entities, 0 associations, 1 ways through hidden entities" in tree
    assert "Through hidden entities" in stemma(*asked, "--via", "-o", "table").out


def test_a_file_of_rows(stemma: Stemma) -> None:
    text = rows(
        {"source": "train", "destination": "job", "association": "ContributedTo"},
        {"id": "train", "kind": "ARTIFACT", "sourceUri": "s3://data/train.csv", "type": "DataSet"},
        {"id": "job", "kind": "TRIAL_COMPONENT", "name": "j1", "metrics": {"auc": 0.9}, "status": "COMPLETED"},
        {"kind": "CONTEXT", "name": "ep", "tags": {"a": "b"}, "validFrom": "2026-01-01"},
    )
    (stemma.folder / "rows.jsonl").write_text(text)
    done = stemma.ok("ingest", "rows.jsonl")
    assert (done["rows"], done["created"], done["changed"]) == (4, 4, 4)
    assert stemma.ok("ingest", "-", input=text)["changed"] == 0
    below = stemma.ok("lineage", done["ids"]["train"], "-d", "descendants")
    assert [node["arn"] for node in below["nodes"]] == [done["ids"]["train"], done["ids"]["job"]]
    whole = {"entities": [{"kind": "ACTION", "name": "a1"}], "associations": []}
    (stemma.folder / "rows.json").write_text(orjson.dumps(whole).decode())
    assert stemma.ok("ingest", "rows.json")["created"] == 1
    (stemma.folder / "list.json").write_text('[\n{"kind": "ACTION",\n "name": "a2"}\n]')
    assert stemma.ok("ingest", "list.json")["created"] == 1


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"kind": "THING", "name": "x"}, "kind is 'THING'"),
        ({"kind": "ACTION"}, "name is missing"),
        ({"kind": "ARTIFACT", "name": "x"}, "sourceUri is missing"),
        ({"kind": "ACTION", "name": "x", "colour": "red"}, "'colour' is unknown"),
        ({"kind": "ACTION", "name": 7}, "name is 7; a text is needed"),
        ({"kind": "ACTION", "name": "-x"}, "name '-x' may hold"),
        ({"kind": "ACTION", "name": "x", "tags": ["a"]}, "tags is no object"),
        ({"kind": "ACTION", "name": "x", "tags": {"a": 1}}, "'a' has the value 1; a text is needed"),
        ({"kind": "ACTION", "name": "x", "sourceTypes": [{"type": "Custom", "value": "1"}]}, "only artifacts"),
        ({"kind": "ARTIFACT", "sourceUri": "s3://x", "sourceTypes": ["a"]}, "sourceTypes is a list of"),
        ({"kind": "CONTEXT", "name": "x", "metrics": {"a": 1}}, "metrics can't be given"),
        ({"source": "here", "destination": "there"}, "'here' is not an ARN"),
        ({"source": "here", "destination": None}, "has a source and a destination"),
        ({"source": "a", "destination": "b", "association": "likes"}, "'likes' is none of"),
    ],
)
def test_what_a_row_may_hold(row: dict[str, object], message: str) -> None:
    place = Place("123456789012", "us-east-1")
    with pytest.raises(InvalidError, match=re.escape(message)):
        _ = associate_of(row, lambda end: end) if is_association(row) else put_of(place, row)


def test_bad_rows_are_named_and_nothing_is_written(stemma: Stemma) -> None:
    good = {"id": "g", "kind": "ACTION", "name": "good"}
    done = stemma("ingest", "-", input=rows(good, {"kind": "ACTION"}))
    assert (done.code, done.err) == (2, "stemma: line 2: name is missing\n")
    arn = f"arn:aws:sagemaker:us-east-1:{stemma.account}:action/absent"
    done = stemma("ingest", "-", input=rows(good, {"source": "g", "destination": arn}))
    assert done.code == 1
    assert done.err.startswith(f"stemma: line 2: {arn} does not exist")
    assert "nothing was written" in done.err
    for text, message in (("{\n", "line 1: not JSON"), ("7\n", "line 1: a JSON object"), ('{"x": []}', "'x'")):
        done = stemma("ingest", "-", input=text)
        assert (done.code, message in done.err) == (2, True), done.err
    assert stemma("ingest", "absent.jsonl").code == 2
    assert stemma.ok("entity", "list", "action")["entities"] == []
