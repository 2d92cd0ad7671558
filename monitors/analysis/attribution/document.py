"""`analysis.json` of an attribution analysis, in the format of SageMaker Clarify.

Format: "SageMaker Clarify Analysis Results" in the SageMaker developer guide;
`docs/reference/schemas/analysis_attribution.schema.json`.
"""

from collections.abc import Sequence
from typing import Any

from monitors.analysis.attribution.config import AGGREGATIONS, METHODS
from monitors.analysis.attribution.drift import VERSION, AttributionDrift
from monitors.analysis.attribution.report import AttributionReport, LabelAttribution
from monitors.analysis.errors import DocumentError
from monitors.analysis.jsonfile import Document, dump, load, parse_number
from monitors.analysis.replicates import interval_document, read_interval

_FILE = "analysis.json"
SECTION = "kernel_shap"
"""Where Clarify's readers look for attributions, whichever explainer they come from."""


def attribution_document(report: AttributionReport, drifts: Sequence[AttributionDrift] = ()) -> Document:
    """The whole of `analysis.json`; what is ours beside Clarify's keys is marked in the schema."""
    document: Document = {
        "version": VERSION,
        "explanations": {SECTION: {label.label: _label(label) for label in report.labels}},
        "attribution": {
            "method": report.method,
            "agg_method": report.aggregation,
            "rows": report.rows,
            "explained_rows": report.explained,
            "evaluations": report.evaluations,
        },
    }
    if drifts:
        document["attribution_drift"] = {drift.label: drift.to_document() for drift in drifts}
    return document


def attribution_to_json(report: AttributionReport, drifts: Sequence[AttributionDrift] = ()) -> bytes:
    """The bytes of `analysis.json`: strict JSON, the same for the same report."""
    return dump(attribution_document(report, drifts))


def parse_attribution(data: bytes | str) -> AttributionReport:
    """Read an `analysis.json`, ours or Clarify's; parts of it that are not about attributions are passed over.

    Raises:
        DocumentError: It is not JSON, not of the format, or says nothing of attributions.
    """
    document = load(data, _FILE)
    explanations = document.get("explanations")
    found = explanations.get(SECTION) if isinstance(explanations, dict) else None
    if not isinstance(found, dict) or not found:
        raise DocumentError(f"{_FILE} has no explanations.{SECTION} with a label.")
    about = document.get("attribution")
    about = about if isinstance(about, dict) else {}
    method, aggregation = about.get("method"), about.get("agg_method")
    return AttributionReport(
        tuple(_read_label(name, label) for name, label in found.items()),
        method if method in METHODS else None,
        aggregation if aggregation in AGGREGATIONS else "mean_abs",
        _count(about, "rows"),
        _count(about, "explained_rows"),
        _count(about, "evaluations"),
    )


def _label(label: LabelAttribution) -> Document:
    document: Document = {"global_shap_values": dict(label.values), "expected_value": label.expected}
    if label.intervals:
        document["intervals"] = {name: interval_document(interval) for name, interval in label.intervals.items()}
    return document


def _read_label(name: str, label: Any) -> LabelAttribution:
    where = f"{_FILE}: {name}"
    values = label.get("global_shap_values") if isinstance(label, dict) else None
    if not isinstance(values, dict) or not values:
        raise DocumentError(f"{where} has no global_shap_values.")
    intervals = label.get("intervals")
    return LabelAttribution(
        name,
        {feature: parse_number(value, f"{where}.{feature}") for feature, value in values.items()},
        parse_number(_scalar(label.get("expected_value")), f"{where}.expected_value"),
        {
            feature: read_interval(found, f"{where}.{feature}")
            for feature, found in (intervals if isinstance(intervals, dict) else {}).items()
        },
    )


def _scalar(value: object) -> object:
    """Clarify writes the expected value of one output as a list of one, at times."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _count(about: dict[str, Any], key: str) -> int:
    value = about.get(key, 0)
    return value if isinstance(value, int) else 0
