"""Every bias metric of every group, from counts."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from monitors.analysis.bias import bootstrap
from monitors.analysis.bias.cells import cells_of
from monitors.analysis.bias.config import BiasConfig, Facet
from monitors.analysis.bias.counts import FACET, LABEL, PREDICTED, BiasCounts, probable
from monitors.analysis.bias.flip_test import FlipTest, flip_test
from monitors.analysis.bias.metrics import FLIP_TEST, FLIP_TEST_DESCRIPTION, METRICS, NAMES, Stage
from monitors.analysis.bias.splits import Values, groups, kind_of, label_text, numbers, plain, positive
from monitors.analysis.errors import DocumentError
from monitors.analysis.replicates import Interval
from monitors.analysis.sampling import RowSample

FLIP_ROWS = 20_000
"""Rows that FT is measured on at most: its time grows with the product of the groups' sizes."""


@dataclass(frozen=True)
class MetricValue:
    """A metric of one group: its value, or None and the reason; an interval if one was asked for."""

    name: str
    description: str
    value: float | None
    error: str | None = None
    interval: Interval | None = None


@dataclass(frozen=True)
class GroupBias:
    """All metrics of one group.

    Attributes:
        text: `value_or_threshold` of the file.
        rows: Rows in the group (that have a label, or a prediction in the post-training stage).
        others: Rows outside of it.
        missing: Rows whose facet, label or prediction is missing, which are left out.
        small: Whether the group or what it is compared with has fewer rows than the configuration's `smallest_group`.
    """

    text: str
    rows: int
    others: int
    missing: int
    small: bool
    metrics: tuple[MetricValue, ...]


@dataclass(frozen=True)
class BiasReport:
    """What `analysis.json` says: metrics by stage, facet and group."""

    label: str
    label_text: str
    rows: int
    stages: dict[Stage, dict[str, tuple[GroupBias, ...]]] = field(default_factory=dict)


def bias_counts(config: BiasConfig, part: int = 0) -> BiasCounts:
    """An empty state for `config`; parts that are counted apart and then merged need numbers of their own."""
    for stage, asked in (("pre_training", config.pre_training), ("post_training", config.post_training)):
        known = NAMES["pre_training" if stage == "pre_training" else "post_training"]
        unknown = [name for name in asked or () if name not in known]
        if unknown:
            raise DocumentError(
                f"There is no {stage} metric {', '.join(map(repr, unknown))}; there are {', '.join(known)}."
            )
    flips = config.has_predictions and FLIP_TEST in _asked(config, "post_training")
    return BiasCounts(config, sample=RowSample(None, FLIP_ROWS, config.seed, part) if flips else None)


def bias_report(
    data: BiasCounts | Any,
    config: BiasConfig | None = None,
    *,
    replicates: int = 0,
    confidence: float = 0.95,
) -> BiasReport:
    """The bias metrics of a data set.

    Rows without a label are left out of the pre-training metrics; those without a prediction, and, where a metric
    needs both, without a label, out of the post-training ones; those without a facet out of that facet's. Clarify
    itself counts such rows as negative and as outside of the group. A missing stratum is a stratum.

    Args:
        data: Counts, or a frame (of polars, pandas, or Arrow's) with the columns that `config` names.
        config: What is analysed; only with a frame.
        replicates: Bootstrap samples for intervals; 0 for none.
        confidence: Of the intervals.

    Raises:
        ColumnsError: A column is missing or can't be counted.
        DocumentError: The configuration does not fit the data.

    Example:
        >>> frame = pl.DataFrame({"sex": ["f", "m"] * 4, "hired": [0, 1, 0, 1, 1, 1, 0, 0]})
        >>> report = bias_report(frame, BiasConfig("hired", (1,), (Facet("sex", ("f",)),)))
        >>> [(m.name, m.value) for m in report.stages["pre_training"]["sex"][0].metrics if m.name == "DPL"]
        [('DPL', 0.5)]
    """
    if not isinstance(data, BiasCounts):
        if config is None:
            raise DocumentError("A frame needs a configuration that names its label and facets.")
        counts = bias_counts(config)
        counts.update(data)
        data = counts
    config = data.config
    first = config.facets[0].name
    column = data.column(first, LABEL)
    label_kind = kind_of(column, config.label_values, config.label_kind)
    report = BiasReport(config.label, label_text(column, label_kind, config.label_values), data.rows)
    for stage in NAMES:
        asked = _asked(config, stage)
        if asked and (stage == "pre_training" or config.has_predictions):
            report.stages[stage] = {
                facet.name: tuple(_facet(data, facet, stage, asked, replicates, confidence)) for facet in config.facets
            }
    return report


def _asked(config: BiasConfig, stage: Stage) -> tuple[str, ...]:
    asked = config.pre_training if stage == "pre_training" else config.post_training
    return NAMES[stage] if asked is None else tuple(name for name in NAMES[stage] if name in asked)


def _facet(
    data: BiasCounts, facet: Facet, stage: Stage, asked: tuple[str, ...], replicates: int, confidence: float
) -> list[GroupBias]:
    config = data.config
    column, label = data.column(facet.name, FACET), data.column(facet.name, LABEL)
    kind = kind_of(column, facet.values, facet.kind)
    label_kind = kind_of(label, config.label_values, config.label_kind)
    positive_label = positive(label.values, label_kind, config.label_values)
    positive_prediction = _positive_predictions(data, facet, label)
    made = []
    for group in groups(column, kind, facet.values):
        held = cells_of(data.table(facet.name), group.mask, positive_label, positive_prediction)
        intervals = bootstrap.intervals(held, asked, replicates, confidence, config.seed) if replicates else {}
        metrics = []
        for name in asked:
            if name == FLIP_TEST:
                flipped = _flips(data, facet, group.text)
                metrics.append(MetricValue(name, FLIP_TEST_DESCRIPTION, flipped.value, flipped.reason))
                continue
            metric = METRICS[name]
            value = float(metric.values(held.cells))
            reason = metric.reason(held.cells) if math.isnan(value) else None
            metrics.append(
                MetricValue(
                    *(name, metric.description, None if math.isnan(value) else value, reason),
                    None if math.isnan(value) else intervals.get(name),
                )
            )
        others, rows = held.sizes(stage)
        missing = data.rows - others - rows
        made.append(
            GroupBias(group.text, rows, others, missing, min(rows, others) < config.smallest_group, tuple(metrics))
        )
    return made


def _positive_predictions(data: BiasCounts, facet: Facet, label: Values) -> pl.Series | None:
    config = data.config
    if not config.has_predictions:
        return None
    column = data.column(facet.name, PREDICTED)
    if config.predicted_label is None:
        return column.values.cast(pl.Boolean)
    kind = kind_of(label, config.label_values, config.label_kind)
    if kind == "continuous" and numbers(column.values) is None:
        raise DocumentError(
            f"Label {config.label!r} is continuous, but predictions {config.predicted_label!r} are not numbers."
        )
    return positive(column.values, kind, config.label_values)


def _flips(data: BiasCounts, facet: Facet, text: str) -> FlipTest:
    """FT of one group, on the sampled rows that have a facet and a prediction."""
    config, sample = data.config, data.sample
    assert sample is not None, "bias_counts makes it where FT is asked for"
    rows = sample.rows
    if rows.is_empty():
        return FlipTest(None, "There are no rows.", 0)
    counted = data.column(facet.name, FACET)
    kind = kind_of(counted, facet.values, facet.kind)
    values = plain(rows[facet.name])
    if numbers(counted.values) is None and values.dtype != counted.values.dtype:
        values = values.cast(counted.values.dtype)
    # The interval's text depends on the largest value of all rows, the mask does not.
    sampled = Values(values, counted.different, counted.present, counted.whole)
    if kind == "categorical" and not facet.values:
        mask = values.cast(pl.String) == text if values.dtype != pl.Boolean else values == (text == "true")
    else:
        position = [group.text for group in groups(counted, kind, facet.values)].index(text)
        mask = groups(sampled, kind, facet.values)[position].mask
    if config.predicted_label is not None:
        label = data.column(facet.name, LABEL)
        said = positive(
            plain(rows[config.predicted_label]),
            kind_of(label, config.label_values, config.label_kind),
            config.label_values,
        )
    else:
        assert config.probability is not None
        said = probable(rows[config.probability], config.probability_threshold)
    held = mask.is_not_null() & said.is_not_null()
    no_features = {facet.name, config.label, config.predicted_label, config.probability, *config.excluded}
    features = rows.filter(held).select(name for name in rows.columns if name not in no_features)
    return flip_test(
        features,
        np.asarray(mask.filter(held).to_numpy(), dtype=bool),
        np.asarray(said.filter(held).to_numpy(), dtype=bool),
    )
