import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from jsonschema import Draft202012Validator

from monitors.analysis.constraints import (
    DEFAULT_CONFIG,
    Constraints,
    MonitoringConfig,
    parse_constraints,
    suggest_constraints,
)
from monitors.analysis.errors import DocumentError
from monitors.analysis.profile import Profile
from monitors.analysis.statistics import read_statistics
from monitors.analysis.summary import statistics_of

SCHEMA = Draft202012Validator(
    json.loads((Path(__file__).parents[3] / "docs/reference/schemas/constraints.schema.json").read_text())
)


def suggest(frame: pl.DataFrame) -> Constraints:
    profile = Profile()
    profile.update(frame)
    constraints = suggest_constraints(statistics_of(profile))
    SCHEMA.validate(json.loads(constraints.to_json()))
    return constraints


def parse(**document: object) -> Constraints:
    SCHEMA.validate(document)
    return parse_constraints(json.dumps(document))


def test_what_is_suggested() -> None:
    frame = pl.DataFrame(
        {
            "count": [0, 1, 2, 3],
            "score": [0.5, None, -1.0, 2.0],
            "city": ["Ulm", "Ulm", "Bonn", "Bonn"],
            "name": ["a", "b", "c", "d"],
            "nothing": pl.Series([None] * 4, dtype=pl.String),
        }
    )
    assert suggest(frame).document == {
        "version": 0.0,
        "features": [
            {
                "name": "count",
                "inferred_type": "Integral",
                "completeness": 1.0,
                "num_constraints": {"is_non_negative": True},
            },
            {
                "name": "score",
                "inferred_type": "Fractional",
                "completeness": 0.75,
                "num_constraints": {"is_non_negative": False},
            },
            {
                "name": "city",
                "inferred_type": "String",
                "completeness": 1.0,
                "string_constraints": {"domains": ["Bonn", "Ulm"]},
            },
            {"name": "name", "inferred_type": "String", "completeness": 1.0, "string_constraints": {}},
            {"name": "nothing", "inferred_type": "Unknown", "completeness": 0.0},
        ],
        "monitoring_config": DEFAULT_CONFIG,
    }


@pytest.mark.parametrize(
    ("values", "suggested"),
    [
        (["a"] * 2, True),
        ([f"v{i}" for i in range(120)] * 2, True),
        ([f"v{i}" for i in range(121)] * 2, False),
        ([f"v{i}" for i in range(9)] * 2 + ["once"], True),
        ([f"v{i}" for i in range(8)] * 2 + ["once"], False),
    ],
)
def test_when_a_domain_is_suggested(values: list[str], suggested: bool) -> None:
    domains = suggest(pl.DataFrame({"a": values})).features["a"].domains
    assert (domains is not None) == suggested
    if domains is not None:
        assert set(domains) == set(values)


def test_nothing_teaches_nothing() -> None:
    for document in (
        {"dataset": {"item_count": 0}, "features": [{"name": "a", "inferred_type": "Unknown"}]},
        {"dataset": {"item_count": 3}, "features": []},
    ):
        with pytest.raises(DocumentError, match="without rows"):
            suggest_constraints(read_statistics(document))


def test_a_stored_file_says_the_same_and_keeps_what_it_does_not_know() -> None:
    constraints = suggest(pl.DataFrame({"a": [1, 2], "b": ["x", "x"]}))
    assert parse_constraints(constraints.to_json()) == constraints
    document = json.loads(constraints.to_json())
    document["theirs"] = {"x": 1}
    assert parse_constraints(json.dumps(document)).document == document


def test_absent_keys_take_their_defaults() -> None:
    constraints = parse(features=[{"name": "a"}])
    assert constraints.config == MonitoringConfig()
    feature = constraints.features["a"]
    assert (feature.inferred_type, feature.completeness, feature.is_non_negative, feature.domains) == (
        None,
        None,
        False,
        None,
    )
    assert feature.config == MonitoringConfig()
    assert parse_constraints("{}").features == {}


def test_the_whole_configuration_is_read() -> None:
    constraints = parse(
        monitoring_config={
            "evaluate_constraints": "Disabled",
            "emit_metrics": "Disabled",
            "datatype_check_threshold": 0.1,
            "domain_content_threshold": 0.2,
            "distribution_constraints": {
                "perform_comparison": "Disabled",
                "comparison_threshold": 0.3,
                "comparison_method": "Simple",
                "categorical_comparison_threshold": 0.4,
                "categorical_drift_method": "ChiSquared",
            },
        }
    )
    assert constraints.config == MonitoringConfig(False, False, 0.1, 0.2, False, 0.3, "Simple", 0.4, "ChiSquared")


def config_with(distribution: dict[str, object]) -> MonitoringConfig:
    return parse(monitoring_config={"distribution_constraints": distribution}).config


def test_the_misspelt_method_is_read() -> None:
    assert config_with({"comparion_method": "Simple"}).comparison_method == "Simple"
    assert config_with({"comparion_method": "Simple", "comparison_method": "Robust"}).comparison_method == "Robust"


def test_the_categorical_threshold_follows_the_numeric_one() -> None:
    assert config_with({"comparison_threshold": 0.3}).categorical_comparison_threshold == 0.3


@pytest.mark.parametrize("key", ["monitoringConfigOverrides", "monitoring_config_overrides"])
@pytest.mark.parametrize("place", [None, "string_constraints", "num_constraints"])
def test_overrides_are_found_wherever_they_stand(key: str, place: str | None) -> None:
    overrides: dict[str, Any] = {
        key: {
            "evaluate_constraints": "Disabled",
            "distribution_constraints": {"comparion_method": "Simple", "comparison_threshold": 0.5},
        }
    }
    feature: dict[str, Any] = {"name": "a", **(overrides if place is None else {place: overrides})}
    constraints = parse(
        features=[feature, {"name": "b"}],
        monitoring_config={
            "domain_content_threshold": 0.7,
            "distribution_constraints": {"comparison_method": "Robust", "categorical_comparison_threshold": 0.2},
        },
    )
    config = constraints.features["a"].config
    assert not config.evaluate_constraints
    assert (config.comparison_method, config.comparison_threshold) == ("Simple", 0.5)
    assert (config.domain_content_threshold, config.categorical_comparison_threshold) == (0.7, 0.2)
    assert constraints.features["b"].config == constraints.config
    assert constraints.config.evaluate_constraints


def feature(**keys: object) -> dict[str, object]:
    return {"features": [{"name": "a", **keys}]}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"features": {}}, "`features` is not a list"),
        ({"features": [{}]}, r"features\[0\] is not an object with a `name`"),
        ({"features": [{"name": "a"}, {"name": "a"}]}, "'a' stands twice"),
        ({"monitoring_config": []}, "`monitoring_config` is not an object"),
        (feature(inferred_type="Boolean"), "'a' has the inferred_type 'Boolean'; one of Integral"),
        (feature(completeness=1.2), "completeness is 1.2; a number from 0 to 1"),
        (feature(completeness="NaN"), "completeness is 'NaN'"),
        (feature(completeness=True), "completeness is True"),
        (feature(num_constraints={"is_non_negative": "yes"}), "is_non_negative is 'yes'; true or false"),
        (feature(string_constraints={"domains": [1]}), "domains is not a list of texts"),
        (feature(string_constraints=[]), "`string_constraints` is not an object"),
        (feature(monitoring_config_overrides={"evaluate_constraints": "No"}), "'a' .* evaluate_constraints is 'No'"),
        ({"monitoring_config": {"emit_metrics": True}}, "emit_metrics is True; Enabled or Disabled"),
        ({"monitoring_config": {"distribution_constraints": {"comparison_method": "KS"}}}, "'KS'; Simple or Robust"),
        (
            {"monitoring_config": {"distribution_constraints": {"categorical_drift_method": "JS"}}},
            "'JS'; LInfinity or ChiSquared",
        ),
    ],
)
def test_a_damaged_file_is_refused(document: dict[str, object], message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        parse_constraints(json.dumps(document))


def test_the_default_is_not_shared() -> None:
    suggest(pl.DataFrame({"a": [1]})).document["monitoring_config"]["distribution_constraints"]["x"] = 1
    assert "x" not in suggest(pl.DataFrame({"a": [1]})).document["monitoring_config"]["distribution_constraints"]
