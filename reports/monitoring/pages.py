"""What a monitor's run found, as the explorer's page of it shows: all at a glance, then feature by feature."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from monitors.analysis.comparison import FeatureDrift
from monitors.analysis.sketch import QuantileSketch
from monitors.analysis.statistics import FeatureStatistics
from monitors.attribution import AttributionFound
from monitors.bias import BiasFound
from monitors.data_quality import DataFound
from monitors.findings import Found
from monitors.model_quality import QualityFound
from reports.documents import Figure, Part, Section, Table
from reports.monitoring import attribution, bias, data_quality, model_quality
from reports.monitoring.data_quality import compared, hidden_names, measured_drifts, threshold_of
from reports.monitoring.features import overlay
from reports.numbers import number, percent

QUANTILES = ((0.25, "First quartile"), (0.5, "Median"), (0.75, "Third quartile"))


@dataclass(frozen=True, slots=True)
class Overview:
    """A run at a glance.

    Attributes:
        notices: What a reader must not miss.
        sections: What was measured.
        features: The names of all features in the order of interest; none of a monitor that looks at none.
        drifts: How far they lie from the baseline, by name.
        violating: The names of those that violate.
    """

    notices: Sequence[Part]
    sections: Sequence[Section]
    features: tuple[str, ...] = ()
    drifts: dict[str, FeatureDrift] | None = None
    violating: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FeaturePage:
    """A feature now, over what it was in the baseline.

    Attributes:
        distance: From the baseline, 0 to 1; None where there is none to tell.
        threshold: What the distance is held against.
        statistics: Counts, moments and quantiles, now and then.
        figure: What its values look like; None where only counts may be told, or there are no values.
    """

    name: str
    type: str
    violates: bool
    distance: float | None
    threshold: float | None
    statistics: Table
    figure: Figure | None


def overview(found: Found) -> Overview:
    """What a run found, at a glance."""
    match found:
        case DataFound():
            drifts = measured_drifts(found)
            by_name = {drift.name: drift for drift in drifts}
            violating = frozenset(item.feature_name for item in found.violations)
            names = dict.fromkeys(item.feature_name for item in found.violations)
            names |= dict.fromkeys(drift.name for drift in sorted(drifts, key=lambda drift: (-drift.linf, drift.name)))
            names |= dict.fromkeys(found.statistics.features)
            features = tuple(name for name in names if name in found.statistics.features)
            notices = data_quality.broken(found.statistics)
            return Overview(notices, compared(found, drifts), features, by_name, violating)
        case QualityFound():
            return Overview((), model_quality.measured(found))
        case BiasFound():
            return Overview(bias.few(found), bias.measured(found))
        case AttributionFound():
            return Overview((), attribution.measured(found))


def feature_page(found: DataFound, seen: Overview, name: str) -> FeaturePage:
    """One feature of a data set."""
    feature = found.statistics.features[name]
    before = None if found.before is None else found.before.features.get(name)
    hidden = name in hidden_names(found)
    drift = (seen.drifts or {}).get(name)
    return FeaturePage(
        name,
        feature.inferred_type,
        name in seen.violating,
        None if drift is None else drift.linf,
        None if drift is None else threshold_of(found, drift),
        _statistics(feature, before, told=not hidden),
        None if hidden else overlay(found.statistics, found.before, name),
    )


def _statistics(now: FeatureStatistics, before: FeatureStatistics | None, *, told: bool) -> Table:
    sides = [_told(now, told=told), *([] if before is None else [_told(before, told=told)])]
    names = [name for name in sides[0] if any(side.get(name, "–") != "–" for side in sides)]
    rows = tuple((name, *(side.get(name, "–") for side in sides)) for name in names)
    columns = ("Statistic", "now", *([] if before is None else ["baseline"]))
    return Table(f"Statistics of {now.name}", columns, rows, frozenset(range(1, len(columns))))


def _told(feature: FeatureStatistics, *, told: bool) -> dict[str, str]:
    missing = 1 - feature.completeness
    said = {
        "Values": number(feature.present),
        "Missing": "–" if math.isnan(missing) else percent(missing),
        "Different values": number(feature.distinct_count),
    }
    numerical = feature.numerical if told else None
    if numerical is None:
        return {
            **said,
            **dict.fromkeys(["Mean", "Deviation", "Least", *(name for _, name in QUANTILES), "Greatest"], "–"),
        }
    sketch = numerical.sketch
    quantiles = {
        name: "–" if sketch is None or not sketch.total_weight else number(_quantile(sketch, share))
        for share, name in QUANTILES
    }
    return {
        **said,
        "Mean": number(numerical.mean),
        "Deviation": number(numerical.std_dev),
        "Least": number(numerical.min),
        **quantiles,
        "Greatest": number(numerical.max),
    }


def _quantile(sketch: QuantileSketch, share: float) -> float:
    """The least value that at least this share of the values does not exceed."""
    items, weights = sketch.weighted_items()
    return float(items[np.searchsorted(np.cumsum(weights), share * sketch.total_weight)])
