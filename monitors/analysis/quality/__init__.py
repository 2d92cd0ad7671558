"""How good a model is: metrics, constraints and violations of Model Monitor's model quality, and more.

Example:
    >>> config = QualityConfig("BinaryClassification", "label", probability="p")  # doctest: +SKIP
    >>> baseline = quality_statistics(train, config)  # doctest: +SKIP
    >>> find_quality_violations(quality_statistics(july, config), suggest_quality_constraints(baseline))  # doctest: +SKIP
    [QualityViolation(metric_name='recall', …)]
"""

from monitors.analysis.quality.config import (
    Problem,
    QualityConfig,
    quality_config_document,
    read_quality_config,
)
from monitors.analysis.quality.constraints import (
    QualityConstraint,
    QualityConstraints,
    QualityViolation,
    find_quality_violations,
    parse_quality_constraints,
    parse_quality_violations,
    quality_violations_document,
    quality_violations_to_json,
    suggest_quality_constraints,
)
from monitors.analysis.quality.resampling import Interval
from monitors.analysis.quality.state import QualityState
from monitors.analysis.quality.statistics import (
    QualityMetric,
    QualityStatistics,
    parse_quality_statistics,
    quality_statistics,
)

__all__ = [
    "Interval",
    "Problem",
    "QualityConfig",
    "QualityConstraint",
    "QualityConstraints",
    "QualityMetric",
    "QualityState",
    "QualityStatistics",
    "QualityViolation",
    "find_quality_violations",
    "parse_quality_constraints",
    "parse_quality_statistics",
    "parse_quality_violations",
    "quality_config_document",
    "quality_statistics",
    "quality_violations_document",
    "quality_violations_to_json",
    "read_quality_config",
    "suggest_quality_constraints",
]
