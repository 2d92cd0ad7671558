"""Model quality: states that merge, missing values, labels, resampling, curves, constraints, the files' format."""

import json
import math
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitors.analysis import ColumnsError, DocumentError
from monitors.analysis.quality import (
    QualityConfig,
    QualityState,
    QualityStatistics,
    find_quality_violations,
    parse_quality_constraints,
    parse_quality_statistics,
    quality_statistics,
    quality_violations_to_json,
    scores,
    suggest_quality_constraints,
)
from monitors.analysis.quality.curves import area_under, bounded


def schema(name: str) -> Any:
    return json.loads(Path(f"docs/reference/schemas/{name}_quality.schema.json").read_text(encoding="utf-8"))


STATISTICS, CONSTRAINTS, VIOLATIONS = (schema(n) for n in ("statistics", "constraints", "constraint_violations"))
BINARY = QualityConfig("BinaryClassification", "y", probability="p")


def predicted(rows: int = 1_000, seed: int = 0, gain: float = 1.0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    chance = rng.random(rows)
    truth = rng.random(rows) < 0.5 + gain * (chance - 0.5)
    return pl.DataFrame({"y": truth.astype(int), "p": chance, "team": rng.choice(["a", "b"], rows)})


def values(statistics: QualityStatistics) -> dict[str, float]:
    return {name: metric.value for name, metric in statistics.metrics.items()}


def valid(statistics: QualityStatistics) -> Any:
    document = json.loads(statistics.to_json())
    jsonschema.validate(document, STATISTICS)
    assert parse_quality_statistics(statistics.to_json()).to_json() == statistics.to_json()
    return document


def test_rows_without_truth_or_prediction_are_left_out_and_counted() -> None:
    frame = pl.DataFrame({"y": ["1", "0", None, " ", "1"], "said": ["1.0", "0", "1", "0", None]})
    statistics = quality_statistics(frame, QualityConfig("BinaryClassification", "y", prediction="said"))
    dataset = valid(statistics)["dataset"]
    assert dataset == {"item_count": 5, "missing_labels": 2, "missing_predictions": 1}
    assert (statistics.measured, statistics.metrics["accuracy"].value) == (2, 1.0)
    many = quality_statistics(frame, QualityConfig("MulticlassClassification", "y", prediction="said"))
    assert valid(many)["dataset"] == dataset
    numbers = pl.DataFrame({"y": [1.0, math.nan, 2.0, None], "said": ["1", "2", "", "3"]})
    assert valid(quality_statistics(numbers, QualityConfig("Regression", "y", prediction="said")))["dataset"] == {
        "item_count": 4,
        "missing_labels": 2,
        "missing_predictions": 1,
    }


@pytest.mark.parametrize(
    ("truth", "said", "options"),
    [
        ([True, False, True], [1, 0, 0], {}),
        ([1, 0, 1], [1.0, 0.0, 0.0], {}),
        (["True", "false", "TRUE"], ["1", "0.0", "0"], {}),
        (["yes", "no", "yes"], ["1", "0", "0"], {"labels": {"yes": "1", "no": "0"}}),
        (["yes", "no", "yes"], ["yes", "maybe", "no"], {"positive": "yes"}),
        (["good", "no", "good"], ["ja", "nein", "nein"], {"labels": {"good": "yes", "ja": "yes"}, "positive": "yes"}),
    ],
)
def test_labels_are_read_in_any_dress(truth: list[Any], said: list[Any], options: dict[str, Any]) -> None:
    frame = pl.DataFrame({"y": truth, "said": said})
    statistics = quality_statistics(frame, QualityConfig("BinaryClassification", "y", prediction="said", **options))
    assert valid(statistics)["binary_classification_metrics"]["confusion_matrix"] == {
        "0": {"0": 1, "1": 0},
        "1": {"0": 1, "1": 1},
    }


@pytest.mark.parametrize(
    ("columns", "config", "message"),
    [
        ({"y": ["a", "b"], "p": [0.1, 0.2]}, BINARY, "'a', 'b'"),
        ({"y": [0, 2], "p": [0.1, 0.2]}, BINARY, "'2'"),
        ({"y": [0, 1], "p": [0.1, 1.2]}, BINARY, r"1\.2"),
        ({"y": [0, 1], "p": ["0.1", "high"]}, BINARY, "'high'"),
        ({"y": [0, 1]}, BINARY, "'p'"),
        ({"y": [[1], [2]], "p": [0.1, 0.2]}, BINARY, "classes"),
        (
            {"y": [0, 1], "p": [0.1, 0.2], "w": [1.0, -1.0]},
            QualityConfig("BinaryClassification", "y", probability="p", weight="w"),
            "weights",
        ),
        (
            {"y": [0, 1], "p": [0.1, 0.2], "t": ["x", "y"]},
            QualityConfig("BinaryClassification", "y", probability="p", time="t"),
            "times",
        ),
        (
            {"y": list(range(1_001)), "s": [0] * 1_001},
            QualityConfig("MulticlassClassification", "y", prediction="s"),
            "1,000 classes",
        ),
    ],
)
def test_what_can_not_be_read_is_named(columns: dict[str, Any], config: QualityConfig, message: str) -> None:
    with pytest.raises(ColumnsError, match=message):
        quality_statistics(pl.DataFrame(columns), config)


def test_deviations_are_those_of_eighty_percent_samples() -> None:
    frame = predicted(4_000)
    statistics = quality_statistics(frame, BINARY)
    rng = np.random.default_rng(1)
    drawn: dict[str, list[float]] = {}
    for _ in range(60):
        part = values(quality_statistics(frame[np.sort(rng.permutation(4_000)[:3_200])], BINARY))
        for name in ("accuracy", "auc", "f1", "au_prc"):
            drawn.setdefault(name, []).append(part[name])
    for name, found in drawn.items():
        # Five samples know their spread to a factor: the χ² of 4 degrees at 0.1 % and 99.9 %.
        ratio = statistics.metrics[name].standard_deviation / float(np.std(found))
        assert 0.13 < ratio < 2.2, name
    again = quality_statistics(frame, BINARY)
    assert again.to_json() == statistics.to_json()
    few = quality_statistics(frame.head(199), BINARY)
    assert all(math.isnan(metric.standard_deviation) for metric in few.metrics.values())
    assert valid(few)["binary_classification_metrics"]["auc"]["standard_deviation"] == "NaN"


def test_regression_deviations_and_intervals() -> None:
    rng = np.random.default_rng(4)
    held = dict.fromkeys(("mae", "mse", "rmse", "r2"), 0)
    truth = {"mae": math.sqrt(2 / math.pi), "mse": 1.0, "rmse": 1.0, "r2": 0.8}
    config = QualityConfig("Regression", "y", prediction="said")
    for _ in range(150):
        said = rng.normal(0, 2, 1_000)
        statistics = quality_statistics(pl.DataFrame({"y": said + rng.normal(0, 1, 1_000), "said": said}), config)
        for name in held:
            metric = statistics.metrics[name]
            assert metric.interval is not None
            held[name] += metric.interval.lower <= truth[name] <= metric.interval.upper
            assert 0 < metric.standard_deviation < 0.1
    # 142.5 expected, with a standard deviation of 2.7.
    assert all(132 <= count <= 150 for count in held.values()), held


def test_the_auc_s_interval_holds_the_truth() -> None:
    held = 0
    for seed in range(150):
        statistics = quality_statistics(predicted(500, seed), BINARY)
        interval = statistics.metrics["auc"].interval
        assert interval is not None
        held += interval.lower <= 5 / 6 <= interval.upper  # ∫∫ over p of a calibrated uniform score
    assert 132 <= held <= 150


@given(steps=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=300), most=st.integers(3, 60))
def test_a_bounded_curve_has_the_same_area(steps: list[tuple[float, float]], most: int) -> None:
    x, y = (np.concatenate([[0.0], np.cumsum(column)]) for column in np.array(steps).T)
    for heights in (y, np.array([0.5, *(step[1] for step in steps)])):
        xs, ys = bounded(x, heights, most)
        assert len(xs) <= max(most, 4)
        assert (xs[0], ys[0], xs[-1], ys[-1]) == (x[0], heights[0], x[-1], heights[-1])
        assert (np.diff(xs) >= -1e-12).all()
        assert ys.min() >= heights.min() - 1e-9
        assert ys.max() <= heights.max() + 1e-9
        assert area_under(xs, ys) == pytest.approx(area_under(x, heights), rel=1e-9, abs=1e-9)
    assert (np.diff(bounded(x, y, most)[1]) >= -1e-9).all(), "a rising curve still rises"


def test_curves_of_many_points_are_bounded_and_keep_the_auc() -> None:
    statistics = quality_statistics(predicted(20_000), BINARY)
    section = valid(statistics)["binary_classification_metrics"]
    roc = section["receiver_operating_characteristic_curve"]
    assert len(roc["true_positive_rates"]) <= 200
    area = area_under(np.array(roc["false_positive_rates"]), np.array(roc["true_positive_rates"]))
    assert area == pytest.approx(statistics.metrics["auc"].value, abs=1e-12)
    prc = section["precision_recall_curve"]
    area = area_under(np.array(prc["recalls"]), np.array(prc["precisions"]))
    assert area == pytest.approx(statistics.metrics["au_prc"].value, abs=1e-12)


def test_too_many_probabilities_are_rounded_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = predicted(30_000)
    exact = quality_statistics(frame, BINARY)
    monkeypatch.setattr(scores, "MOST_SCORES", 1_000)
    monkeypatch.setattr(scores, "GRID", 1 << 8)
    state = QualityState(BINARY)
    for part in frame.iter_slices(4_000):
        state.update(part)
    rounded = quality_statistics(state)
    assert len(state.whole.scores.scores) <= 257
    assert "probabilities_rounded_to" in valid(rounded)["binary_classification_metrics"]
    assert "probabilities_rounded_to" not in exact.document["binary_classification_metrics"]
    assert rounded.metrics["auc"].value == pytest.approx(exact.metrics["auc"].value, abs=1e-3)
    assert rounded.metrics["log_loss"].value == pytest.approx(exact.metrics["log_loss"].value, rel=1e-12)


CLASSES = st.one_of(st.none(), st.sampled_from(["0", "1", "1.0", "", " 0 "]))
CHANCES = st.one_of(st.none(), st.sampled_from([0.0, -0.0, 1.0, 0.5, math.nan, 1e-300]), st.floats(0, 1))
REALS = st.one_of(st.none(), st.sampled_from([0.0, -0.0, 2.0**53 + 1, math.nan, 1e300]), st.floats(-1e6, 1e6))
NAMES = st.one_of(st.none(), st.sampled_from(["", "ü 東", "a", "\u200b"]))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(st.tuples(CLASSES, CLASSES, CHANCES, REALS, REALS, NAMES), max_size=25),
    cut=st.integers(0, 25),
    problem=st.sampled_from(["Regression", "BinaryClassification", "MulticlassClassification"]),
)
def test_parts_merge_to_the_whole_and_files_are_of_their_schemas(rows: list[Any], cut: int, problem: Any) -> None:
    kinds = {
        "y": pl.String,
        "said": pl.String,
        "p": pl.Float64,
        "real": pl.Float64,
        "guess": pl.Float64,
        "where": pl.String,
    }
    frame = pl.DataFrame(rows, schema=kinds, orient="row")
    names = ("real", "guess", None) if problem == "Regression" else ("y", "said", "p")
    config = QualityConfig(
        *(problem, names[0], names[1], None if problem == "MulticlassClassification" else names[2]), segments=("where",)
    )
    whole = quality_statistics(frame, config)
    document = valid(whole)
    left, right = QualityState(config), QualityState(config, part=1)
    left.update(frame.head(cut))
    right.update(frame.slice(cut))
    left.merge(right)
    merged = quality_statistics(left)
    assert merged.document["dataset"] == document["dataset"]
    for name, value in values(whole).items():
        if problem == "Regression":
            assert values(merged)[name] == pytest.approx(value, rel=1e-9, nan_ok=True) or name == "r2"
        else:
            assert values(merged)[name] == pytest.approx(value, rel=1e-12, abs=1e-15, nan_ok=True)
    assert sum(part["item_count"] for part in document["segments"]["where"]) == frame.height


def test_segments_and_time_buckets_are_those_rows_alone() -> None:
    begin = datetime(2026, 7, 1)
    frame = predicted(600).with_columns(at=pl.Series([begin + timedelta(hours=i) for i in range(600)]))
    config = QualityConfig("BinaryClassification", "y", probability="p", segments=("team",), time="at", every="1w")
    document = valid(quality_statistics(frame, config))
    for part in document["segments"]["team"]:
        alone = values(quality_statistics(frame.filter(pl.col("team") == part["value"]), BINARY))
        assert {name: metric["value"] for name, metric in part["metrics"].items()} == {
            n: alone[n] for n in part["metrics"]
        }
    buckets = document["performance_over_time"]["buckets"]
    assert [bucket["start_time"] for bucket in buckets] == [
        f"2026-{day}T00:00:00Z" for day in ("06-29", "07-06", "07-13", "07-20")
    ]
    assert sum(bucket["item_count"] for bucket in buckets) == 600
    texts = frame.with_columns(pl.col("at").dt.to_string("iso:strict"))
    assert valid(quality_statistics(texts, config)) == document


def test_a_model_that_got_worse_violates_its_constraints() -> None:
    baseline = quality_statistics(predicted(2_000), BINARY)
    constraints = suggest_quality_constraints(baseline)
    jsonschema.validate(json.loads(constraints.to_json()), CONSTRAINTS)
    assert parse_quality_constraints(constraints.to_json()) == constraints
    assert {name for name, c in constraints.metrics.items() if c.comparison_operator == "GreaterThanThreshold"} == {
        "false_positive_rate",
        "false_negative_rate",
    }
    assert not any("constant" in name or name == "log_loss" for name in constraints.metrics)
    assert find_quality_violations(baseline, constraints) == []
    found = find_quality_violations(quality_statistics(predicted(2_000, 1, gain=0.2), BINARY), constraints)
    assert {violation.metric_name for violation in found} == set(constraints.metrics)
    document = json.loads(quality_violations_to_json(found))
    jsonschema.validate(document, VIOLATIONS)
    auc = next(item for item in document["violations"] if item["metric_name"] == "auc")
    assert auc["description"] == f"Metric auc with {auc['observed']} was LessThanThreshold {auc['threshold']}"
    assert auc["interval"]["method"] == "delong"


def test_constraints_by_hand_may_name_any_metric() -> None:
    section = {"log_loss": {"threshold": "0.1", "comparison_operator": "GreaterThanThreshold"}}
    given_constraints = json.dumps({"version": 0.0, "binary_classification_constraints": section})
    statistics = quality_statistics(predicted(), BINARY)
    (violation,) = find_quality_violations(statistics, parse_quality_constraints(given_constraints))
    assert violation.metric_name == "log_loss"


@pytest.mark.parametrize(
    "document",
    [
        "{}",
        '{"regression_constraints": []}',
        '{"regression_constraints": {"mae": 1}}',
        '{"regression_constraints": {"mae": {"threshold": 1, "comparison_operator": "Equal"}}}',
    ],
)
def test_wrong_constraints_are_refused(document: str) -> None:
    with pytest.raises(DocumentError):
        parse_quality_constraints(document)


def test_metrics_that_do_not_exist_are_not_violated() -> None:
    baseline = suggest_quality_constraints(quality_statistics(predicted(), BINARY))
    one_class = quality_statistics(predicted().with_columns(y=1), BINARY)
    assert math.isnan(one_class.metrics["auc"].value)
    assert "auc" not in {violation.metric_name for violation in find_quality_violations(one_class, baseline)}
    valid(one_class)
    empty = quality_statistics(predicted().clear(), BINARY)
    valid(empty)
    with pytest.raises(DocumentError, match="label and a prediction"):
        suggest_quality_constraints(empty)
    regression = quality_statistics(
        pl.DataFrame({"y": [1.0], "s": [2.0]}), QualityConfig("Regression", "y", prediction="s")
    )
    with pytest.raises(DocumentError, match="constraints of binary"):
        find_quality_violations(regression, baseline)


def test_a_regression_of_one_row_has_no_r2() -> None:
    statistics = quality_statistics(
        pl.DataFrame({"y": [1.0], "s": [2.0]}), QualityConfig("Regression", "y", prediction="s")
    )
    assert math.isnan(statistics.metrics["r2"].value)
    assert statistics.metrics["mae"].value == 1.0
    assert "r2" not in suggest_quality_constraints(statistics).metrics


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"problem": "Ranking"}, "Ranking"),
        ({"prediction": None}, "predictions"),
        ({"prediction": None, "probability": "p", "problem": "Regression"}, "no probabilities"),
        ({"probability_threshold": 2.0}, "threshold"),
        ({"bins": 0}, "bin"),
    ],
)
def test_a_wrong_configuration_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        QualityConfig(**{"problem": "BinaryClassification", "label": "y", "prediction": "said", **options})


def test_anything_of_arrow_s_is_a_frame() -> None:
    class Batch:
        """What a record batch of any library is to us: its stream."""

        def __init__(self, frame: pl.DataFrame) -> None:
            self.frame = frame

        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return self.frame.__arrow_c_stream__(requested_schema)

    assert quality_statistics(Batch(predicted()), BINARY).to_json() == quality_statistics(predicted(), BINARY).to_json()
    with pytest.raises(ColumnsError, match="no frame"):
        quality_statistics([1, 2], BINARY)
