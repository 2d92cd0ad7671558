import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine

from monitors.analysis import (
    Violation,
    find_violations,
    parse_constraints,
    parse_statistics,
    statistics_of,
    suggest_constraints,
    violations_to_json,
)
from monitors.analysis.intervals import of_share
from monitors.analysis.profile import Profile
from monitors.analysis.statistics import Statistics

SCHEMA = Draft202012Validator(
    json.loads((Path(__file__).parents[3] / "docs/reference/schemas/constraint_violations.schema.json").read_text())
)


def describe(frame: pl.DataFrame) -> Statistics:
    profile = Profile()
    profile.update(frame, blanks_missing=True)
    return statistics_of(profile)


def violations_of(
    before: dict[str, Any], now: dict[str, Any], config: dict[str, Any] | None = None, **overrides: dict[str, Any]
) -> list[Violation]:
    """What `now` breaks of what is suggested from `before`, with the files written and read in between."""
    baseline = describe(pl.DataFrame(before, strict=False))
    document = json.loads(suggest_constraints(baseline).to_json())
    document["monitoring_config"].update(config or {})
    for feature in document["features"]:
        feature.update(overrides.get(feature["name"], {}))
    found = find_violations(
        describe(pl.DataFrame(now, strict=False)),
        parse_statistics(baseline.to_json()),
        parse_constraints(json.dumps(document)),
    )
    SCHEMA.validate(json.loads(violations_to_json(found)))
    return found


NO_DRIFT: dict[str, Any] = {"distribution_constraints": {"perform_comparison": "Disabled"}}


def test_data_type() -> None:
    texts = ["1"] * 9964 + ["x"] * 36
    [found] = violations_of({"a": ["1", "2"] * 50}, {"a": texts})
    assert found == Violation(
        feature_name="a",
        constraint_check_type="data_type_check",
        description=(
            "Data type match requirement is not met. Expected data type: Integral, Expected match: 100.0%. Observed: "
            "Only 99.64% of data is Integral."
        ),
        expected="Integral",
        observed=0.9964,
        threshold=1.0,
        sample_size=10_000,
        interval=of_share(0.9964, 10_000),
    )
    assert violations_of({"a": ["1"] * 9}, {"a": texts}, {"datatype_check_threshold": 0.9964}) == []


@pytest.mark.parametrize(
    ("before", "now", "observed"),
    [
        (["1"], ["1.5", "2", "3", "4"], 0.75),
        (["1.5"], ["1", "2"], None),
        (["1.5"], ["1.5", "x"], 0.5),
        (["x"], ["1", "2"], 0.0),
        (["x", "1"], ["1", "x"], None),
        ([None], ["1", "x"], None),
        (["1"], [None, ""], None),
    ],
)
def test_which_types_match(before: list[str | None], now: list[str], observed: float | None) -> None:
    kinds: dict[str, Any] = {"string_constraints": {}, "completeness": None}
    found = violations_of(
        {"a": pl.Series(before, dtype=pl.String)}, {"a": pl.Series(now, dtype=pl.String)}, NO_DRIFT, a=kinds
    )
    assert [violation.observed for violation in found] == ([] if observed is None else [observed])


def test_completeness() -> None:
    before, now = [1.0] * 9 + [None], [1.0] * 8 + [None] * 2
    [found] = violations_of({"a": before}, {"a": now})
    assert (found.constraint_check_type, found.expected, found.observed, found.threshold, found.sample_size) == (
        "completeness_check",
        0.9,
        0.8,
        0.9,
        10,
    )
    assert found.description == (
        "Completeness requirement is not met. Expected completeness: 90.0%. "
        "Observed: Only 80.0% of 10 rows have a value."
    )
    assert violations_of({"a": before}, {"a": [1.0] * 5}) == []


def test_missing_and_extra_columns() -> None:
    missing, extra, other = violations_of({"a": [1], "b": [1]}, {"b": [1], "c": [1], "d": [1]})
    assert (missing.feature_name, missing.constraint_check_type) == ("a", "missing_column_check")
    assert (extra.feature_name, other.feature_name) == ("c", "d")
    assert extra.constraint_check_type == "extra_column_check"
    assert (missing.expected, missing.observed, missing.threshold, missing.sample_size) == (2, 3, None, 1)
    assert missing.description == (
        "There are missing columns in current dataset. Number of columns in current dataset: 3, Number of columns in "
        "baseline constraints: 2. Missing: a."
    )
    assert other.description.endswith("Extra: d.")


def test_non_negative() -> None:
    [found] = violations_of({"a": [0, 1, 2] * 30}, {"a": [0, -3, 2] * 30}, NO_DRIFT)
    assert (found.constraint_check_type, found.expected, found.observed, found.sample_size) == (
        "non_negative_check",
        0,
        -3.0,
        90,
    )
    assert violations_of({"a": [0.0, 1.0]}, {"a": [-0.0, 1.0]}, NO_DRIFT) == []
    assert violations_of({"a": [-1.0, 1.0]}, {"a": [-5.0, 1.0]}, NO_DRIFT) == []
    [found] = violations_of({"a": [0.0, 1.0]}, {"a": [-math.inf, 1.0]}, NO_DRIFT)
    assert json.loads(violations_to_json([found]))["violations"][0]["observed"] == "-Infinity"


def test_categorical_values() -> None:
    before = {"a": ["x", "x", "y", "y"]}
    [found] = violations_of(before, {"a": ["x", "z", "y", "w", "z", "x", "y", "y"]}, NO_DRIFT)
    assert (found.constraint_check_type, found.expected, found.observed, found.threshold, found.sample_size) == (
        "categorical_values_check",
        ["x", "y"],
        0.625,
        1.0,
        8,
    )
    assert found.unexpected == ["z", "w"]
    assert found.description == (
        "Domain requirement is not met. Expected match: 100.0%. Observed: Only 62.5% of 8 values are among the 2 "
        "of the baseline. Not among them: 'z', 'w'."
    )
    assert violations_of(before, {"a": ["x", "x", "y", "z"]}, {**NO_DRIFT, "domain_content_threshold": 0.75}) == []
    assert violations_of(before, {"a": [None, "x"]}, NO_DRIFT, a={"completeness": 0.5}) == []


def test_a_cut_list_of_texts_is_no_proof() -> None:
    many = [f"v{i:04}" for i in range(3000)]
    [found] = violations_of({"a": ["v0000", "v2999"] * 2}, {"a": many}, NO_DRIFT)
    # v2999 is not among the thousand listed, but it may be among the others, once.
    assert found.observed == 2 / 3000


def test_numeric_drift() -> None:
    rng = np.random.default_rng(0)
    before, now = rng.normal(size=2000), rng.normal(1, size=500)
    points = np.concatenate([before, now])
    exact = max(abs(float((before <= x).mean() - (now <= x).mean())) for x in points)
    [robust] = violations_of({"a": before}, {"a": now})
    assert (robust.constraint_check_type, robust.method) == ("baseline_drift_check", "linf_robust")
    assert robust.observed == pytest.approx(exact - 1.8 * math.sqrt(2500 / 1_000_000))
    assert (robust.threshold, robust.sample_size, robust.baseline_sample_size) == (0.1, 500, 2000)
    assert robust.description.startswith(f"Baseline drift distance: {robust.observed} exceeds threshold: 0.1.")
    [simple] = violations_of({"a": before}, {"a": now}, {"distribution_constraints": {"comparison_method": "Simple"}})
    assert simple.method == "linf_simple"
    assert simple.observed == pytest.approx(exact)
    assert violations_of({"a": before}, {"a": now}, {"distribution_constraints": {"comparison_threshold": 0.9}}) == []
    assert violations_of({"a": before}, {"a": now}, NO_DRIFT) == []


def test_categorical_drift() -> None:
    before, now = {"a": ["x"] * 5000 + ["y"] * 5000}, {"a": ["x"] * 8000 + ["y"] * 2000}
    [robust] = violations_of(before, now)
    assert robust.observed == pytest.approx(0.3 - 1.8 * math.sqrt(20_000 / 100_000_000))
    simple: dict[str, Any] = {"comparison_method": "Simple", "categorical_comparison_threshold": 0.29}
    [found] = violations_of(before, now, {"distribution_constraints": simple})
    assert (found.method, found.threshold) == ("linf_simple", 0.29)
    assert found.observed == pytest.approx(0.3)
    simple["categorical_comparison_threshold"] = 0.31
    assert violations_of(before, now, {"distribution_constraints": simple}) == []


def test_chi_squared_drift() -> None:
    config = {"distribution_constraints": {"categorical_drift_method": "ChiSquared", "comparison_threshold": 0.05}}
    before = {"a": ["x"] * 500 + ["y"] * 500}
    [found] = violations_of(before, {"a": ["x"] * 60 + ["y"] * 40}, config)
    assert found.method == "chi_squared"
    assert found.observed == pytest.approx(0.04550026389635857)
    assert (found.threshold, found.sample_size, found.baseline_sample_size) == (0.05, 100, 1000)
    assert violations_of(before, {"a": ["x"] * 59 + ["y"] * 41}, config) == []
    # Too few for any test: nothing is claimed.
    assert violations_of(before, {"a": ["x"] * 3}, config) == []


def test_many_tests_are_adjusted_together() -> None:
    before: dict[str, Any] = {f"f{i}": ["x"] * 500 + ["y"] * 500 for i in range(20)}
    now = {f"f{i}": ["x"] * (60 if i else 75) + ["y"] * (40 if i else 25) for i in range(20)}
    for i in range(2, 20):
        now[f"f{i}"] = ["x"] * 52 + ["y"] * 48
    drift: dict[str, Any] = {"categorical_drift_method": "ChiSquared", "comparison_threshold": 0.05}
    found = violations_of(before, now, {"distribution_constraints": drift})
    assert [violation.feature_name for violation in found] == ["f0", "f1"]
    for correction in ("Holm", "BenjaminiHochberg"):
        [first] = violations_of(before, now, {"distribution_constraints": {**drift, "correction": correction}})
        assert first.feature_name == "f0"
        assert found[0].observed is not None
        assert first.observed == pytest.approx(20 * found[0].observed)
        assert "before it was adjusted for 20 tests" in first.description


def test_violations_tell_how_sure_they_are() -> None:
    before: dict[str, Any] = {"a": [1, 2, None] * 100, "b": ["x", "y"] * 150}
    now: dict[str, Any] = {"a": [9, None, None] * 10, "b": ["x", "z", "z"] * 10}
    found = violations_of(before, now)
    assert {violation.constraint_check_type for violation in found} == {
        "completeness_check",
        "baseline_drift_check",
        "categorical_values_check",
    }
    for violation in found:
        assert violation.interval is not None
        assert violation.observed is not None
        low, high = violation.interval
        assert low <= violation.observed <= high
        assert (low, high) != (0, 1)


def test_disabled_constraints_are_passed_over() -> None:
    before: dict[str, Any] = {"a": [1, 2] * 50, "b": ["x", "x"] * 50, "c": [1.0, 2.0] * 50}
    now: dict[str, Any] = {"a": [-9, None] * 50, "b": ["z", "5"] * 50, "d": [1] * 100}
    kinds = [violation.constraint_check_type for violation in violations_of(before, now)]
    assert kinds == [
        "missing_column_check",
        "extra_column_check",
        "completeness_check",
        "non_negative_check",
        "baseline_drift_check",
        "categorical_values_check",
        "baseline_drift_check",
    ]
    off = {"monitoring_config_overrides": {"evaluate_constraints": "Disabled"}}
    assert [violation.feature_name for violation in violations_of(before, now, a=off, c=off)] == ["d", "b", "b"]
    assert violations_of(before, now, {"evaluate_constraints": "Disabled"}) == []
    on = {"string_constraints": {"domains": ["x"], "monitoring_config_overrides": {"evaluate_constraints": "Enabled"}}}
    found = violations_of(before, now, {"evaluate_constraints": "Disabled"}, b=on)
    assert [violation.feature_name for violation in found] == ["b", "b"]


def test_a_feature_may_have_thresholds_of_its_own() -> None:
    before, now = {"a": [0.0] * 100, "b": [0.0] * 100}, {"a": [1.0] * 100, "b": [1.0] * 100}
    loose = {"monitoringConfigOverrides": {"distribution_constraints": {"comparison_threshold": 1.0}}}
    assert [violation.feature_name for violation in violations_of(before, now, b=loose)] == ["a"]


def test_a_baseline_without_the_feature_or_its_sketch_has_no_drift() -> None:
    baseline, current = describe(pl.DataFrame({"a": [1.0] * 50})), describe(pl.DataFrame({"a": [9.0] * 50}))
    constraints = suggest_constraints(baseline)
    document = json.loads(baseline.to_json())
    del document["features"][0]["numerical_statistics"]["distribution"]
    assert find_violations(current, parse_statistics(json.dumps(document)), constraints) == []
    assert find_violations(current, describe(pl.DataFrame({"b": [1]})), constraints) == []


def test_an_empty_run_breaks_nothing_but_columns() -> None:
    before = {"a": [1, 2], "b": ["x", "x"]}
    empty = {"a": pl.Series([], dtype=pl.Int64), "b": pl.Series([], dtype=pl.String)}
    assert violations_of(before, empty) == []
    assert [found.feature_name for found in violations_of(before, {"a": empty["a"]})] == ["b"]


columns = st.lists(
    st.one_of(st.none(), st.integers(-3, 3).map(str), st.sampled_from(["a", "b", "", "1.5", "nan", "inf", "-inf"])),
    min_size=1,
    max_size=20,
)


@given(values=columns, method=st.sampled_from(["Simple", "Robust"]), drift=st.sampled_from(["LInfinity", "ChiSquared"]))
@settings(max_examples=150, deadline=None)
def test_a_baseline_satisfies_itself(values: list[str | None], method: str, drift: str) -> None:
    frame = {"a": pl.Series(values, dtype=pl.String)}
    config = {"distribution_constraints": {"comparison_method": method, "categorical_drift_method": drift}}
    assert violations_of(frame, frame, config) == []


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer, load_diabetes])
def test_halves_of_real_data_rarely_differ(load: Any) -> None:
    data = load()
    order = np.random.default_rng(0).permutation(len(data.data))
    frame = pl.DataFrame(data.data[order], schema=[str(name) for name in data.feature_names])
    half = len(order) // 2
    found = violations_of(frame.head(half).to_dict(), frame.tail(half).to_dict())
    assert found == []
    shifted = frame.tail(half).with_columns(pl.first() + pl.first().std() * 3)
    found = violations_of(frame.head(half).to_dict(), shifted.to_dict())
    assert {violation.feature_name for violation in found} == {frame.columns[0]}
