"""What counts as drift of a bias metric, in both modes, and the violations file."""

import json
import math
from pathlib import Path

import jsonschema
import polars as pl
import pytest

from monitors.analysis.bias import (
    BiasConfig,
    BiasReport,
    BiasViolation,
    DriftMode,
    Facet,
    GroupBias,
    MetricValue,
    bias_report,
    bias_violations_to_json,
    find_bias_violations,
)

SCHEMA = json.loads(Path("docs/reference/schemas/constraint_violations_bias.schema.json").read_text(encoding="utf-8"))


def one(name: str, value: float | None, text: str = "f") -> BiasReport:
    metric = MetricValue(name, name, value, None if value is not None else "Nobody is left.")
    return BiasReport("y", "1", 10, {"post_training": {"sex": (GroupBias(text, 5, 5, 0, False, (metric,)),)}})


def found(
    name: str, before: float | None, now: float | None, mode: DriftMode, tolerance: float = 0.0
) -> list[BiasViolation]:
    return find_bias_violations(one(name, now), one(name, before), mode=mode, tolerance=tolerance)


@pytest.mark.parametrize(
    ("name", "before", "now", "by_distance", "by_aws"),
    [
        ("DPPL", 0.2, 0.1, False, False),
        ("DPPL", 0.2, -0.3, True, True),
        ("DPPL", 0.2, 0.2, False, False),
        # AWS's rule has the disparate impact backwards, since its fair value is 1.
        ("DI", 0.95, 0.40, True, False),
        ("DI", 0.40, 0.95, False, True),
        ("DI", 0.5, 2.0, False, True),
        ("DI", 0.5, 0.0, True, False),
        ("DI", 0.0, math.inf, False, True),
        ("TE", math.inf, -math.inf, False, False),
        ("TE", 1.0, math.inf, True, True),
        ("RD", 0.0, 0.3, True, True),
        ("RD", None, 0.3, False, False),
    ],
)
def test_drift_by_mode(name: str, before: float | None, now: float, by_distance: bool, by_aws: bool) -> None:
    assert bool(found(name, before, now, "distance")) is by_distance
    assert bool(found(name, before, now, "aws")) is by_aws


def test_the_tolerance_is_in_the_metric_s_own_distance() -> None:
    assert not found("RD", 0.10, 0.14, "distance", 0.05)
    assert found("RD", 0.10, 0.16, "distance", 0.05)
    assert not found("DI", 1.0, math.exp(-0.04), "distance", 0.05)
    assert found("DI", 1.0, math.exp(-0.06), "distance", 0.05)


def test_a_group_that_vanished_is_no_silence() -> None:
    (gone,) = find_bias_violations(one("RD", 0.1, "x"), one("RD", 0.1))
    assert (gone.facet_value, gone.observed) == ("f", None)
    assert "not in the data" in gone.description
    (undefined,) = found("RD", 0.1, None, "distance")
    assert "Nobody is left." in undefined.description
    assert not found("RD", 0.1, None, "aws")
    jsonschema.validate(json.loads(bias_violations_to_json([gone, undefined])), SCHEMA)


def test_an_interval_is_the_same_group_whatever_the_largest_value() -> None:
    (violation,) = find_bias_violations(one("RD", 0.9, "(40, 77]"), one("RD", 0.1, "(40.0, 90.0]"))
    assert violation.facet_value == "(40, 77]"
    assert (
        "not in the data" in find_bias_violations(one("RD", 0.9, "(41, 77]"), one("RD", 0.1, "(40, 90]"))[0].description
    )


def test_the_file_is_clarify_s_with_more_in_it() -> None:
    (violation,) = found("DPPL", 0.2, -math.inf, "aws")
    document = json.loads(bias_violations_to_json([violation]))
    jsonschema.validate(document, SCHEMA)
    item = document["violations"][0]
    assert (item["facet"], item["facet_value"], item["metric_name"]) == ("sex", "f", "DPPL")
    assert item["constraint_check_type"] == "bias_drift_check"
    assert item["description"] == "Metric value -Infinity doesn't meet the baseline constraint requirement 0.2"
    assert (item["expected"], item["observed"], item["threshold"], item["sample_size"]) == (0.2, "-Infinity", 0.2, 10)


def test_data_drift_from_themselves_in_no_mode() -> None:
    frame = pl.DataFrame({"y": [0, 1, 1] * 20, "said": [1, 0, 1] * 20, "sex": ["f", "m", "m", "f"] * 15})
    config = BiasConfig("y", (1,), (Facet("sex"),), predicted_label="said")
    report = bias_report(frame, config, replicates=20)
    assert find_bias_violations(report, report, mode="distance", tolerance=0.0) == []
    assert find_bias_violations(report, report, mode="aws") == []
