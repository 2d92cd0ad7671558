"""What a model's predictions rest on: Shapley values of its features, and their drift.

Example:
    >>> config = AttributionConfig(label="churned", clusters=3)  # doctest: +SKIP
    >>> baseline = attribution_report(model.predict, train, config)  # doctest: +SKIP
    >>> now = attribution_report(model.predict, july, settled(config, train))  # doctest: +SKIP
    >>> find_attribution_drift(now, baseline)[0].ndcg  # doctest: +SKIP
    0.97
"""

from monitors.analysis.attribution.config import (
    Aggregation,
    AttributionConfig,
    Method,
    attribution_config_document,
    read_attribution_config,
)
from monitors.analysis.attribution.document import attribution_document, attribution_to_json, parse_attribution
from monitors.analysis.attribution.drift import (
    AttributionDrift,
    AttributionViolation,
    FeatureChange,
    attribution_violations,
    attribution_violations_to_json,
    find_attribution_drift,
    ndcg,
    parse_attribution_drifts,
)
from monitors.analysis.attribution.explanation import Explanation
from monitors.analysis.attribution.local import local_frame, local_to_csv, local_to_parquet
from monitors.analysis.attribution.models import Predict, TreeModel
from monitors.analysis.attribution.report import (
    AttributionReport,
    LabelAttribution,
    LocalValues,
    attribution_report,
    settled,
)

__all__ = [
    "Aggregation",
    "AttributionConfig",
    "AttributionDrift",
    "AttributionReport",
    "AttributionViolation",
    "Explanation",
    "FeatureChange",
    "LabelAttribution",
    "LocalValues",
    "Method",
    "Predict",
    "TreeModel",
    "attribution_config_document",
    "attribution_document",
    "attribution_report",
    "attribution_to_json",
    "attribution_violations",
    "attribution_violations_to_json",
    "find_attribution_drift",
    "local_frame",
    "local_to_csv",
    "local_to_parquet",
    "ndcg",
    "parse_attribution",
    "parse_attribution_drifts",
    "read_attribution_config",
    "settled",
]
