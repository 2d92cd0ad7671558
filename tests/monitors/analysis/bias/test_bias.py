"""Bias: counts that merge, groups, thresholds, missing values, the file's format, intervals."""

import json
import math
import random
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitors.analysis import ColumnsError, DocumentError
from monitors.analysis.bias import (
    METRICS,
    NAMES,
    BiasConfig,
    BiasReport,
    Facet,
    MetricValue,
    analysis_document,
    analysis_to_json,
    bias_counts,
    bias_report,
    config_document,
    counts,
    parse_analysis,
    read_config,
)

SCHEMA = json.loads(Path("docs/reference/schemas/analysis_bias.schema.json").read_text(encoding="utf-8"))

# Of 10 men 6 are hired and 8 said to be; of 5 women 1 and 1.
LABELS = [1] * 6 + [0] * 4 + [1] + [0] * 4
PREDICTIONS = [1] * 8 + [0] * 2 + [0] + [1] + [0] * 3
SEX = ["m"] * 10 + ["f"] * 5
BY_SEX = BiasConfig("y", (1,), (Facet("sex", ("f",)),), predicted_label="said", excluded=("sex", "y"))


def hired() -> pl.DataFrame:
    return pl.DataFrame({"y": LABELS, "said": PREDICTIONS, "sex": SEX})


def metrics(report: BiasReport, facet: str, group: int = 0) -> dict[str, MetricValue]:
    return {m.name: m for stage in report.stages.values() for m in stage[facet][group].metrics}


def values(report: BiasReport, facet: str = "sex", group: int = 0) -> dict[str, float | None]:
    return {name: metric.value for name, metric in metrics(report, facet, group).items()}


def test_the_metrics_of_a_table_counted_by_hand() -> None:
    expected = {
        "CI": 5 / 15,
        "DPL": 0.6 - 0.2,
        "KL": 0.4 * math.log(0.4 / 0.8) + 0.6 * math.log(0.6 / 0.2),
        "TVD": 0.4,
        "KS": 0.4,
        "LP": math.sqrt(2 * 0.4**2),
        "DPPL": 0.8 - 0.2,
        "DI": 0.2 / 0.8,
        "DCA": 6 / 8 - 1 / 1,
        "DCR": 4 / 4 - 4 / 2,
        "RD": 6 / 6 - 0 / 1,
        "SD": 3 / 4 - 2 / 4,
        "DAR": 6 / 8 - 0 / 1,
        "DRR": 3 / 4 - 2 / 2,
        "AD": 8 / 10 - 3 / 5,
        "TE": 1 / 1 - 0 / 2,
    }
    found = values(bias_report(hired(), BY_SEX))
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-15), name
    benefits = np.array(PREDICTIONS) - np.array(LABELS) + 1
    assert found["GE"] == pytest.approx(float((np.square(benefits / benefits.mean()) - 1).mean() / 2), abs=1e-15)
    assert found["CDDL"] is None
    assert set(found) == {*NAMES["pre_training"], *NAMES["post_training"]}


def test_conditional_disparity_is_the_strata_s_weighted_mean() -> None:
    frame = hired().with_columns(pl.Series("team", ["a", "b", None] * 5))
    config = BiasConfig("y", (1,), (Facet("sex", ("f",)),), group_variable="team", pre_training=("CDDL",))
    expected = 0.0
    for stratum in ("a", "b", None):
        rows = [(y, s) for y, s, team in zip(LABELS, SEX, frame["team"], strict=True) if team == stratum]
        rejected, accepted = [s for y, s in rows if not y], [s for y, s in rows if y]
        share = [part.count("f") / len(part) if part else 0 for part in (rejected, accepted)]
        expected += len(rows) / 15 * (share[0] - share[1])
    assert values(bias_report(frame, config))["CDDL"] == pytest.approx(expected, abs=1e-15)


def test_ratios_without_a_denominator() -> None:
    frame = pl.DataFrame({"y": [1, 0, 1, 0], "said": [0, 0, 1, 1], "sex": ["m", "m", "f", "f"]})
    found = values(bias_report(frame, BY_SEX))
    assert (found["DI"], found["DCA"], found["TE"]) == (math.inf, math.inf, -math.inf)
    document = analysis_document(bias_report(frame, BY_SEX))
    written = {m["name"]: m["value"] for m in document["post_training_bias_metrics"]["facets"]["sex"][0]["metrics"]}
    assert (written["DI"], written["TE"]) == ("Infinity", "-Infinity")
    jsonschema.validate(json.loads(analysis_to_json(bias_report(frame, BY_SEX))), SCHEMA)


def test_groups_that_are_empty_or_everything_say_so() -> None:
    nobody = metrics(bias_report(hired(), BiasConfig("y", (1,), (Facet("sex", ("x",)),))), "sex")
    assert all(
        metric.value is None and "empty" in (metric.error or "") for name, metric in nobody.items() if name != "CDDL"
    )
    everybody = metrics(bias_report(hired(), BiasConfig("y", (1,), (Facet("sex", ("f", "m")),))), "sex")
    assert "nothing to compare" in (everybody["CI"].error or "")
    one_class = metrics(
        bias_report(hired().with_columns(y=1), BiasConfig("y", (1,), (Facet("sex", ("f",)),), group_variable="sex")),
        "sex",
    )
    assert one_class["DPL"].value == 0.0
    assert "All labels are positive" in (one_class["CDDL"].error or "")
    wrong = hired().with_columns(y=1, said=0)
    assert "false negative" in (metrics(bias_report(wrong, BY_SEX), "sex")["GE"].error or "")


def test_missing_values_are_left_out_and_counted() -> None:
    frame = pl.concat(
        [
            hired(),
            pl.DataFrame(
                {"y": [None, 1, 1], "said": [1, None, 1], "sex": ["f", "f", None]},
                schema={"y": pl.Int64, "said": pl.Int64, "sex": pl.String},
            ),
        ]
    )
    before, now = values(bias_report(hired(), BY_SEX)), values(bias_report(frame, BY_SEX))
    both = [name for name, metric in METRICS.items() if metric.needs == "both"]
    assert {name: now[name] for name in both} == {name: before[name] for name in both}
    report = bias_report(frame, BY_SEX)
    assert now["DPL"] == pytest.approx(6 / 10 - 2 / 6)
    assert now["DPPL"] == pytest.approx(8 / 10 - 2 / 6)
    group = report.stages["pre_training"]["sex"][0]
    assert (group.rows, group.others, group.missing, group.small) == (6, 10, 2, True)


def test_every_value_is_a_group_without_values_given() -> None:
    config = BiasConfig("y", (1,), (Facet("team"),))
    groups = bias_report(hired().with_columns(team=pl.Series([2, 10, 1] * 5)), config).stages["pre_training"]["team"]
    assert [group.text for group in groups] == ["1", "2", "10"]


@pytest.mark.parametrize("kind", ["Int64", "Float64", "String"])
def test_thresholds_make_intervals(kind: str) -> None:
    ages = pl.Series("age", [20, 30, 30, 40, 50, 60] * 10).cast(getattr(pl, kind))
    frame = pl.DataFrame({"y": [0, 1, 1, 0, 1, 0] * 10, "age": ages})
    facet = Facet("age", (50, 30), "continuous")
    groups = bias_report(frame, BiasConfig("y", (1,), (facet,))).stages["pre_training"]["age"]
    expected = ["(30.0, 50.0]", "(50.0, 60.0]"] if kind == "Float64" else ["(30, 50]", "(50, 60]"]
    assert [(group.text, group.rows) for group in groups] == [(expected[0], 20), (expected[1], 10)]


def test_few_integers_keep_their_meaning_whatever_the_number_of_rows() -> None:
    for times in (1, 100):
        frame = pl.DataFrame({"y": [0, 1, 1, 0] * times, "sex": [0, 0, 1, 0] * times})
        group = bias_report(frame, BiasConfig("y", (1,), (Facet("sex", (0,)),))).stages["pre_training"]["sex"][0]
        assert (group.text, group.rows) == ("0", 3 * times)


def test_labels_above_a_threshold_and_probabilities() -> None:
    frame = hired().with_columns(
        income=pl.Series([50.0 if y else 10.0 for y in LABELS]), p=pl.Series([0.9 if p else 0.4 for p in PREDICTIONS])
    )
    facets = (Facet("sex", ("f",)),)
    by_income = BiasConfig("income", (30,), facets, probability="p", probability_threshold=0.4)
    report = bias_report(frame, by_income)
    assert report.label_text == "(30.0, 50.0]"
    expected, found = values(bias_report(hired(), BY_SEX)), values(report)
    assert {name: found[name] for name in METRICS} == {name: expected[name] for name in METRICS}
    with pytest.raises(ColumnsError, match="from 0 to 1"):
        bias_report(frame, BiasConfig("y", (1,), facets, probability="income"))


def test_a_facet_of_too_many_values_is_counted_by_its_thresholds(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    frame = pl.DataFrame(
        {
            "y": rng.integers(0, 2, 6_000),
            "said": rng.random(6_000),
            "age": rng.integers(0, 5_000, 6_000),
            "sex": rng.choice(["f", "m"], 6_000),
        }
    )
    config = BiasConfig(
        "y",
        (1,),
        (Facet("age", (40,)), Facet("sex")),
        probability="said",
        group_variable="sex",
        post_training=("DI", "RD"),
    )
    plain = analysis_document(bias_report(frame, config))
    monkeypatch.setattr(counts, "MOST_CELLS", 500)
    split = bias_counts(config)
    for part in frame.iter_slices(400):
        split.update(part)
    assert split.tables["age"].height < 20
    assert analysis_document(bias_report(split)) == plain
    # The first part has few ages and is counted by value; what comes later is not.
    first, rest = bias_counts(config), bias_counts(config)
    first.update(frame.head(100))
    rest.update(frame.tail(5_900))
    first.merge(rest)
    assert analysis_document(bias_report(first)) == plain


CELLS = st.one_of(st.none(), st.sampled_from(["", "a", "ü 東", "1", "nan", " "]))
NUMBERS = st.one_of(st.none(), st.sampled_from([0.0, -0.0, 1.0, 2.0**53 + 1, math.inf, -math.inf, math.nan]))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(st.tuples(st.sampled_from([0, 1, None]), NUMBERS, CELLS, CELLS, NUMBERS), max_size=30),
    cut=st.integers(0, 30),
    replicates=st.sampled_from([0, 20]),
)
def test_parts_merge_to_the_whole_and_the_file_is_of_its_schema(rows: list[Any], cut: int, replicates: int) -> None:
    schema = {"y": pl.Int64, "said": pl.Float64, "where": pl.String, "group": pl.String, "amount": pl.Float64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    facets = (Facet("where"), Facet("amount", (0,)))
    config = BiasConfig("y", (1,), facets, predicted_label="said", group_variable="group", label_kind="categorical")
    whole = bias_report(frame, config, replicates=replicates)
    left, right = bias_counts(config), bias_counts(config, part=1)
    left.update(frame.head(cut))
    right.update(frame.slice(cut))
    left.merge(right)
    document = json.loads(analysis_to_json(whole))
    assert analysis_document(bias_report(left, replicates=replicates)) == analysis_document(whole)
    jsonschema.validate(document, SCHEMA)
    again = parse_analysis(analysis_to_json(whole))
    assert analysis_document(again) == analysis_document(whole)


def test_bootstrap_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(11)
    held = 0
    for round_ in range(200):
        sex = rng.random(400) < 0.4
        y = rng.random(400) < np.where(sex, 0.3, 0.5)
        frame = pl.DataFrame({"y": y.astype(int), "sex": np.where(sex, "f", "m")})
        config = BiasConfig("y", (1,), (Facet("sex", ("f",)),), pre_training=("DPL",), seed=round_)
        interval = metrics(bias_report(frame, config, replicates=300), "sex")["DPL"].interval
        assert interval is not None
        held += interval.lower <= 0.2 <= interval.upper
    # 190 expected; 200 rounds of 95 % have a standard deviation of 3.1.
    assert 178 <= held <= 199


def test_the_bootstrap_is_seeded() -> None:
    config = BiasConfig("y", (1,), (Facet("sex", ("f",)),), seed=3)
    first, again = (bias_report(hired(), config, replicates=50) for _ in range(2))
    assert first == again
    other = BiasConfig("y", (1,), (Facet("sex", ("f",)),), seed=4)
    assert bias_report(hired(), other, replicates=50) != first


def test_the_flip_test_samples_rows_beyond_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    from monitors.analysis.bias import report

    monkeypatch.setattr(report, "FLIP_ROWS", 500)
    rng = np.random.default_rng(2)
    n = 4_000
    x = rng.normal(size=n)
    sex = rng.random(n) < 0.5
    frame = pl.DataFrame(
        {
            "x": x,
            "sex": np.where(sex, "f", "m"),
            "y": (x > 0).astype(int),
            "said": (x > np.where(sex, 0.5, 0.0)).astype(int),
        }
    )
    # Women between 0 and 0.5 are refused, men are not: P(0 < x < 0.5) = 0.19 flips from negative to positive.
    value = values(bias_report(frame, BY_SEX.__class__("y", (1,), (Facet("sex", ("f",)),), predicted_label="said")))[
        "FT"
    ]
    assert value == pytest.approx(-0.19, abs=0.06)


def test_flip_test_says_why_it_can_not_be_measured() -> None:
    with_text = hired().with_columns(city=pl.lit("Oslo"))
    assert "'city' is not numeric" in (metrics(bias_report(with_text, BY_SEX), "sex")["FT"].error or "")
    with_null = hired().with_columns(x=pl.lit(None, dtype=pl.Float64))
    assert "missing" in (metrics(bias_report(with_null, BY_SEX), "sex")["FT"].error or "")


def test_clarify_s_configuration_is_read() -> None:
    document = {
        "headers": ["y", "sex", "age", "said"],
        "label": "y",
        "label_values_or_threshold": [1],
        "facet": [
            {"name_or_index": 1, "value_or_threshold": ["f"]},
            {"name_or_index": "age", "value_or_threshold": 40},
        ],
        "group_variable": 1,
        "predicted_label": 3,
        "methods": {"pre_training_bias": {"methods": ["CI", "DPL"]}, "shap": {}},
    }
    config = read_config(document)
    assert config.facets == (Facet("sex", ("f",)), Facet("age", (40,)))
    assert (config.predicted_label, config.group_variable) == ("said", "sex")
    assert (config.pre_training, config.post_training) == (("CI", "DPL"), ())
    assert read_config(config_document(config)) == config


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"facet": []}, "no facet"),
        ({"facet": [{"value": 1}]}, "name_or_index"),
        ({"label": None}, "label"),
        ({"label": 7}, "column 7"),
        ({"label_values_or_threshold": []}, "label_values_or_threshold"),
        ({"probability_threshold": 2}, "probability_threshold"),
        ({"facet": [{"name_or_index": "sex"}, {"name_or_index": "sex"}]}, "twice"),
        ({"methods": {"pre_training_bias": {"methods": "some"}}}, "methods"),
    ],
)
def test_a_wrong_configuration_is_named(change: dict[str, Any], message: str) -> None:
    document = {"label": "y", "label_values_or_threshold": [1], "facet": [{"name_or_index": "sex"}], **change}
    with pytest.raises(DocumentError, match=message):
        read_config(document)


def test_what_does_not_fit_the_data_is_refused() -> None:
    frame = hired()
    with pytest.raises(ColumnsError, match="'age'"):
        bias_report(frame, BiasConfig("y", (1,), (Facet("age"),)))
    with pytest.raises(DocumentError, match="threshold"):
        bias_report(frame.with_columns(x=pl.Series([i / 7 for i in range(15)])), BiasConfig("y", (1,), (Facet("x"),)))
    with pytest.raises(DocumentError, match="'high'"):
        bias_report(frame, BiasConfig("y", ("high",), (Facet("sex"),)))
    with pytest.raises(DocumentError, match="XY"):
        bias_report(frame, BiasConfig("y", (1,), (Facet("sex"),), pre_training=("XY",)))
    with pytest.raises(ColumnsError, match="flat"):
        bias_report(frame.with_columns(x=pl.lit([1])), BiasConfig("y", (1,), (Facet("x"),)))
    with pytest.raises(DocumentError, match="neither"):
        parse_analysis(b'{"version": "1.0"}')


def test_any_number_of_parts_in_any_order_gives_the_same(tmp_path: Path) -> None:
    rng = random.Random(3)
    frame = pl.concat([hired()] * 20)
    rows = list(range(frame.height))
    rng.shuffle(rows)
    state = bias_counts(BiasConfig("y", (1,), (Facet("sex"),), predicted_label="said", post_training=("DI", "GE")))
    for begin in range(0, len(rows), 7):
        part = bias_counts(state.config)
        part.update(frame[rows[begin : begin + 7]])
        state.merge(part)
    assert analysis_document(bias_report(state)) == analysis_document(bias_report(frame, state.config))
