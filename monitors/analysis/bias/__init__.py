"""Bias in data and in predictions: all metrics of SageMaker Clarify from grouped counts, and their drift.

Example:
    >>> config = BiasConfig("approved", (1,), (Facet("race", ("black",)),), predicted_label="said")  # doctest: +SKIP
    >>> baseline = bias_report(train, config, replicates=1000)  # doctest: +SKIP
    >>> find_bias_violations(bias_report(july, config), baseline)  # doctest: +SKIP
    []
"""

from monitors.analysis.bias.config import BiasConfig, Facet, config_document, read_config
from monitors.analysis.bias.counts import BiasCounts
from monitors.analysis.bias.document import analysis_document, analysis_to_json, parse_analysis
from monitors.analysis.bias.drift import (
    BiasViolation,
    DriftMode,
    bias_violations_document,
    bias_violations_to_json,
    find_bias_violations,
    parse_bias_violations,
)
from monitors.analysis.bias.metrics import FLIP_TEST, METRICS, NAMES, Stage
from monitors.analysis.bias.report import BiasReport, GroupBias, MetricValue, bias_counts, bias_report
from monitors.analysis.replicates import Interval

__all__ = [
    "FLIP_TEST",
    "METRICS",
    "NAMES",
    "BiasConfig",
    "BiasCounts",
    "BiasReport",
    "BiasViolation",
    "DriftMode",
    "Facet",
    "GroupBias",
    "Interval",
    "MetricValue",
    "Stage",
    "analysis_document",
    "analysis_to_json",
    "bias_counts",
    "bias_report",
    "bias_violations_document",
    "bias_violations_to_json",
    "config_document",
    "find_bias_violations",
    "parse_analysis",
    "parse_bias_violations",
    "read_config",
]
