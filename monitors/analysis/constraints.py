"""`constraints.json`: what later data must satisfy, in the format of SageMaker Model Monitor.

Format: "Schema for Constraints" in the SageMaker developer guide; `docs/reference/schemas/constraints.schema.json`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from monitors.analysis.columns import InferredType
from monitors.analysis.errors import DocumentError
from monitors.analysis.jsonfile import Document, dump, load, parse_number
from monitors.analysis.multiple import CORRECTIONS, Correction
from monitors.analysis.statistics import TYPES, VERSION, FeatureStatistics, Statistics

DOMAIN_LIMIT = 120
"""Different texts up to which a domain may be suggested (Deequ's low-cardinality threshold)."""

DOMAIN_SINGLES = 0.1
"""The largest share of texts that occur only once in what is taken for a domain (Deequ's `CategoricalRangeRule`)."""

_OVERRIDE_KEYS = ("monitoringConfigOverrides", "monitoring_config_overrides")
_METHOD_KEYS = ("comparion_method", "comparison_method")  # the first, misspelt, stands in old files

DEFAULT_CONFIG: Document = {
    "evaluate_constraints": "Enabled",
    "emit_metrics": "Enabled",
    "datatype_check_threshold": 1.0,
    "domain_content_threshold": 1.0,
    "distribution_constraints": {
        "perform_comparison": "Enabled",
        "comparison_threshold": 0.1,
        "comparison_method": "Robust",
        "categorical_comparison_threshold": 0.1,
        "categorical_drift_method": "LInfinity",
    },
}


@dataclass(frozen=True)
class MonitoringConfig:
    """What is checked and how strictly; thresholds are shares from 0 to 1.

    `correction` is ours: how p-values are adjusted when many features are tested. The whole file's counts.
    """

    evaluate_constraints: bool = True
    emit_metrics: bool = True
    datatype_check_threshold: float = 1.0
    domain_content_threshold: float = 1.0
    perform_comparison: bool = True
    comparison_threshold: float = 0.1
    comparison_method: Literal["Simple", "Robust"] = "Robust"
    categorical_comparison_threshold: float = 0.1
    categorical_drift_method: Literal["LInfinity", "ChiSquared"] = "LInfinity"
    correction: Correction = "None"


@dataclass(frozen=True)
class FeatureConstraints:
    """What one feature must satisfy; None and False mean that nothing is asked. `config` includes its overrides."""

    name: str
    inferred_type: InferredType | None
    completeness: float | None
    is_non_negative: bool
    domains: tuple[str, ...] | None
    config: MonitoringConfig


@dataclass(frozen=True)
class Constraints:
    """A constraints file: `document` is the whole of it, unknown keys included; the rest is its typed reading."""

    document: Document
    features: Mapping[str, FeatureConstraints]
    config: MonitoringConfig

    def to_json(self) -> bytes:
        """The file's bytes: strict JSON, the same for the same document."""
        return dump(self.document)

    def drift_threshold(self, name: str, *, numeric: bool) -> float | None:
        """What a feature's distance from the baseline is held against; None where it is held against nothing."""
        feature = self.features.get(name)
        config = self.config if feature is None else feature.config
        if not config.perform_comparison:
            return None
        if numeric:
            return config.comparison_threshold
        return config.categorical_comparison_threshold if config.categorical_drift_method == "LInfinity" else None


def suggest_constraints(statistics: Statistics) -> Constraints:
    """Constraints that the data behind `statistics` just satisfies.

    Every feature keeps its type and its completeness. A numeric one whose smallest value is 0 or more must stay so.
    A String one gets a domain when all its texts are known, there are at most 120 of them, and at most a tenth of
    them occurs only once.

    Raises:
        DocumentError: There are no rows or no features to learn from.
    """
    if statistics.item_count == 0 or not statistics.features:
        raise DocumentError(
            "Constraints can't be suggested from a data set without rows. Give the baseline data it stands for."
        )
    features = [_suggest(feature) for feature in statistics.features.values()]
    # A copy, so that whoever edits one document does not edit the default.
    config = {**DEFAULT_CONFIG, "distribution_constraints": {**DEFAULT_CONFIG["distribution_constraints"]}}
    return read_constraints({"version": VERSION, "features": features, "monitoring_config": config})


def _suggest(feature: FeatureStatistics) -> Document:
    suggested: Document = {
        "name": feature.name,
        "inferred_type": feature.inferred_type,
        "completeness": feature.completeness,
    }
    if feature.numerical is not None:
        suggested["num_constraints"] = {"is_non_negative": feature.numerical.min >= 0}
    elif feature.inferred_type == "String":
        domain = _domain(feature)
        # Kept even when empty: the SageMaker SDK writes a feature's overrides into it.
        suggested["string_constraints"] = {} if domain is None else {"domains": domain}
    return suggested


def _domain(feature: FeatureStatistics) -> list[str] | None:
    categories = feature.categories
    if categories is None or categories.other or categories.error or not 0 < len(categories.counts) <= DOMAIN_LIMIT:
        return None
    singles = sum(count == 1 for count in categories.counts.values())
    return list(categories.counts) if singles / len(categories.counts) <= DOMAIN_SINGLES else None


def parse_constraints(data: bytes | str) -> Constraints:
    """Read a `constraints.json`, ours, one that SageMaker wrote, or one edited by hand.

    Raises:
        DocumentError: It is not JSON or not of the format; the message names the place.
    """
    return read_constraints(load(data, "constraints.json"))


def read_constraints(document: Document) -> Constraints:
    """The typed reading of a constraints document; `document` is kept as it is.

    A feature's overrides are read where any writer puts them: as `monitoringConfigOverrides` or
    `monitoring_config_overrides` of the feature, then inside its `num_constraints` and `string_constraints`; a later
    place wins. Absent keys take their defaults.

    Raises:
        DocumentError: It is not of the format; the message names the place.
    """
    features = document.get("features", [])
    if not isinstance(features, list):
        raise DocumentError("constraints.json: `features` is not a list.")
    given = _object(document, "monitoring_config", "constraints.json")
    read: dict[str, FeatureConstraints] = {}
    for position, feature in enumerate(features):
        if not isinstance(feature, dict) or not isinstance(feature.get("name"), str):
            raise DocumentError(f"constraints.json: features[{position}] is not an object with a `name`.")
        if feature["name"] in read:
            raise DocumentError(f"constraints.json: the feature {feature['name']!r} stands twice.")
        read[feature["name"]] = _read_feature(feature, given)
    return Constraints(document, read, _read_config(given, "constraints.json: monitoring_config"))


def _read_feature(feature: Document, given: Document) -> FeatureConstraints:
    where = f"constraints.json: {feature['name']!r}"
    inferred = feature.get("inferred_type")
    if inferred is not None and inferred not in TYPES:
        raise DocumentError(f"{where} has the inferred_type {inferred!r}; one of {', '.join(TYPES)} is needed.")
    numeric, string = _object(feature, "num_constraints", where), _object(feature, "string_constraints", where)
    domains = string.get("domains")
    if domains is not None and (
        not isinstance(domains, list) or not all(isinstance(domain, str) for domain in domains)
    ):
        raise DocumentError(f"{where} string_constraints.domains is not a list of texts.")
    non_negative = numeric.get("is_non_negative", False)
    if not isinstance(non_negative, bool):
        raise DocumentError(f"{where} num_constraints.is_non_negative is {non_negative!r}; true or false is needed.")
    config = given
    for place in (feature, numeric, string):
        for key in _OVERRIDE_KEYS:
            config = _merged(config, _object(place, key, where), where)
    return FeatureConstraints(
        name=feature["name"],
        inferred_type=cast("InferredType | None", inferred),
        completeness=_share(feature, "completeness", where),
        is_non_negative=non_negative,
        domains=tuple(domains) if domains else None,
        config=_read_config(config, f"{where} monitoring configuration"),
    )


def _merged(config: Document, overrides: Document, where: str) -> Document:
    """`config` with `overrides` laid over it, also inside `distribution_constraints`."""
    merged = {**config, **overrides}
    key = "distribution_constraints"
    if key in overrides:
        under, over = _object(config, key, where), _object(overrides, key, where)
        # An override in either spelling of the method must beat the other spelling below it.
        if any(method in over for method in _METHOD_KEYS):
            under = {name: value for name, value in under.items() if name not in _METHOD_KEYS}
        merged[key] = {**under, **over}
    return merged


def _read_config(config: Document, where: str) -> MonitoringConfig:
    default = MonitoringConfig()
    distribution = _object(config, "distribution_constraints", where)
    threshold = _share_or(distribution, "comparison_threshold", default.comparison_threshold, where)
    method = next((distribution[key] for key in reversed(_METHOD_KEYS) if key in distribution), "Robust")
    drift_method = distribution.get("categorical_drift_method", "LInfinity")
    if method not in ("Simple", "Robust"):
        raise DocumentError(f"{where}: comparison_method is {method!r}; Simple or Robust is needed.")
    if drift_method not in ("LInfinity", "ChiSquared"):
        raise DocumentError(
            f"{where}: categorical_drift_method is {drift_method!r}; LInfinity or ChiSquared is needed."
        )
    correction = distribution.get("correction", "None")
    if correction not in CORRECTIONS:
        raise DocumentError(f"{where}: correction is {correction!r}; one of {', '.join(CORRECTIONS)} is needed.")
    return MonitoringConfig(
        evaluate_constraints=_enabled(config, "evaluate_constraints", where),
        emit_metrics=_enabled(config, "emit_metrics", where),
        datatype_check_threshold=_share_or(config, "datatype_check_threshold", 1.0, where),
        domain_content_threshold=_share_or(config, "domain_content_threshold", 1.0, where),
        perform_comparison=_enabled(distribution, "perform_comparison", where),
        comparison_threshold=threshold,
        comparison_method=cast('Literal["Simple", "Robust"]', method),
        categorical_comparison_threshold=_share_or(distribution, "categorical_comparison_threshold", threshold, where),
        categorical_drift_method=cast('Literal["LInfinity", "ChiSquared"]', drift_method),
        correction=cast("Correction", correction),
    )


def _enabled(config: Document, key: str, where: str) -> bool:
    value = config.get(key, "Enabled")
    if value not in ("Enabled", "Disabled"):
        raise DocumentError(f"{where}: {key} is {value!r}; Enabled or Disabled is needed.")
    return bool(value == "Enabled")


def _share(config: Document, key: str, where: str) -> float | None:
    value = config.get(key)
    if value is None:
        return None
    share = parse_number(value, f"{where}: {key}")
    if math.isnan(share) or not 0 <= share <= 1:
        raise DocumentError(f"{where}: {key} is {value!r}; a number from 0 to 1 is needed.")
    return share


def _share_or(config: Document, key: str, default: float, where: str) -> float:
    share = _share(config, key, where)
    return default if share is None else share


def _object(document: Document, key: str, where: str) -> Document:
    value = document.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise DocumentError(f"{where}: `{key}` is not an object.")
    return value
