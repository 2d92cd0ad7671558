"""`stemma monitor` as a person uses it."""

import pytest

from api.cli import progress
from tests.api.cli.conftest import Stemma

TRAIN = "age,city\n" + "20,Oslo\n30,Rome\n40,Bern\n" * 50
JULY = "age,city\n" + "-20,Oslo\n30,Rome\n40,Wien\n" * 50

PAGES = ("report.html", "report.pdf")


def test_a_baseline_and_two_runs(program: Stemma) -> None:
    (program.folder / "train.csv").write_text(TRAIN)
    (program.folder / "july.csv").write_text(JULY)
    baseline = program.ok("monitor", "baseline", "train.csv")
    assert set(baseline["files"]) == {*PAGES, "statistics.json", "constraints.json"}
    assert (baseline["rows"], baseline["columns"], baseline["created"]) == (150, 2, True)
    quiet = program("monitor", "run", "train.csv", "--baseline", baseline["arn"])
    assert quiet.code == 0
    assert "successfully with no violations" in quiet.out
    loud = program("monitor", "run", "july.csv", "--baseline", baseline["arn"].split(":")[-1])
    assert loud.code == 3
    assert loud.err == ""
    assert "CompletedWithViolations" in loud.out
    lines = [line.split() for line in loud.out.splitlines()]
    assert ["age", "non", "negative", "0", "-20", "0", "150"] in lines
    again = program("monitor", "run", "july.csv", "--baseline", baseline["files"]["constraints.json"]["arn"], "--json")
    assert again.code == 3
    assert not again.json["created"]
    violation = again.json["violations"][0]
    assert {"feature_name", "constraint_check_type", "description", "expected", "observed", "arn"} <= set(violation)
    upstream = program.ok("lineage", violation["arn"], "-d", "ascendants")
    assert {"train.csv", "july.csv"} <= {node["name"] for node in upstream["nodes"]}


def test_other_formats_and_own_constraints(stemma: Stemma) -> None:
    (stemma.folder / "data").mkdir()
    (stemma.folder / "data" / "a.jsonl").write_text('{"x": 1}\n{"x": 2}\n')
    (stemma.folder / "plain.txt").write_text("1,2\n3,4\n")
    assert stemma.ok("monitor", "baseline", "data")["rows"] == 2
    made = stemma.ok("monitor", "baseline", "plain.txt", "--format", "csv", "--no-header", "--name", "plain")
    assert made["rows"] == 2
    assert made["job"].startswith("plain-")
    (stemma.folder / "own.json").write_text('{"features": []}')
    assert stemma.ok("monitor", "baseline", "data", "--constraints", "own.json")["created"]


def test_mistakes(stemma: Stemma) -> None:
    (stemma.folder / "empty.csv").write_text("")
    (stemma.folder / "twice.csv").write_text("a,a\n1,2\n")
    for name, code, message in (
        ("absent.csv", 1, "There is no file or folder absent.csv"),
        ("empty.csv", 2, "is empty"),
        ("twice.csv", 2, "more than one column named 'a'"),
    ):
        done = stemma("monitor", "baseline", name)
        assert (done.code, done.out) == (code, ""), name
        assert message in done.err
    (stemma.folder / "train.csv").write_text(TRAIN)
    assert stemma("monitor", "run", "train.csv", "--baseline", "artifact/absent").code == 1
    done = stemma("monitor", "baseline", "train.csv", "--constraints", "absent.json")
    assert (done.code, "absent.json" in done.err) == (2, True)


def test_progress_is_told_when_it_takes_long(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with progress.shown("reading x.csv") as report:
        report(1, 2)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(progress, "FIRST_SECONDS", 0.0)
    with progress.shown("reading x.csv") as report:
        report(1_500_000, 3_000_000)
        report(3_000_000, 3_000_000)
    assert capsys.readouterr() == ("", "stemma: reading x.csv: 1.5 MB of 3.0 MB\n")


def test_more_may_be_measured(program: Stemma) -> None:
    (program.folder / "train.csv").write_text((TRAIN + "50;x,Rome,Oslo\n").replace(",", ";"))
    (program.folder / "july.csv").write_text(JULY.replace(",", ";"))
    given = ["--delimiter", ";", "--sensitive", "age", "--missing-patterns", "--sketch-size", "64", "--keep-profile"]
    baseline = program.ok("monitor", "baseline", "train.csv", *given, "--max-broken", "0.1")
    assert set(baseline["files"]) == {*PAGES, "statistics.json", "constraints.json", "profile.bin"}
    found = program("monitor", "run", "july.csv", "--baseline", baseline["arn"], "--json", *given, "--drift", "Holm")
    assert set(found.json["files"]) == {
        *PAGES,
        *("statistics.json", "constraint_violations.json", "profile.bin", "drift.json"),
    }
    bare = program.ok("monitor", "baseline", "train.csv", "--no-report", "--max-broken", "0.1")
    assert set(bare["files"]) == {"statistics.json", "constraints.json"}
    assert {violation["feature_name"] for violation in found.json["violations"]} == {"city"}
    grouped = program(
        "monitor", "run", "july.csv", "--baseline", baseline["arn"], "--json", "--delimiter", ";", "--group-by", "city"
    )
    assert "statistics_by_group.json" in grouped.json["files"]
    assert grouped.json["arn"] != found.json["arn"]
