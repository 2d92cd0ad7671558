"""The report on attributions: what the predictions rest on, and whether the order of features is still the baseline's."""

from collections.abc import Sequence
from typing import Protocol

from monitors.analysis.attribution import AttributionDrift, AttributionReport, LabelAttribution
from monitors.runs import Subject
from reports.charts.bars import Bar, bars
from reports.charts.ranks import ranks
from reports.documents import Document, Notice, Paragraph, Part, Section, Table
from reports.monitoring.subjects import report, verdict
from reports.numbers import interval, number

MOST_BARS = 40
MEASURES = {"mean_abs": "mean |SHAP|", "median": "median SHAP", "mean_sq": "mean SHAP²"}


class AttributionFound(Protocol):
    """What the report is made of; `before` is the baseline's, where there is one."""

    @property
    def report(self) -> AttributionReport: ...  # noqa: D102  # the class says it
    @property
    def drifts(self) -> Sequence[AttributionDrift]: ...  # noqa: D102
    @property
    def before(self) -> AttributionReport | None: ...  # noqa: D102


def attribution_document(subject: Subject, found: AttributionFound) -> Document:
    """The report of a run, or of a baseline, which has no violations to tell of."""
    made = found.report
    if found.before is None:
        first: Part = Notice("note", "A baseline", "What later attributions are held against: no verdict.")
    else:
        drifted = [drift.label for drift in found.drifts if drift.drifted]
        first = verdict(len(drifted), drifted, f"{number(len(found.drifts))} outputs")
    facts = [
        ("Explainer", made.method or "not said"),
        ("Rows explained", f"{number(made.explained)} of {number(made.rows)}"),
        ("Rows the model was asked about", number(made.evaluations)),
    ]
    return report(subject, [first], measured(found), facts=facts)


def measured(found: AttributionFound) -> list[Section]:
    """What was measured: how much of the baseline's order is left, then each output with its features."""
    drifts = {drift.label: drift for drift in found.drifts}
    measure = MEASURES.get(found.report.aggregation, found.report.aggregation)
    order = [] if found.before is None else [_order(found.drifts)]
    return [*order, *(_label(label, drifts.get(label.label), measure) for label in found.report.labels)]


def _order(drifts: Sequence[AttributionDrift]) -> Section:
    rows = tuple(
        (
            drift.label,
            number(drift.ndcg),
            number(drift.threshold),
            "–" if drift.interval is None else interval(drift.interval.lower, drift.interval.upper),
            number(drift.sample_size),
            "yes" if drift.drifted else "no",
        )
        for drift in drifts
    )
    columns = ("Output", "NDCG", "Threshold", "Interval", "Rows", "violates")
    said = "NDCG is 1 while the features stand in the baseline's order, and falls with every one that leaves its place."
    table = Table("How much of the baseline's order is left", columns, rows, frozenset({1, 2, 3, 4}))
    return Section("Order of the features", (Paragraph(said), table))


def _label(label: LabelAttribution, drift: AttributionDrift | None, measure: str) -> Section:
    before = {} if drift is None else {change.name: change.baseline_value for change in drift.features}
    ranked = sorted(label.values, key=lambda name: (-abs(label.values[name]), name))[:MOST_BARS]
    items = []
    for name in ranked:
        held = label.intervals.get(name)
        ends = None if held is None else (held.lower, held.upper)
        items.append(Bar(name, label.values[name], before.get(name), interval=ends))
    parts: list[Part] = [Paragraph(f"Where nothing is known of a row, the model says {number(label.expected)}.")]
    if items:
        parts.append(bars(f"What {label.label} rests on", items, measure=measure))
    if drift is not None:
        now = {change.name: abs(change.value) for change in drift.features}
        then = {change.name: abs(change.baseline_value) for change in drift.features}
        parts.append(ranks(f"Ranks of the features of {label.label}", then, now, measure=measure))
    return Section(label.label, parts)
