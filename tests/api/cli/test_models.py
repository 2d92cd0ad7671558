"""`stemma monitor` of model quality and bias as a person uses it."""

import json

import pytest

from api.cli.models import facet_of
from tests.api.cli.conftest import Stemma

HEAD = "label,said,p,sex,age\n"
GOOD = "1,1,0.9,f,30\n0,0,0.2,f,50\n1,1,0.8,m,60\n0,0,0.1,m,20\n1,0,0.4,m,41\n" * 60
UNFAIR = "1,0,0.4,f,30\n0,0,0.2,f,50\n1,1,0.8,m,60\n0,1,0.7,m,20\n1,1,0.9,m,41\n" * 60
QUALITY = ("--type", "model-quality", "--problem", "BinaryClassification", "--label", "label", "--probability", "p")
BIAS = ("--type", "bias", "--label", "label", "--positive", "1", "--prediction", "said", "--facet", "sex=f")

PAGES = ("report.html", "report.pdf")


@pytest.fixture
def files(stemma: Stemma) -> Stemma:
    (stemma.folder / "train.csv").write_text(HEAD + GOOD)
    (stemma.folder / "july.csv").write_text(HEAD + UNFAIR)
    return stemma


def test_model_quality(files: Stemma) -> None:
    shown = files("monitor", "baseline", "train.csv", *QUALITY, "--group-by", "sex")
    assert shown.code == 0
    accuracy = next(line.split() for line in shown.out.splitlines() if line.split()[:1] == ["accuracy"])
    assert accuracy[1] == "0.8"
    baseline = files.ok("monitor", "baseline", "train.csv", *QUALITY, "--group-by", "sex")
    assert set(baseline["files"]) == {*PAGES, "analysis_config.json", "statistics.json", "constraints.json"}
    assert (baseline["created"], baseline["rows"], baseline["metrics"]["accuracy"]) == (False, 300, 0.8)
    quiet = files("monitor", "run", "train.csv", "--type", "model-quality", "--baseline", baseline["arn"])
    assert (quiet.code, "no violations" in quiet.out) == (0, True)
    loud = files("monitor", "run", "july.csv", "--type", "model-quality", "--baseline", baseline["arn"], "--json")
    assert loud.code == 3
    violation = next(found for found in loud.json["violations"] if found["metric_name"] == "accuracy")
    assert (violation["constraint_check_type"], violation["observed"]) == ("LessThanThreshold", 0.6)
    upstream = files.ok("lineage", violation["arn"], "-d", "ascendants")
    assert {"train.csv", "july.csv"} <= {node["name"] for node in upstream["nodes"]}


def test_bias(files: Stemma) -> None:
    shown = files("monitor", "baseline", "train.csv", *BIAS, "--facet", "age>40", "--intervals", "50")
    assert shown.code == 0
    assert ["sex", "f", "DI"] in [line.split()[:3] for line in shown.out.splitlines()]
    assert "(40, 60]" in shown.out
    config = {
        "label": "label",
        "label_values_or_threshold": [1],
        "facet": [{"name_or_index": "sex", "value_or_threshold": ["f"]}],
    }
    (files.folder / "analysis_config.json").write_text(json.dumps({**config, "predicted_label": "said"}))
    baseline = files.ok("monitor", "baseline", "train.csv", "--type", "bias", "--config", "analysis_config.json")
    assert set(baseline["files"]) == {*PAGES, "analysis_config.json", "analysis.json"}
    run = ("monitor", "run", "july.csv", "--type", "bias", "--baseline", baseline["arn"])
    loud = files(*run)
    assert loud.code == 3
    assert "DI" in [line.split()[2] for line in loud.out.splitlines() if line.split()[:2] == ["sex", "f"]]
    literal = files(*run, "--drift-mode", "aws", "--json")
    assert "DI" not in {violation["metric_name"] for violation in literal.json["violations"]}
    assert files(*run, "--tolerance", "1000000").code == 3  # ln DI of a group that is always refused is infinite
    assert files("monitor", "run", "train.csv", "--type", "bias", "--baseline", baseline["arn"]).code == 0


def test_mistakes_of_a_model_s_monitor(files: Stemma) -> None:
    for options, message in (
        (("--type", "model-quality"), "`problem` and `label`"),
        ((*QUALITY[:4], "--label", "label"), "predictions"),
        ((*QUALITY[:4], "--label", "truth", "--prediction", "said"), "'truth'"),
        (("--type", "bias", "--label", "label", "--positive", "1"), "facet"),
        ((*BIAS, "--config", "absent.json"), "absent.json"),
    ):
        done = files("monitor", "baseline", "train.csv", *options)
        assert (done.code, done.out) == (2, ""), message
        assert message in done.err


@pytest.mark.parametrize(
    ("text", "values", "kind"),
    [("sex", None, None), ("sex=f,x", ["f", "x"], "categorical"), ("age>40,60", ["40", "60"], "continuous")],
)
def test_facets(text: str, values: list[str] | None, kind: str | None) -> None:
    facet = facet_of(text)
    assert (facet.get("value_or_threshold"), facet.get("kind")) == (values, kind)
