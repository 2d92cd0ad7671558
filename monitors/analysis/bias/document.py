"""`analysis.json` of a bias analysis, in the format of SageMaker Clarify.

Format: "SageMaker Clarify Analysis Results" in the SageMaker developer guide;
`docs/reference/schemas/analysis_bias.schema.json`.
"""

from typing import Any, cast

from monitors.analysis.bias.metrics import NAMES, Stage
from monitors.analysis.bias.report import BiasReport, GroupBias, MetricValue
from monitors.analysis.errors import DocumentError
from monitors.analysis.jsonfile import Document, dump, load, number, parse_number
from monitors.analysis.replicates import interval_document, read_interval

VERSION = "1.0"
_FILE = "analysis.json"


def analysis_document(report: BiasReport) -> Document:
    """The whole of `analysis.json`; what is ours beside Clarify's keys is marked in the schema."""
    document: Document = {"version": VERSION}
    for stage, facets in report.stages.items():
        document[f"{stage}_bias_metrics"] = {
            "label": report.label,
            "label_value_or_threshold": report.label_text,
            "rows": report.rows,
            "facets": {name: [_group(group) for group in groups] for name, groups in facets.items()},
        }
    return document


def analysis_to_json(report: BiasReport) -> bytes:
    """The bytes of `analysis.json`: strict JSON, the same for the same report."""
    return dump(analysis_document(report))


def parse_analysis(data: bytes | str) -> BiasReport:
    """Read an `analysis.json`, ours or Clarify's; parts of it that are not about bias are passed over.

    Raises:
        DocumentError: It is not JSON, not of the format, or says nothing of bias.
    """
    document = load(data, _FILE)
    stages: dict[Stage, dict[str, tuple[GroupBias, ...]]] = {}
    label = label_text = ""
    rows = 0
    for stage in NAMES:
        section = document.get(f"{stage}_bias_metrics")
        if section is None:
            continue
        where = f"{_FILE}: {stage}_bias_metrics"
        if not isinstance(section, dict) or not isinstance(section.get("facets"), dict):
            raise DocumentError(f"{where} is not an object with `facets`.")
        label, label_text = str(section.get("label", "")), str(section.get("label_value_or_threshold", ""))
        rows = int(section.get("rows", 0))
        stages[stage] = {
            name: tuple(_read_group(group, f"{where}.{name}") for group in _list(groups, f"{where}.{name}"))
            for name, groups in section["facets"].items()
        }
    if not stages:
        raise DocumentError(f"{_FILE} has neither pre_training_bias_metrics nor post_training_bias_metrics.")
    return BiasReport(label, label_text, rows, stages)


def _group(group: GroupBias) -> Document:
    return {
        "value_or_threshold": group.text,
        "metrics": [_metric(metric) for metric in group.metrics],
        "rows": group.rows,
        "other_rows": group.others,
        "missing_rows": group.missing,
        "small_group": group.small,
    }


def _metric(metric: MetricValue) -> Document:
    document: Document = {
        "name": metric.name,
        "description": metric.description,
        "value": None if metric.value is None else number(metric.value),
    }
    if metric.error is not None:
        document["error"] = metric.error
    if metric.interval is not None:
        document["interval"] = interval_document(metric.interval)
    return document


def _read_group(group: Any, where: str) -> GroupBias:
    if not isinstance(group, dict) or "value_or_threshold" not in group:
        raise DocumentError(f"{where} holds what is no object with a `value_or_threshold`.")
    text = str(group["value_or_threshold"])
    metrics = tuple(_read_metric(metric, f"{where} {text}") for metric in _list(group.get("metrics", []), where))
    rows, others, missing = (int(group.get(key, 0)) for key in ("rows", "other_rows", "missing_rows"))
    return GroupBias(text, rows, others, missing, bool(group.get("small_group", False)), metrics)


def _read_metric(metric: Any, where: str) -> MetricValue:
    if not isinstance(metric, dict) or not isinstance(metric.get("name"), str):
        raise DocumentError(f"{where} holds what is no metric with a `name`.")
    value, found = metric.get("value"), metric.get("interval")
    interval = read_interval(found, f"{where} {metric['name']}") if isinstance(found, dict) else None
    return MetricValue(
        metric["name"],
        str(metric.get("description", "")),
        None if value is None else parse_number(value, f"{where} {metric['name']}"),
        cast("str | None", metric.get("error")),
        interval,
    )


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise DocumentError(f"{where} is not a list.")
    return value
