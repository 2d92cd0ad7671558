"""A feature's values now over its values in the baseline."""

import numpy as np

from monitors.analysis.sketch import QuantileSketch
from monitors.analysis.statistics import Categories, Statistics
from reports.charts.distributions import categories, histogram
from reports.documents import Figure

BINS = 20


def sensitive_names(statistics: Statistics) -> set[str]:
    """The features of which only counts may be told."""
    features = statistics.document.get("features", [])
    return {feature["name"] for feature in features if feature.get("sensitive")}


def overlay(statistics: Statistics, before: Statistics | None, name: str) -> Figure | None:
    """The picture of a feature; None where there is nothing to draw, or numbers now and texts then."""
    feature = statistics.features[name]
    known = None if before is None else before.features.get(name)
    if feature.numerical is not None and feature.numerical.sketch is not None:
        then = None
        if known is not None:
            if known.numerical is None or known.numerical.sketch is None:
                return None
            then = known.numerical.sketch
        return _numeric(name, feature.numerical.sketch, then)
    if feature.categories is not None:
        if known is not None and known.categories is None:
            return None
        return categories(
            name,
            _shares(feature.categories),
            None if known is None or known.categories is None else _shares(known.categories),
        )
    return None


def _numeric(name: str, now: QuantileSketch, before: QuantileSketch | None) -> Figure | None:
    """Shares by bins of equal width over both ranges; whole numbers over a narrow range have a bin each."""
    held = [sketch.weighted_items()[0] for sketch in (now, before) if sketch is not None and sketch.total_weight]
    items = np.concatenate([values[np.isfinite(values)] for values in held]) if held else np.empty(0)
    if not items.size or not now.total_weight:
        return None
    low, high = float(items.min()), float(items.max())
    if low == high:
        edges = np.array([low - 0.5, high + 0.5])
    elif high - low < BINS and bool(np.all(items == np.floor(items))):
        edges = np.arange(low - 0.5, high + 1.0)
    else:
        edges = np.linspace(low, high, BINS + 1)
    then = None if before is None or not before.total_weight else _binned(before, edges)
    return histogram(name, edges.tolist(), _binned(now, edges), then)


def _binned(sketch: QuantileSketch, edges: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[float]:
    ranks = sketch.ranks(edges, inclusive=False).astype(np.float64)
    ranks[-1] = sketch.ranks(edges[-1:], inclusive=True)[0]
    shares: list[float] = (np.diff(ranks) / sketch.total_weight).tolist()
    return shares


def _shares(counted: Categories) -> dict[str, float]:
    total = counted.total or 1
    return {text: count / total for text, count in counted.counts.items()}
