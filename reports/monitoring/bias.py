"""The report on bias: each group's metrics beside the baseline's, what they mean, and which rest on few rows."""

import math
from collections.abc import Mapping, Sequence

from monitors.analysis.bias import BiasViolation
from monitors.analysis.bias.drift import distance, group_key
from monitors.analysis.bias.metrics import FLIP_TEST_DESCRIPTION, METRICS
from monitors.analysis.bias.report import BiasReport, GroupBias, MetricValue
from monitors.bias import BiasFound
from monitors.runs import Subject
from reports.charts.bars import Bar, bars
from reports.documents import Document, Notice, Paragraph, Part, Section, Table
from reports.monitoring.subjects import report, verdict
from reports.numbers import interval, number

STAGES = {"pre_training": "The data", "post_training": "The predictions"}
WORSE = {"pre_training": "before training", "post_training": "after training"}


def bias_document(subject: Subject, found: BiasFound) -> Document:
    """The report of a run, or of a baseline, which has no violations to tell of."""
    groups = [group for facets in found.report.stages.values() for listed in facets.values() for group in listed]
    if found.before is None:
        first: Part = Notice("note", "A baseline", "What later data is held against: no verdict.")
    else:
        metrics = sum(len(group.metrics) for group in groups)
        named = [f"{item.metric_name} of {item.facet} = {item.facet_value}" for item in found.violations]
        first = verdict(len(found.violations), list(dict.fromkeys(named)), f"{number(metrics)} metrics")
    parts = [first, *few(found)]
    sections = [] if found.before is None else [_violations(found)]
    return report(subject, parts, [*sections, *measured(found)], facts=_facts(found))


def measured(found: BiasFound) -> list[Section]:
    """What was measured: the metrics of each group by stage, and what they mean."""
    sections = []
    for stage, facets in found.report.stages.items():
        made = [
            _group(found, stage, facet, group, violations=found.violations)
            for facet, listed in facets.items()
            for group in listed
        ]
        said = Paragraph(_stage(stage, found.report.label))
        sections.append(Section(STAGES[stage], (said, *_gone(facets)), made))
    return [*sections, _meanings(found.report)]


def _facts(found: BiasFound) -> list[tuple[str, str]]:
    config = found.config
    if config is None:
        return []
    facets = ", ".join(
        f"{facet.name}{' = ' + ', '.join(map(str, facet.values)) if facet.values else ''}" for facet in config.facets
    )
    pairs = [("Label", f"{config.label}; positive: {', '.join(map(str, config.label_values))}"), ("Facets", facets)]
    if config.predicted_label is not None:
        pairs.append(("Predictions", config.predicted_label))
    elif config.probability is not None:
        pairs.append(("Predictions", f"{config.probability} above {number(config.probability_threshold)}"))
    if config.group_variable is not None:
        pairs.append(("Strata", config.group_variable))
    if found.before is not None:
        rule = "|current| > |baseline|, as SageMaker Clarify has it"
        if found.mode == "distance":
            rule = f"further from the fair value than the baseline by more than {number(found.tolerance)}"
        pairs.append(("Drift", rule))
    return pairs


def few(found: BiasFound) -> list[Part]:
    """Groups whose metrics rest on few rows, said at the top."""
    small = [
        f"{facet} = {group.text} ({number(min(group.rows, group.others))} rows)"
        for facets in found.report.stages.values()
        for facet, groups in facets.items()
        for group in groups
        if group.small
    ]
    if not small:
        return []
    said = f"{_fewer(found)} rows on one side, so that chance may make these metrics"
    return [Notice("note", "Small groups", f"{said}: {'; '.join(dict.fromkeys(small))}.")]


def _fewer(found: BiasFound) -> str:
    return "Few" if found.config is None else f"Fewer than {found.config.smallest_group}"


def _violations(found: BiasFound) -> Section:
    if not found.violations:
        return Section("Violations", (Paragraph("There are none."),))
    rows = tuple(
        (
            f"{item.facet} = {item.facet_value}",
            f"{item.metric_name}, {WORSE[item.stage]}",
            number(item.expected),
            number(item.observed),
            number(item.threshold),
            "–" if item.interval is None else interval(item.interval.lower, item.interval.upper),
            number(item.sample_size),
        )
        for item in found.violations
    )
    columns = ("Group", "Metric", "Baseline", "Observed", "Allowed distance", "Interval", "Rows")
    caption = "Metrics that lie further from fair than the baseline allows"
    elsewhere = "All stand in constraint_violations.json."
    return Section("Violations", (Table(caption, columns, rows, frozenset({2, 3, 4, 5, 6}), elsewhere),))


def _stage(stage: str, label: str) -> str:
    if stage == "pre_training":
        return f"What the labels of {label} say of the groups, before any model."
    said = "What the model's predictions say of the groups. "
    return said + "0 is fair for every metric; DI, whose fair value is 1, is drawn as ln DI."


def _group(
    found: BiasFound, stage: str, facet: str, group: GroupBias, *, violations: Sequence[BiasViolation]
) -> Section:
    before = _before(found.before, stage, facet, group.text)
    bad = {
        item.metric_name
        for item in violations
        if (item.stage, item.facet, item.facet_value) == (stage, facet, group.text)
    }
    items = [
        _bar(metric, before.get(metric.name), found, bad=metric.name in bad)
        for metric in group.metrics
        if metric.value is not None
    ]
    said = f"{number(group.rows)} rows are in the group, {number(group.others)} are not"
    said += f"; {number(group.missing)} are left out because a value is missing." if group.missing else "."
    parts: list[Part] = [Paragraph(said)]
    if group.small:
        parts.append(Notice("note", "A small group", f"{_fewer(found)} rows on one side."))
    if items:
        caption = f"{facet} = {group.text}, {WORSE[stage]}"
        parts.append(bars(caption, items, measure="distance from fair, with its sign", subject="Metric"))
    return Section(f"{facet} = {group.text}", parts)


def _gone(facets: Mapping[str, Sequence[GroupBias]]) -> list[Part]:
    """Metrics without a value, the reason once however many groups share it."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for facet, groups in facets.items():
        for group in groups:
            for metric in group.metrics:
                if metric.value is None:
                    reasons.setdefault((metric.name, metric.error or "–"), []).append(f"{facet} = {group.text}")
    if not reasons:
        return []
    rows = tuple((name, why, ", ".join(groups)) for (name, why), groups in reasons.items())
    return [Table("Metrics that can't be computed", ("Metric", "Why", "Groups"), rows)]


def _before(before: BiasReport | None, stage: str, facet: str, text: str) -> dict[str, float | None]:
    if before is None:
        return {}
    groups = {
        name: listed
        for stage_of, facets in before.stages.items()
        if stage_of == stage
        for name, listed in facets.items()
    }
    alike = [group for group in groups.get(facet, ()) if group_key(group.text) == group_key(text)]
    return {metric.name: metric.value for group in alike for metric in group.metrics}


def _bar(metric: MetricValue, before: float | None, found: BiasFound, *, bad: bool) -> Bar:
    value = _signed(metric.name, metric.value)
    held = None if before is None else _signed(metric.name, before)
    threshold = None
    if held is not None and value is not None and found.before is not None and before is not None:
        allowed = abs(before) if found.mode == "aws" else distance(metric.name, before) + found.tolerance
        threshold = None if found.mode == "aws" and metric.name == "DI" else math.copysign(allowed, value)
    ends = None
    if metric.interval is not None:
        low, high = (_signed(metric.name, end) for end in (metric.interval.lower, metric.interval.upper))
        ends = None if low is None or high is None or not math.isfinite(low + high) else (low, high)
    return Bar("ln DI" if metric.name == "DI" else metric.name, value, held, threshold, ends, bad=bad)


def _signed(name: str, value: float | None) -> float | None:
    """The value itself, whose fair value is 0; of DI, whose fair value is 1, the logarithm."""
    if value is None or name != "DI":
        return value
    return -math.inf if value <= 0 else math.log(value)


def _meanings(found: BiasReport) -> Section:
    named = dict.fromkeys(
        metric.name
        for facets in found.stages.values()
        for groups in facets.values()
        for group in groups
        for metric in group.metrics
    )
    rows = tuple(
        (
            name,
            METRICS[name].description if name in METRICS else FLIP_TEST_DESCRIPTION,
            number(METRICS[name].fair if name in METRICS else 0.0),
        )
        for name in named
    )
    table = Table("Metrics of SageMaker Clarify", ("Metric", "Name", "Fair value"), rows, frozenset({2}))
    return Section("What the metrics are", (table,))
