"""The 8 pre-training and 13 post-training bias metrics, each a function of counts.

A group of interest d (the facet is true) is held against all others, a. Counts are arrays whose last axes are facet
(0: a, 1: d), label and prediction (0: negative, 1: positive); axes before them, such as bootstrap replicates, are kept.
Where a metric is undefined its value is NaN, and `reason` says why.

Sources: "Pre-training Bias Metrics" and "Post-training Data and Model Bias Metrics" in the SageMaker developer guide;
Hardt et al., "Amazon SageMaker Clarify: Machine Learning Bias Detection and Explainability in the Cloud" (KDD 2021).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]
Stage = Literal["pre_training", "post_training"]

NO_GROUP = "The group is empty: no row has the facet's value."
NO_OTHERS = "The group holds every row: there is nothing to compare it with."
NO_STRATA = "A group variable is needed, and none was given."
ONE_SIDED = "All {what} are {side}; the disparity between accepted and rejected needs both."
NO_COMMON = "The two groups have no {what} value in common."
ALL_FALSE_NEGATIVES = "Every prediction is a false negative, so that the mean benefit is 0."
NO_ROWS = "No row has all the columns that the metric needs."


@dataclass(frozen=True)
class Cells:
    """Counts of rows that one group's metrics are made of.

    Attributes:
        labels: (…, facet, label), over rows with a label.
        predictions: (…, facet, prediction), over rows with a prediction; None without predictions.
        both: (…, facet, label, prediction), over rows with both.
        strata_labels: (…, stratum, facet, label); None without a group variable.
        strata_predictions: (…, stratum, facet, prediction).
    """

    labels: Counts
    predictions: Counts | None = None
    both: Counts | None = None
    strata_labels: Counts | None = None
    strata_predictions: Counts | None = None


@dataclass(frozen=True)
class Metric:
    """One bias metric: `compute` gives its values from counts, NaN where it is undefined.

    `needs` names the counts that it is made of, `description` is the file's.
    """

    name: str
    description: str
    stage: Stage
    needs: Literal["labels", "predictions", "both", "strata_labels", "strata_predictions"]
    compute: Callable[[Any], Counts]
    fair: float = 0.0

    def values(self, cells: Cells) -> Counts:
        """The metric of each set of counts."""
        counts = getattr(cells, self.needs)
        if counts is None:
            return np.full(cells.labels.shape[:-2], np.nan)
        # Of counts over both, facet and the rest stand last; strata stand before the facet.
        axes = {"both": (-2, -1), "strata_labels": (-3, -1), "strata_predictions": (-3, -1)}.get(self.needs, (-1,))
        sizes = counts.sum(axis=axes)
        values = self.compute(counts)
        return np.where((sizes > 0).all(axis=-1) if self.name != "GE" else sizes.sum(axis=-1) > 0, values, np.nan)

    def reason(self, cells: Cells) -> str | None:
        """Why the metric of one set of counts is undefined; None when it is not."""
        counts = getattr(cells, self.needs)
        if counts is None:
            return NO_STRATA if self.needs.startswith("strata") else NO_ROWS
        if not np.isnan(self.values(cells)):
            return None
        if counts.sum() == 0:
            return NO_ROWS
        if self.name == "GE":
            return ALL_FALSE_NEGATIVES
        axes = {"both": (-2, -1), "strata_labels": (-3, -1), "strata_predictions": (-3, -1)}.get(self.needs, (-1,))
        others, group = counts.sum(axis=axes)
        if group == 0:
            return NO_GROUP
        if others == 0:
            return NO_OTHERS
        what = "labels" if self.stage == "pre_training" else "predictions"
        if self.needs.startswith("strata"):
            side = "negative" if counts[..., 1].sum() == 0 else "positive"
            return ONE_SIDED.format(what=what, side=side)
        return NO_COMMON.format(what="label")


def divide(numerator: Counts, denominator: Counts) -> Counts:
    """The ratio with 0/0 = 0 and x/0 = ±∞."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = numerator / denominator
    return np.where((numerator == 0) & (denominator == 0), 0.0, ratio)


def difference(left: Counts, right: Counts) -> Counts:
    """The difference with ∞ − ∞ = 0: two groups equally far gone do not differ."""
    with np.errstate(invalid="ignore"):
        return np.where(left == right, 0.0, left - right)


def _ci(n: Counts) -> Counts:
    size = n.sum(axis=-1)
    return divide(size[..., 0] - size[..., 1], size.sum(axis=-1))


def _shares(n: Counts) -> tuple[Counts, Counts]:
    """Distributions of the label in a and d; classes that one of them lacks are 0 in both, as Clarify leaves them out."""
    shares = divide(n, n.sum(axis=-1, keepdims=True))
    common = (shares > 0).all(axis=-2)
    return np.where(common, shares[..., 0, :], 0.0), np.where(common, shares[..., 1, :], 0.0)


def _defined(pa: Counts, values: Counts) -> Counts:
    return np.where((pa > 0).any(axis=-1), values, np.nan)


def _divergence(p: Counts, q: Counts) -> Counts:
    """Σ p ln(p/q) over the classes that both have."""
    held = (p > 0) & (q > 0)
    return np.asarray(np.sum(np.where(held, p * np.log(np.where(held, p, 1.0) / np.where(held, q, 1.0)), 0.0), axis=-1))


def _kl(n: Counts) -> Counts:
    pa, pd = _shares(n)
    return _defined(pa, _divergence(pa, pd))


def _js(n: Counts) -> Counts:
    pa, pd = _shares(n)
    middle = 0.5 * (pa + pd)
    return _defined(pa, 0.5 * (_divergence(pa, middle) + _divergence(pd, middle)))


def _lp(n: Counts) -> Counts:
    pa, pd = _shares(n)
    return _defined(pa, np.sqrt(np.square(pa - pd).sum(axis=-1)))


def _tvd(n: Counts) -> Counts:
    pa, pd = _shares(n)
    return _defined(pa, 0.5 * np.abs(pa - pd).sum(axis=-1))


def _ks(n: Counts) -> Counts:
    pa, pd = _shares(n)
    return _defined(pa, np.abs(pa - pd).max(axis=-1))


def _rates(n: Counts) -> tuple[Counts, Counts]:
    """Shares of positives in a and in d."""
    rate = divide(n[..., 1], n.sum(axis=-1))
    return rate[..., 0], rate[..., 1]


def _dpl(n: Counts) -> Counts:
    a, d = _rates(n)
    return a - d


def _di(n: Counts) -> Counts:
    a, d = _rates(n)
    return divide(d, a)


def _cdd(n: Counts) -> Counts:
    """(1/n) Σ nᵢ (nd0ᵢ/n0ᵢ − nd1ᵢ/n1ᵢ) over strata i; NaN when all are accepted or all are rejected."""
    outcomes = n.sum(axis=-2)
    shares = divide(n[..., 1, :], outcomes)
    disparity = shares[..., 0] - shares[..., 1]
    sizes = outcomes.sum(axis=-1)
    mean = divide((sizes * disparity).sum(axis=-1), sizes.sum(axis=-1))
    return np.where((outcomes.sum(axis=-2) > 0).all(axis=-1), mean, np.nan)


def _between(
    numerator: Callable[[Counts], Counts], denominator: Callable[[Counts], Counts], sign: int
) -> Callable[[Counts], Counts]:
    """A ratio's difference between the groups: a − d for sign 1, d − a for −1. The functions get (…, label, prediction)."""

    def compute(n: Counts) -> Counts:
        a, d = (divide(numerator(n[..., side, :, :]), denominator(n[..., side, :, :])) for side in (0, 1))
        return difference(a, d) if sign > 0 else difference(d, a)

    return compute


def _total(n: Counts) -> Counts:
    return np.asarray(n.sum(axis=(-2, -1)))


def _ge(n: Counts) -> Counts:
    """Generalised entropy of the benefits b = ŷ − y + 1 with α = 2, over all rows: (1/2N) Σ ((b/b̄)² − 1)."""
    whole = n.sum(axis=-3)
    ones = whole[..., 0, 0] + whole[..., 1, 1]
    twos = whole[..., 0, 1]
    size = _total(whole)
    mean = divide(ones + 2 * twos, size)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (divide(ones + 4 * twos, size) / np.square(mean) - 1) / 2
    return np.where(mean > 0, value, np.nan)


def _listed(*metrics: Metric) -> Mapping[str, Metric]:
    return {metric.name: metric for metric in sorted(metrics, key=lambda metric: metric.name)}


# The descriptions are those of Clarify's files, one misspelt name included, so that files compare equal.
METRICS: Mapping[str, Metric] = _listed(
    Metric("CI", "Class Imbalance (CI)", "pre_training", "labels", _ci),
    Metric("DPL", "Difference in Positive Proportions in Labels (DPL)", "pre_training", "labels", _dpl),
    Metric("KL", "Kullback-Liebler Divergence (KL)", "pre_training", "labels", _kl),
    Metric("JS", "Jensen-Shannon Divergence (JS)", "pre_training", "labels", _js),
    Metric("LP", "L-p Norm (LP)", "pre_training", "labels", _lp),
    Metric("TVD", "Total Variation Distance (TVD)", "pre_training", "labels", _tvd),
    Metric("KS", "Kolmogorov-Smirnov Distance (KS)", "pre_training", "labels", _ks),
    Metric("CDDL", "Conditional Demographic Disparity in Labels (CDDL)", "pre_training", "strata_labels", _cdd),
    Metric(
        *("DPPL", "Difference in Positive Proportions in Predicted Labels (DPPL)", "post_training", "predictions"),
        compute=_dpl,
    ),
    Metric("DI", "Disparate Impact (DI)", "post_training", "predictions", _di, fair=1.0),
    Metric(
        *("CDDPL", "Conditional Demographic Disparity in Predicted Labels (CDDPL)", "post_training"),
        needs="strata_predictions",
        compute=_cdd,
    ),
    Metric(
        *("DCA", "Difference in Conditional Acceptance (DCA)", "post_training", "both"),
        compute=_between(lambda n: n[..., 1, :].sum(axis=-1), lambda n: n[..., :, 1].sum(axis=-1), 1),
    ),
    Metric(
        *("DCR", "Difference in Conditional Rejection (DCR)", "post_training", "both"),
        compute=_between(lambda n: n[..., 0, :].sum(axis=-1), lambda n: n[..., :, 0].sum(axis=-1), -1),
    ),
    Metric(
        *("RD", "Recall Difference (RD)", "post_training", "both"),
        compute=_between(lambda n: n[..., 1, 1], lambda n: n[..., 1, :].sum(axis=-1), 1),
    ),
    Metric(
        *("SD", "Specificity Difference (SD)", "post_training", "both"),
        compute=_between(lambda n: n[..., 0, 0], lambda n: n[..., 0, :].sum(axis=-1), -1),
    ),
    Metric(
        *("DAR", "Difference in Acceptance Rates (DAR)", "post_training", "both"),
        compute=_between(lambda n: n[..., 1, 1], lambda n: n[..., :, 1].sum(axis=-1), 1),
    ),
    Metric(
        *("DRR", "Difference in Rejection Rates (DRR)", "post_training", "both"),
        compute=_between(lambda n: n[..., 0, 0], lambda n: n[..., :, 0].sum(axis=-1), -1),
    ),
    Metric(
        *("AD", "Accuracy Difference (AD)", "post_training", "both"),
        compute=_between(lambda n: n[..., 0, 0] + n[..., 1, 1], _total, 1),
    ),
    Metric(
        *("TE", "Treatment Equality (TE)", "post_training", "both"),
        compute=_between(lambda n: n[..., 1, 0], lambda n: n[..., 0, 1], -1),
    ),
    Metric("GE", "Generalized Entropy (GE)", "post_training", "both", _ge),
)

FLIP_TEST = "FT"
FLIP_TEST_DESCRIPTION = "Flip Test (FT)"

NAMES: Mapping[Stage, tuple[str, ...]] = {
    "pre_training": tuple(name for name, metric in METRICS.items() if metric.stage == "pre_training"),
    "post_training": tuple(
        sorted([FLIP_TEST, *(name for name, metric in METRICS.items() if metric.stage == "post_training")])
    ),
}
