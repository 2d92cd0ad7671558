"""Reports and their drift: what is asked, baselines, aggregation, files, and odd data."""

import io
import json
import math
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from monitors.analysis import ColumnsError, DocumentError, ModelError
from monitors.analysis.attribution import (
    AttributionConfig,
    AttributionReport,
    LabelAttribution,
    attribution_config_document,
    attribution_document,
    attribution_report,
    attribution_to_json,
    attribution_violations,
    attribution_violations_to_json,
    find_attribution_drift,
    local_frame,
    local_to_csv,
    local_to_parquet,
    ndcg,
    parse_attribution,
    read_attribution_config,
    settled,
)
from monitors.analysis.attribution.aggregation import aggregated, resampled
from monitors.analysis.attribution.background import clustered, given_rows
from monitors.analysis.attribution.features import features_of, kinds_of, typed

SCHEMAS = Path("docs/reference/schemas")
ANALYSIS = json.loads((SCHEMAS / "analysis_attribution.schema.json").read_text(encoding="utf-8"))
VIOLATIONS = json.loads((SCHEMAS / "constraint_violations_attribution.schema.json").read_text(encoding="utf-8"))


def weighted(frame: pl.DataFrame) -> NDArray[np.float64]:
    return (4 * frame["sat"] + 2 * frame["gpa"] + 0.1 * frame["rank"]).to_numpy()


def students(seed: int, **spread: float) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame({name: rng.normal(size=400) * spread.get(name, 1.0) for name in ("sat", "gpa", "rank")})


def said(values: dict[str, float]) -> AttributionReport:
    return AttributionReport((LabelAttribution("label0", values, 0.0, {}),))


def test_college_admission() -> None:
    """The example of the developer guide, which gives 0.69."""
    training = said({"SAT": 0.70, "GPA": 0.50, "class rank": 0.05})
    live = said({"SAT": 0.10, "GPA": 0.20, "class rank": 0.70})
    (drift,) = find_attribution_drift(live, training)
    assert drift.ndcg == pytest.approx(0.6876396, abs=5e-8)
    (violation,) = attribution_violations([drift])
    document = json.loads(attribution_violations_to_json([violation]))
    jsonschema.validate(document, VIOLATIONS)
    found = document["violations"][0]
    assert found["description"] == f"Feature attribution drift {drift.ndcg} exceeds threshold 0.9"
    assert [(change["name"], change["baseline_rank"], change["rank"]) for change in found["features"]] == [
        ("SAT", 1, 3),
        ("GPA", 2, 2),
        ("class rank", 3, 1),
    ]
    assert attribution_violations(find_attribution_drift(training, training)) == []


def test_ndcg_of_ties_zeros_and_signs() -> None:
    gains = np.array([3.0, 2.0, 1.0])
    assert ndcg(gains, np.array([[9.0, 5.0, 1.0], [-9.0, 5.0, -1.0]])).tolist() == [1.0, 1.0]
    every = 1 + 1 / math.log2(3) + 0.5
    ideal = 3 + 2 / math.log2(3) + 0.5
    assert float(ndcg(gains, np.zeros(3))) == pytest.approx(2 * every / ideal)
    assert ndcg(np.zeros(3), np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]])).tolist() == [1.0, 0.0]
    # Any order of the tied features, on average.
    tied = float(ndcg(gains, np.array([1.0, 5.0, 1.0])))
    orders = [float(ndcg(gains, np.array(values))) for values in ([1.1, 5.0, 1.0], [1.0, 5.0, 1.1])]
    assert tied == pytest.approx(sum(orders) / 2)


def test_a_baseline_and_its_drift() -> None:
    config = settled(AttributionConfig(clusters=3, seed=9), students(1))
    baseline = attribution_report(weighted, students(1), config)
    quiet = find_attribution_drift(attribution_report(weighted, students(2), config), baseline)
    assert quiet[0].ndcg > 0.98
    assert quiet[0].interval is not None
    assert quiet[0].interval.lower <= quiet[0].ndcg <= quiet[0].interval.upper
    now = attribution_report(weighted, students(2, sat=0.01, rank=90.0), config)
    (loud,) = find_attribution_drift(now, baseline)
    assert loud.drifted
    assert (loud.sample_size, loud.baseline_sample_size) == (400, 400)
    document = json.loads(attribution_to_json(now, [loud]))
    jsonschema.validate(document, ANALYSIS)
    assert document["attribution_drift"]["label0"]["observed"] == loud.ndcg
    read = parse_attribution(attribution_to_json(baseline))
    assert read.labels == baseline.labels
    assert find_attribution_drift(now, read)[0] == loud
    assert attribution_document(read) == attribution_document(baseline)


def test_the_same_seed_gives_the_same_bytes() -> None:
    def written(seed: int, method: Any) -> tuple[bytes, bytes, bytes]:
        frame = students(1).with_columns(pl.col("sat").exp().alias("odd"))
        model = lambda rows: (rows["sat"] * rows["gpa"] * rows["rank"] * rows["odd"]).to_numpy()  # noqa: E731
        config = AttributionConfig(clusters=4, seed=seed, method=method, samples=6)
        report = attribution_report(model, frame.head(40), settled(config, frame))
        return attribution_to_json(report), local_to_parquet(report), local_to_csv(report)

    for method in ("permutation", "kernel"):
        assert written(1, method) == written(1, method)
        assert written(1, method)[0] != written(2, method)[0]


def test_several_outputs_and_label_headers() -> None:
    def probabilities(frame: pl.DataFrame) -> NDArray[np.float64]:
        scores = np.exp(np.column_stack([frame["sat"], 2 * frame["gpa"], 0 * frame["rank"]]))
        chances: NDArray[np.float64] = scores / scores.sum(axis=1, keepdims=True)
        return chances

    made = attribution_report(probabilities, students(1), AttributionConfig())
    assert [label.label for label in made.labels] == ["label0", "label1", "label2"]
    assert sum(label.expected for label in made.labels) == pytest.approx(1.0)
    assert made.local is not None
    assert np.abs(made.local.explanation.values.sum(axis=2)).max() < 1e-9  # probabilities sum to 1
    named = attribution_report(probabilities, students(1), AttributionConfig(labels=("low", "middle", "high")))
    assert list(attribution_document(named)["explanations"]["kernel_shap"]) == ["low", "middle", "high"]
    with pytest.raises(DocumentError, match="2 label headers, but the model gives 3"):
        attribution_report(probabilities, students(1), AttributionConfig(labels=("no", "yes")))
    with pytest.raises(DocumentError, match="another model"):
        find_attribution_drift(named, made)


def test_local_values_have_clarify_s_columns() -> None:
    report = attribution_report(
        weighted, students(1).head(5), AttributionConfig(), positions=pl.Series([3, 5, 8, 9, 30])
    )
    read = pl.read_csv(local_to_csv(report))
    assert read.columns == ["sat_label0", "gpa_label0", "rank_label0"]
    parquet = pl.read_parquet(io.BytesIO(local_to_parquet(report)))
    assert parquet["row"].to_list() == [3, 5, 8, 9, 30]
    assert parquet.drop("row").equals(local_frame(report))
    total = parquet.drop("row").sum_horizontal() + report.labels[0].expected
    assert total.to_numpy() == pytest.approx(weighted(students(1).head(5)))
    with pytest.raises(DocumentError, match="read from"):
        local_frame(parse_attribution(attribution_to_json(report)))


@pytest.mark.parametrize("aggregation", ["mean_abs", "median", "mean_sq"])
def test_aggregation(aggregation: Any) -> None:
    values = np.random.default_rng(1).normal([0.0, 1.0, -2.0], size=(501, 3))
    plain = {
        "mean_abs": np.mean(np.abs(values), axis=0),
        "median": np.median(values, axis=0),
        "mean_sq": np.mean(values**2, axis=0),
    }[aggregation]
    assert aggregated(values, aggregation) == pytest.approx(plain)
    drawn = resampled(values, aggregation, 400, 0)
    rng = np.random.default_rng(0)
    direct = np.stack([aggregated(values[rng.integers(501, size=501)], aggregation) for _ in range(400)])
    assert drawn.mean(axis=0) == pytest.approx(direct.mean(axis=0), abs=0.03)
    assert drawn.std(axis=0) == pytest.approx(direct.std(axis=0), rel=0.2)


def test_baselines_are_made_of_values_that_occur() -> None:
    frame = pl.DataFrame(
        {
            "children": [0, 1, 2] * 20 + [9] * 5,
            "income": [10.0, 11.0, 12.0] * 20 + [900.0, None, 901.0, math.nan, 902.0],
            "town": ["Oslo"] * 59 + [None] + ["Rome"] * 4 + ["Oslo"],
            "member": [True] * 60 + [False] * 5,
        }
    )
    kinds = kinds_of(frame, frame.columns)
    assert kinds == {"children": "integer", "income": "number", "town": "text", "member": "boolean"}
    read = typed(frame, kinds)
    one = clustered(read, 1, 0)
    assert (one.rows.rows(), one.weights.tolist()) == ([(2, 12.0, "Oslo", True)], [1.0])
    two = clustered(read, 2, 0)
    assert sorted(two.rows.rows()) == [(1, 11.0, "Oslo", True), (9, 901.0, "Rome", False)]
    assert sorted(two.weights.tolist()) == pytest.approx([5 / 65, 60 / 65])
    assert clustered(read.head(3), 12, 0).rows.height == 3
    assert clustered(read.filter(pl.col("children") == 9).head(0).vstack(read.head(1)), 5, 0).rows.height == 1
    for clusters in (0, 13):
        with pytest.raises(DocumentError, match="1 to 12"):
            clustered(read, clusters, 0)
    listed = given_rows([[1, 5, "Rome", True], [2, 5.5, None, False]], kinds, [1.0, 3.0])
    assert listed.rows.schema == read.schema
    assert listed.weights.tolist() == [0.25, 0.75]
    for rows, message in (
        ([[1, 2]], "2 values; the model has 4"),
        ([{"children": 1}], "lacks 'income'"),
        ([7], "object or a list"),
        ([["x", 1, "a", True]], "'x', where a number"),
    ):
        with pytest.raises((DocumentError, ColumnsError), match=message):
            given_rows(rows, kinds)


def test_columns_as_csv_gives_them() -> None:
    frame = pl.DataFrame(
        {"n": ["1", " 2", ""], "x": ["1.5", "nan", "3"], "t": ["a", "1", None], "zip": ["01", "02", "03"]}
    )
    kinds = kinds_of(frame, frame.columns, {"zip": "text"})
    assert kinds == {"n": "integer", "x": "number", "t": "text", "zip": "text"}
    assert typed(frame, kinds).rows() == [(1, 1.5, "a", "01"), (2, None, "1", "02"), (None, 3.0, None, "03")]
    # Later data may hold other types of the same meaning, not other meanings.
    later = typed(pl.DataFrame({"n": [1.0, 2.5], "x": [1, None], "t": [3, 4], "zip": ["1", "2"]}), kinds)
    assert later.dtypes == [pl.Float64, pl.Float64, pl.String, pl.String]
    with pytest.raises(ColumnsError, match="'n' holds 'many'"):
        typed(frame.with_columns(pl.lit("many").alias("n")), kinds)
    with pytest.raises(ColumnsError, match="no column 'zip'"):
        typed(frame.drop("zip"), kinds)
    with pytest.raises(ColumnsError, match="images and vectors are out of scope"):
        kinds_of(pl.DataFrame({"pixels": [[1, 2]]}), ["pixels"])


def test_a_configuration_is_read_and_written() -> None:
    clarify = {
        "dataset_type": "text/csv",
        "headers": ["label", "age", "zip", "red", "blue"],
        "label": 0,
        "feature_types": ["numerical", "numerical", "categorical", "numerical", "numerical"],
        "methods": {
            "shap": {
                "baseline": [[1, "a", 0, 1]],
                "num_samples": 50,
                "agg_method": "median",
                "use_logit": True,
                "seed": 4,
            },
            "report": {"name": "report"},
        },
        "predictor": {"model_name": "m", "label_headers": ["low", "high"]},
    }
    config = read_attribution_config(clarify)
    assert (config.label, config.kinds, config.samples, config.aggregation, config.labels, config.seed) == (
        *("label", {"zip": "text"}, 50, "median", ("low", "high"), 4),
    )
    frame = pl.DataFrame({"label": [0], "age": [30], "zip": [1234], "red": [0], "blue": [1]})
    whole = settled(config, frame)
    assert whole.columns == ("age", "zip", "red", "blue")
    assert read_attribution_config(json.loads(json.dumps(attribution_config_document(whole)))) == whole
    assert settled(whole, frame) == whole
    endless = AttributionConfig(baseline=((math.inf, -math.inf),))
    kept = read_attribution_config(json.loads(json.dumps(attribution_config_document(endless))))
    assert kept.baseline is not None
    assert given_rows(kept.baseline, {"a": "number", "b": "number"}).rows.rows() == [(math.inf, -math.inf)]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"methods": {"shap": {"text_config": {"granularity": "token"}}}}, "texts, which are out of scope"),
        ({"methods": {"shap": {"image_config": {}}}}, "images, which are out of scope"),
        ({"headers": ["t"], "feature_types": ["text"]}, "out of scope"),
        ({"methods": {"shap": {"baseline": "s3://b/k.csv"}}}, "its rows are needed"),
        ({"methods": {"shap": {"baseline": []}}}, "no rows"),
        ({"methods": {"shap": {"num_clusters": 13}}}, "1 to 12"),
        ({"methods": {"shap": {"agg_method": "mean"}}}, "mean_abs, median, mean_sq"),
        ({"methods": {"shap": {"method": "lime"}}}, "permutation, kernel, tree"),
        ({"methods": {"shap": {"num_samples": "many"}}}, "a whole number"),
        ({"methods": {"shap": {"method": "tree", "use_logit": True}}}, "exactly"),
        ({"methods": {"shap": 7}}, "an object"),
        ({"label": 3}, "an index below 0"),
        ({"kinds": {"a": "image"}}, "integer, number"),
    ],
)
def test_mistakes_in_a_configuration(document: dict[str, Any], message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        read_attribution_config(document)


def test_groups_are_checked() -> None:
    assert [feature.columns for feature in features_of("abc", {"g": ("c", "a")})] == [("a", "c"), ("b",)]
    for groups, message in (
        ({"g": ()}, "no columns"),
        ({"b": ("a",)}, "does not belong"),
        ({"g": ("x",)}, "none of the model's"),
        ({"g": ("a",), "h": ("a",)}, "in the groups"),
    ):
        with pytest.raises(DocumentError, match=message):
            features_of("ab", groups)


def test_what_a_model_answers_is_checked() -> None:
    frame = students(1).head(3)
    for answer, message in (
        (lambda rows: np.full(rows.height, np.nan), r"answered with \[nan\] to the row"),
        (lambda rows: np.zeros(2), r"answered 1 rows with an array of shape \(2, 1\)"),
        (lambda rows: ["yes"] * rows.height, "not numbers"),
        (lambda rows: np.zeros((rows.height, 1 + (rows.height > 1))), "1 numbers a row before and 2 now"),
    ):
        with pytest.raises(ModelError, match=message):
            attribution_report(answer, frame, AttributionConfig())
    with pytest.raises(DocumentError, match="probabilities"):
        attribution_report(weighted, frame, AttributionConfig(use_logit=True))
    with pytest.raises(ModelError, match="made of trees"):
        attribution_report(weighted, frame, AttributionConfig(method="tree"))
    with pytest.raises(ColumnsError, match="no rows"):
        attribution_report(weighted, frame.head(0), AttributionConfig())
    with pytest.raises(ColumnsError, match="no column left"):
        attribution_report(weighted, frame, AttributionConfig(excluded=("sat", "gpa", "rank")))
    with pytest.raises(DocumentError, match="different features: gpa, rank"):
        find_attribution_drift(said({"sat": 1.0, "gpa": 1.0}), said({"sat": 1.0, "rank": 1.0}))
    for text in (
        "[]",
        "{}",
        '{"explanations": {"kernel_shap": {}}}',
        '{"explanations": {"kernel_shap": {"label0": 3}}}',
    ):
        with pytest.raises(DocumentError):
            parse_attribution(text)


VALUES = {
    "integers": st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
    "floats": st.one_of(st.none(), st.floats(), st.sampled_from([-0.0, 1e308, 2.0**53 + 1])),
    "truths": st.one_of(st.none(), st.booleans()),
    "texts": st.one_of(st.none(), st.text(max_size=5), st.sampled_from(["a\x00b", "ß", " ", "Infinity", "5"])),
}


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    height = draw(st.integers(1, 8))
    names = draw(st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=5, unique=True))
    kinds = {"integers": pl.Int64, "floats": pl.Float64, "truths": pl.Boolean, "texts": pl.String}
    columns = []
    for name in names:
        kind = draw(st.sampled_from(sorted(kinds)))
        values = draw(st.lists(VALUES[kind], min_size=height, max_size=height))
        columns.append(pl.Series(name, values, dtype=kinds[kind]))
    return pl.DataFrame(columns)


def hashed(frame: pl.DataFrame) -> NDArray[np.float64]:
    """A model that tells any two rows apart, whatever is in them."""
    return (frame.hash_rows(seed=1) % 1000).to_numpy().astype(np.float64)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(frames(), st.integers(1, 12), st.integers(1, 60), st.sampled_from(["permutation", "kernel"]))
def test_odd_data(frame: pl.DataFrame, clusters: int, samples: int, method: Any) -> None:
    config = settled(AttributionConfig(clusters=clusters, samples=samples, method=method), frame)
    again = read_attribution_config(json.loads(json.dumps(attribution_config_document(config))))
    report = attribution_report(hashed, frame, again, replicates=5)
    jsonschema.validate(json.loads(attribution_to_json(report)), ANALYSIS)
    assert report.local is not None
    values = report.local.explanation.values[:, :, 0]
    told = hashed(typed(frame, config.kinds))
    assert values.sum(axis=1) + report.labels[0].expected == pytest.approx(told, abs=1e-6)
    (drift,) = find_attribution_drift(report, report, replicates=5)
    assert drift.ndcg == pytest.approx(1.0)
    assert local_frame(report).shape == (frame.height, len(config.columns))
