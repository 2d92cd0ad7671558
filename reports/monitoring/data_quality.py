"""The report on a data set: what violates, how far each feature lies from its baseline, what its values look like."""

import math
from collections.abc import Sequence

from monitors.analysis import Statistics, Violation, compare
from monitors.analysis.comparison import FeatureDrift
from monitors.analysis.statistics import FeatureStatistics
from monitors.data_quality import DataFound
from monitors.runs import Subject
from reports.charts.bars import Bar, bars
from reports.documents import Document, Figures, Notice, Paragraph, Part, Section, Table
from reports.monitoring.features import overlay, sensitive_names
from reports.monitoring.subjects import report, verdict
from reports.numbers import interval, number, percent

MOST_BARS = 40
MOST_PICTURES = 12
MOST_NEW = 10


def data_document(subject: Subject, found: DataFound) -> Document:
    """The report of a run, or of a baseline, which has no violations to tell of."""
    statistics, before = found.statistics, found.before
    hidden = hidden_names(found)
    drifts = measured_drifts(found)
    parts: list[Part] = []
    sections: list[Section] = []
    if before is None:
        asked = f"{number(len(found.constraints.features))} features have constraints that later data must satisfy."
        parts.append(Notice("note", "A baseline", asked))
    else:
        names = list(dict.fromkeys(item.feature_name for item in found.violations))
        parts.append(verdict(len(found.violations), names, f"{number(len(statistics.features))} features"))
        sections.append(_violations(found.violations, hidden))
    parts += broken(statistics)
    sections += compared(found, drifts)
    chosen = _chosen(found, drifts)
    pictures = [overlay(statistics, before, name) for name in chosen if name not in hidden]
    shown = tuple(picture for picture in pictures if picture is not None)
    if shown:
        sections.append(
            Section("What the values look like", (Paragraph(_which(statistics, before, len(shown))), Figures(shown)))
        )
    sections.append(_features(statistics, hidden))
    facts = [("Counted, never listed", ", ".join(sorted(hidden)))] if hidden else []
    return report(subject, parts, sections, facts=facts)


def hidden_names(found: DataFound) -> set[str]:
    """The features of which only counts may be told, because of the data or of its baseline."""
    return sensitive_names(found.statistics) | (set() if found.before is None else sensitive_names(found.before))


def measured_drifts(found: DataFound) -> list[FeatureDrift]:
    """How far each feature that may be told of lies from the baseline; none of a baseline."""
    if found.before is None:
        return []
    hidden = hidden_names(found)
    return [drift for drift in compare(found.statistics, found.before) if drift.name not in hidden]


def compared(found: DataFound, drifts: Sequence[FeatureDrift]) -> list[Section]:
    """All features at a glance: their distances from the baseline, and where values are missing."""
    distances = [_distances(found, drifts)] if drifts else []
    return [*distances, _missing(found.statistics, found.before)]


def _violations(violations: Sequence[Violation], hidden: set[str]) -> Section:
    if not violations:
        return Section("Violations", (Paragraph("There are none."),))
    rows = tuple(
        (
            item.feature_name,
            item.constraint_check_type.removesuffix("_check").replace("_", " "),
            "(not listed)" if item.feature_name in hidden else _expected(item.expected),
            number(item.observed),
            number(item.threshold),
            "–" if item.interval is None else interval(*item.interval),
            number(item.sample_size),
        )
        for item in violations
    )
    columns = ("Feature", "Check", "Expected", "Observed", "Threshold", "Interval", "Values")
    elsewhere = "All stand in constraint_violations.json."
    table = Table("Where the data breaks its constraints", columns, rows, frozenset({3, 4, 5, 6}), elsewhere)
    said = [
        (item.feature_name, item.description)
        for item in violations
        if item.feature_name not in hidden and item.constraint_check_type != "baseline_drift_check"
    ]
    unknown = [
        (item.feature_name, ", ".join(item.unexpected[:MOST_NEW]))
        for item in violations
        if item.unexpected and item.feature_name not in hidden
    ]
    parts: list[Part] = [table]
    if said:
        parts.append(Table("In words", ("Feature", "What was found"), tuple(said), elsewhere=elsewhere))
    if unknown:
        parts.append(
            Table("Values that the baseline does not know", ("Feature", "Most frequent first"), tuple(unknown))
        )
    return Section("Violations", parts)


def _expected(expected: object) -> str:
    if isinstance(expected, bool) or expected is None:
        return "–" if expected is None else str(expected)
    if isinstance(expected, int | float):
        return number(expected)
    if isinstance(expected, str):
        return expected
    values = [str(value) for value in expected] if isinstance(expected, Sequence) else [str(expected)]
    return ", ".join(values[:MOST_NEW]) + (f" and {len(values) - MOST_NEW} more" if len(values) > MOST_NEW else "")


def _distances(found: DataFound, drifts: Sequence[FeatureDrift]) -> Section:
    bad = {item.feature_name for item in found.violations if item.constraint_check_type == "baseline_drift_check"}
    ranked = sorted(drifts, key=lambda drift: (-drift.linf, drift.name))
    items = [
        Bar(
            drift.name, drift.linf, threshold=threshold_of(found, drift), interval=drift.interval, bad=drift.name in bad
        )
        for drift in ranked[:MOST_BARS]
    ]
    said = (
        "The largest difference between the distributions then and now, from 0 (the same) to 1. "
        "A robust comparison takes off what chance may do before it holds the rest against the threshold."
    )
    parts: list[Part] = [
        Paragraph(said),
        bars("Distance of each feature from its baseline", items, measure="L∞ distance"),
    ]
    rows = tuple(
        (
            drift.name,
            number(drift.linf),
            number(drift.linf_robust),
            number(drift.distances.psi),
            number(drift.distances.jensen_shannon),
            number(drift.distances.p_value),
            number(drift.adjusted_p_value),
        )
        for drift in ranked
    )
    columns = ("Feature", "L∞", "L∞ robust", "PSI", "Jensen–Shannon", "p", "p adjusted")
    numeric = frozenset(range(1, 7))
    parts.append(Table("Every distance that is measured", columns, rows, numeric, "Ask for drift.json (--drift)."))
    moved = tuple(
        (drift.name, _some(drift.new_categories), _some(drift.vanished_categories))
        for drift in ranked
        if drift.new_categories or drift.vanished_categories
    )
    if moved:
        parts.append(
            Table(
                "Values that came and went",
                ("Feature", "New", "Vanished"),
                moved,
                elsewhere="Ask for drift.json (--drift).",
            )
        )
    return Section("Distance from the baseline", parts)


def threshold_of(found: DataFound, drift: FeatureDrift) -> float | None:
    """What a feature's distance is held against; None where it is held against nothing."""
    return found.constraints.drift_threshold(drift.name, numeric=drift.kind == "numeric")


def _some(values: Sequence[str]) -> str:
    shown = ", ".join(values[:MOST_NEW])
    return f"{shown} and {len(values) - MOST_NEW} more" if len(values) > MOST_NEW else shown or "–"


def _missing(statistics: Statistics, before: Statistics | None) -> Section:
    def share(held: Statistics, name: str) -> float:
        feature = held.features.get(name)
        return math.nan if feature is None else 1 - feature.completeness

    names = [
        *statistics.features,
        *(name for name in (before.features if before else {}) if name not in statistics.features),
    ]
    pairs = {name: (share(statistics, name), None if before is None else share(before, name)) for name in names}
    some = {
        name: pair
        for name, pair in pairs.items()
        if any(value and not math.isnan(value) for value in pair if value is not None)
    }
    if not some:
        return Section("Missing values", (Paragraph("No feature has missing values."),))
    ranked = sorted(some.items(), key=lambda item: (-(item[1][0] if not math.isnan(item[1][0]) else 0), item[0]))
    items = [Bar(name, now, then) for name, (now, then) in ranked[:MOST_BARS]]
    return Section("Missing values", (bars("Share of rows without a value", items, measure="share missing"),))


def broken(statistics: Statistics) -> list[Part]:
    """A notice of lines that could not be read, if there are any."""
    dataset = statistics.document.get("dataset", {})
    broken = dataset.get("broken_lines") if isinstance(dataset, dict) else None
    if not isinstance(broken, dict):
        return []
    return [
        Notice(
            "note",
            f"{number(broken['count'])} lines could not be read",
            "They are left out; statistics.json names some.",
        )
    ]


def _chosen(found: DataFound, drifts: Sequence[FeatureDrift]) -> list[str]:
    """Which features are drawn: those that violate, then those that lie furthest away, then in the data's order."""
    named = [
        *(item.feature_name for item in found.violations),
        *(drift.name for drift in sorted(drifts, key=lambda drift: (-drift.linf, drift.name))),
        *found.statistics.features,
    ]
    return [name for name in dict.fromkeys(named) if name in found.statistics.features][:MOST_PICTURES]


def _which(statistics: Statistics, before: Statistics | None, shown: int) -> str:
    if shown == len(statistics.features):
        return "Every feature."
    if before is None:
        return f"The first {shown} of {number(len(statistics.features))} features."
    return f"{shown} of {number(len(statistics.features))} features: those that violate, then those furthest from the baseline."


def _features(statistics: Statistics, hidden: set[str]) -> Section:
    rows = tuple(_row(feature, listed=feature.name not in hidden) for feature in statistics.features.values())
    columns = ("Feature", "Type", "Values", "Missing", "Mean", "Deviation", "Least", "Greatest", "Different")
    table = Table("Statistics", columns, rows, frozenset(range(2, 9)), "All stand in statistics.json.")
    return Section("All features", (table,))


def _row(feature: FeatureStatistics, *, listed: bool) -> tuple[str, ...]:
    numerical = feature.numerical if listed else None
    numbers = ("–",) * 4
    if numerical is not None:
        numbers = (number(numerical.mean), number(numerical.std_dev), number(numerical.min), number(numerical.max))
    missing = percent(1 - feature.completeness)
    return (
        feature.name,
        feature.inferred_type,
        number(feature.present),
        missing,
        *numbers,
        number(feature.distinct_count),
    )
