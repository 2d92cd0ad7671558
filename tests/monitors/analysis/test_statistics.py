import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from jsonschema import Draft202012Validator
from sklearn.datasets import load_breast_cancer, load_wine

from monitors.analysis.errors import DocumentError
from monitors.analysis.profile import Profile
from monitors.analysis.statistics import Statistics, parse_statistics, read_statistics
from monitors.analysis.summary import statistics_of

SCHEMAS = Path(__file__).parents[3] / "docs/reference/schemas"
SCHEMA = Draft202012Validator(json.loads((SCHEMAS / "statistics.schema.json").read_text()))


def describe(frame: pl.DataFrame) -> Statistics:
    profile = Profile()
    profile.update(frame)
    statistics = statistics_of(profile)
    SCHEMA.validate(json.loads(statistics.to_json(), parse_constant=_refuse))
    return statistics


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not strict JSON")


def test_the_schema_is_one() -> None:
    for file in SCHEMAS.glob("*.schema.json"):
        Draft202012Validator.check_schema(json.loads(file.read_text()))


def test_a_numeric_feature() -> None:
    document = describe(pl.DataFrame({"a": [*map(float, range(11)), None]})).document
    assert json.loads(json.dumps(document)) == {
        "version": 0.0,
        "dataset": {"item_count": 12},
        "features": [
            {
                "name": "a",
                "inferred_type": "Fractional",
                "numerical_statistics": {
                    "common": {"num_present": 11, "num_missing": 1},
                    "mean": 5.0,
                    "sum": 55.0,
                    "std_dev": math.sqrt(10),
                    "min": 0.0,
                    "max": 10.0,
                    "distribution": {
                        "kll": {
                            "buckets": [
                                {"lower_bound": float(i), "upper_bound": i + 1.0, "count": 2.0 if i == 9 else 1.0}
                                for i in range(10)
                            ],
                            "sketch": {
                                "parameters": {"c": 0.64, "k": 2048.0},
                                "data": [[float(i) for i in range(11)]],
                            },
                        }
                    },
                },
                "type_counts": {"Integral": 0, "Fractional": 11, "String": 0},
            }
        ],
    }


def test_a_text_feature() -> None:
    [feature] = describe(pl.DataFrame({"é": ["b", "a", "b", None, "5"]})).document["features"]
    assert feature == {
        "name": "é",
        "inferred_type": "String",
        "string_statistics": {
            "common": {"num_present": 4, "num_missing": 1},
            "distinct_count": 3.0,
            "distinct_count_exact": True,
            "distribution": {
                "categorical": {
                    "buckets": [{"value": "b", "count": 2}, {"value": "5", "count": 1}, {"value": "a", "count": 1}],
                    "other_count": 0,
                    "count_error": 0,
                }
            },
        },
        "type_counts": {"Integral": 1, "Fractional": 0, "String": 3},
    }


@pytest.mark.parametrize("values", [[], [None, None], [math.nan]])
def test_a_feature_without_values_is_unknown(values: list[float | None]) -> None:
    statistics = describe(pl.DataFrame({"a": pl.Series(values, dtype=pl.Float64)}))
    feature = statistics.features["a"]
    assert (feature.inferred_type, feature.present, feature.missing) == ("Unknown", 0, len(values))
    assert math.isnan(feature.completeness) == (not values)
    assert statistics.item_count == len(values)


def buckets(statistics: Statistics, name: str = "a") -> list[dict[str, Any]]:
    [feature] = [feature for feature in statistics.document["features"] if feature["name"] == name]
    found: list[dict[str, Any]] = feature["numerical_statistics"]["distribution"]["kll"]["buckets"]
    return found


@pytest.mark.parametrize(
    ("values", "counts"),
    [
        ([7.0] * 5, [0] * 9 + [5]),
        ([0.0, 1.0], [1] + [0] * 8 + [1]),
        ([math.inf, 0.0, 10.0, 10.0], [1] + [0] * 8 + [3]),
        ([-math.inf, -math.inf, 0.0, 10.0], [3] + [0] * 8 + [1]),
        ([math.inf, math.inf], []),
        ([-1.7e308, 1.7e308], [1] + [0] * 8 + [1]),
        ([5e-324, 0.0], None),
        ([2.0**53 + 2, 2.0**53], None),
    ],
)
def test_awkward_buckets(values: list[float], counts: list[int] | None) -> None:
    statistics = describe(pl.DataFrame({"a": values}))
    found = buckets(statistics)
    if counts is not None:
        assert [bucket["count"] for bucket in found] == counts
    if found:
        assert sum(bucket["count"] for bucket in found) == len(values)
        numerical = statistics.features["a"].numerical
        assert numerical is not None
        assert float(found[0]["lower_bound"]) == numerical.min
        assert float(found[-1]["upper_bound"]) == numerical.max
        inner = [bucket["upper_bound"] for bucket in found[:-1]]
        assert inner == [bucket["lower_bound"] for bucket in found[1:]]
        assert inner == sorted(inner)


def test_buckets_of_real_data_against_numpy() -> None:
    data = load_breast_cancer()
    frame = pl.DataFrame(data.data, schema=[str(name) for name in data.feature_names])
    statistics = describe(frame)
    for name in frame.columns:
        values = frame[name].to_numpy()
        numerical = statistics.features[name].numerical
        assert numerical is not None
        assert numerical.std_dev == pytest.approx(values.std())
        edges = values.min() + (values.max() - values.min()) * np.arange(11) / 10
        edges[-1] = values.max()
        exact, _ = np.histogram(values, edges)
        assert [bucket["count"] for bucket in buckets(statistics, name)] == exact.tolist()


def test_many_categories_end_in_others() -> None:
    values = [f"v{i:04}" for i in range(1500) for _ in range(2 if i < 1000 else 1)]
    statistics = describe(pl.DataFrame({"a": values}))
    feature = statistics.features["a"]
    assert feature.categories is not None
    assert len(feature.categories.counts) == 1000
    assert (feature.categories.other, feature.categories.error, feature.distinct_count) == (500, 0, 1500.0)
    assert feature.categories.total == 2500


def test_a_stored_file_says_the_same_and_keeps_what_it_does_not_know() -> None:
    wine = load_wine()
    frame = pl.DataFrame(wine.data, schema=wine.feature_names).with_columns(
        kind=pl.Series([str(wine.target_names[target]) for target in wine.target]),
        odd=pl.Series([math.inf, -math.inf, *[1.0] * 176]),
    )
    statistics = describe(frame)
    data = statistics.to_json()
    assert data == describe(frame).to_json()
    again = parse_statistics(data)
    assert again.to_json() == data
    assert again.item_count == 178
    assert again.features.keys() == statistics.features.keys()
    document = json.loads(data)
    document["theirs"] = {"x": 1}
    document["features"][0]["theirs"] = [1]
    assert parse_statistics(json.dumps(document)).document == document


def test_a_file_of_sagemaker_is_read() -> None:
    document: dict[str, Any] = {
        "version": 0.0,
        "dataset": {"item_count": 4},
        "features": [
            {
                "name": "a",
                "inferred_type": "Integral",
                "numerical_statistics": {
                    "common": {"num_present": 3, "num_missing": 1},
                    "mean": 1.0,
                    "sum": 3.0,
                    "std_dev": 0.0,
                    "min": 1.0,
                    "max": 1.0,
                    "distribution": {
                        "kll": {
                            "buckets": [{"lower_bound": 1.0, "upper_bound": 1.0, "count": 3.0}],
                            "sketch": {"parameters": {"c": 0.64, "k": 2048.0}, "data": [[1.0], [1.0]]},
                        }
                    },
                },
            },
            {
                "name": "b",
                "inferred_type": "String",
                "string_statistics": {
                    "common": {"num_present": 4, "num_missing": 0},
                    "distinct_count": 2.0,
                    "distribution": {"categorical": {"buckets": [{"value": "x", "count": 3}]}},
                },
            },
        ],
    }
    SCHEMA.validate(document)
    statistics = read_statistics(document)
    a, b = statistics.features["a"], statistics.features["b"]
    assert a.numerical is not None
    assert a.numerical.sketch is not None
    assert a.numerical.sketch.total_weight == 3
    assert a.type_counts == {"Integral": 3}
    assert b.categories is not None
    assert (b.categories.counts, b.categories.other) == ({"x": 3}, 1)


def damaged(**changes: object) -> bytes:
    return json.dumps({"features": [{"name": "a", "inferred_type": "Integral", **changes}]}).encode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "holds a JSON list"),
        (b"{}", "no list `features`"),
        (b'{"features": [3]}', r"features\[0\]"),
        (damaged(inferred_type="Int"), "'a' has the inferred_type 'Int'; one of Integral"),
        (damaged(numerical_statistics={"common": {"num_present": -1}}), "num_present is -1"),
        (damaged(numerical_statistics={"common": {}, "mean": "much"}), "'a' mean is 'much'"),
        (damaged(numerical_statistics={"common": 3}), "`common` that is not an object"),
        (
            damaged(numerical_statistics={"common": {}, "distribution": {"kll": {"sketch": {"data": [1]}}}}),
            "data is not a list of lists",
        ),
        (
            damaged(string_statistics={"common": {}, "distribution": {"categorical": {"buckets": [{"count": 1}]}}}),
            "bucket without a text `value`",
        ),
        (
            b'{"features": [{"name": "a", "inferred_type": "String"}, {"name": "a", "inferred_type": "String"}]}',
            "twice",
        ),
    ],
)
def test_a_damaged_file_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        parse_statistics(data)
