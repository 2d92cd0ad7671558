"""Probabilities of the positive class against the truth: area under curves, calibration, log loss."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from monitors.analysis.quality.columns import NumberArray
from monitors.analysis.quality.resampling import FEWEST_ROWS, SAMPLES, SHARE, Interval, deviation, normal

MOST_SCORES = 5 << 20
"""Different probabilities that are kept as they are; beyond, they are rounded to multiples of 2⁻²²."""

GRID = 1 << 22
SMALLEST = 2.0**-52
"""What probabilities of 0 and 1 are moved by in the log loss (scikit-learn's for doubles)."""

_BATCH = 1 << 21
_CELLS = 1 << 16


@dataclass
class ScoreTable:
    """The mergeable state: for every different probability the weight of positive and of negative rows.

    Probabilities are sorted as integers (a double from 0 to 1, shifted left by one, still fits beside the label), which
    is several times as fast as sorting rows by a key. Batches wait until they are two million and are then merged.

    Attributes:
        scores, positive, negative: (k,), sorted by score.
        rounded: Whether there were too many, so that scores are multiples of 2⁻²².
        weighted: Whether some row weighed other than 1.
    """

    scores: NumberArray = field(default_factory=lambda: np.empty(0))
    positive: NumberArray = field(default_factory=lambda: np.empty(0))
    negative: NumberArray = field(default_factory=lambda: np.empty(0))
    rounded: bool = False
    weighted: bool = False
    _waiting: list[tuple[NumberArray, NumberArray, NumberArray]] = field(default_factory=list)
    _waiting_size: int = 0

    def update(self, truth: NDArray[np.bool_], probability: NumberArray, weight: NumberArray | None) -> None:
        """Take in rows (1-D, probabilities from 0 to 1, no NaN)."""
        if self.rounded:
            probability = _rounded(probability)
        if weight is None:
            part = _counted(truth, probability)
        else:
            self.weighted = True
            order = np.argsort(probability, kind="stable")
            part = _summed(probability[order], (weight * truth)[order], (weight * ~truth)[order])
        self._wait(part)

    def merge(self, other: "ScoreTable") -> None:
        """Take in other rows' scores; `other` stays the same table."""
        other.settle()
        self.weighted |= other.weighted
        if other.rounded and not self.rounded:
            self._round()
        part = (other.scores, other.positive, other.negative)
        self._wait(_summed(_rounded(part[0]), *part[1:]) if self.rounded and not other.rounded else part)

    def settle(self) -> None:
        """Merge what waits."""
        if not self._waiting:
            return
        parts = [(self.scores, self.positive, self.negative), *self._waiting]
        self._waiting, self._waiting_size = [], 0
        filled = [part for part in parts if len(part[0])]
        if len(filled) == 1:
            self.scores, self.positive, self.negative = filled[0]
        elif filled:
            # Runs that are sorted are merged fast; one column after the other, so that memory holds few copies.
            scores = np.concatenate([part[0] for part in filled])
            order = np.argsort(scores, kind="stable")
            scores = scores[order]
            begins = np.flatnonzero(np.append(True, scores[1:] != scores[:-1]))
            self.scores = scores[begins]
            del scores
            self.positive = np.add.reduceat(np.concatenate([part[1] for part in filled])[order], begins)
            self.negative = np.add.reduceat(np.concatenate([part[2] for part in filled])[order], begins)
        if len(self.scores) > MOST_SCORES and not self.rounded:
            self._round()

    def _wait(self, part: tuple[NumberArray, NumberArray, NumberArray]) -> None:
        self._waiting.append(part)
        self._waiting_size += len(part[0])
        if self._waiting_size > _BATCH:
            self.settle()

    def _round(self) -> None:
        self.settle()
        self.rounded = True
        self.scores, self.positive, self.negative = _summed(_rounded(self.scores), self.positive, self.negative)


@dataclass
class Calibration:
    """The mergeable state of how far probabilities can be believed.

    Attributes:
        bins: (b, 4): rows, weight, Σw·p and Σw·y by equal intervals of p, [i/b, (i+1)/b) and the last one closed.
        sums: (2,): Σw·log loss, Σw·(p − y)².
    """

    bins: NumberArray
    sums: NumberArray = field(default_factory=lambda: np.zeros(2))

    def update(self, truth: NDArray[np.bool_], probability: NumberArray, weight: NumberArray | None) -> None:
        """Take in rows."""
        count = len(self.bins)
        place = np.minimum((probability * count).astype(np.int64), count - 1)
        mass = probability if weight is None else weight * probability
        hits = truth.astype(np.float64) if weight is None else weight * truth
        rows = np.bincount(place, minlength=count).astype(np.float64)
        self.bins[:, 0] += rows
        self.bins[:, 1] += rows if weight is None else np.bincount(place, weights=weight, minlength=count)
        self.bins[:, 2] += np.bincount(place, weights=mass, minlength=count)
        self.bins[:, 3] += np.bincount(place, weights=hits, minlength=count)
        right = np.where(truth, probability, 1 - probability)
        # The clip is at both ends, as in scikit-learn: a certain prediction that is right still costs 2⁻⁵².
        loss = -np.log(np.clip(right, SMALLEST, 1 - SMALLEST))
        brier = np.square(1 - right)
        self.sums += [
            float(loss.sum() if weight is None else (weight * loss).sum()),
            float(brier.sum() if weight is None else (weight * brier).sum()),
        ]

    def merge(self, other: "Calibration") -> None:
        """Take in other rows' sums; `other` is unchanged."""
        self.bins += other.bins
        self.sums += other.sums

    def metrics(self) -> dict[str, float]:
        """`log_loss`, `brier_score`, `expected_calibration_error`; NaN without rows.

        The error is Σ wᵢ/w · |mean probability − share of positives| over the bins (Naeini, Cooper, Hauskrecht,
        "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015).
        """
        weight = float(self.bins[:, 1].sum())
        if weight == 0:
            return dict.fromkeys(("log_loss", "brier_score", "expected_calibration_error"), math.nan)
        gaps = float(np.abs(self.bins[:, 2] - self.bins[:, 3]).sum())
        loss, brier = (float(value) for value in self.sums)
        return {"log_loss": loss / weight, "brier_score": brier / weight, "expected_calibration_error": gaps / weight}

    def reliability(self) -> list[dict[str, float | int | None]]:
        """The bins as the file has them; of an empty one both means are null."""
        made: list[dict[str, float | int | None]] = []
        for position, (rows, weight, mass, hits) in enumerate(self.bins.tolist()):
            made.append(
                {
                    "lower_bound": position / len(self.bins),
                    "upper_bound": (position + 1) / len(self.bins),
                    "count": int(rows),
                    "mean_probability": mass / weight if weight else None,
                    "positive_rate": hits / weight if weight else None,
                }
            )
        return made


def rates(table: ScoreTable) -> tuple[NumberArray, NumberArray]:
    """Weights of positives and negatives at or above each score, from none to all: (k + 1,) each."""
    table.settle()
    return (_above(table.positive), _above(table.negative))


def areas(positive: NumberArray, negative: NumberArray) -> dict[str, float]:
    """Of weights by rising score (k,): `auc`, `au_prc`, `average_precision`; NaN where a class is missing.

    `auc` is the trapezoids under the ROC curve, with ties worth a half. `au_prc` is the trapezoids under precision over
    recall, which begins at recall 0 with the precision of the highest score, as Spark's does; `average_precision` are its
    steps, as scikit-learn's.
    """
    tp, fp = _above(positive), _above(negative)
    made = dict.fromkeys(("auc", "au_prc", "average_precision"), math.nan)
    if len(tp) == 1 or not tp[-1] > 0:
        return made
    if fp[-1] > 0:
        made["auc"] = float(np.sum(np.diff(fp) * (tp[1:] + tp[:-1])) / (2 * tp[-1] * fp[-1]))
    recall, precision = precision_recall(tp, fp)
    steps = np.diff(recall)
    made["au_prc"] = float(np.sum(steps * (precision[1:] + precision[:-1])) / 2)
    made["average_precision"] = float(np.sum(steps * precision[1:]))
    return made


def precision_recall(tp: NumberArray, fp: NumberArray) -> tuple[NumberArray, NumberArray]:
    """Recalls and precisions from none to all, the first point with the second's precision."""
    called = tp[1:] + fp[1:]
    # Scores whose rows weigh nothing stand before all others.
    precision = tp[1:] / np.maximum(called, np.finfo(np.float64).tiny)
    return tp / tp[-1], np.concatenate([precision[:1], precision])


def area_deviations(table: ScoreTable, seed: int) -> dict[str, float]:
    """The published standard deviations of the areas; NaN under 200 rows.

    Each of five samples keeps a row with a probability of 80 %; of a weighted table it thins what each score weighs. More
    than 65,536 scores are first brought together with their neighbours, which moves an area by far less than samples differ.
    """
    table.settle()
    names = ("auc", "au_prc", "average_precision")
    if table.positive.sum() + table.negative.sum() < FEWEST_ROWS:
        return dict.fromkeys(names, math.nan)
    rng = np.random.default_rng([seed, 4])
    positive, negative = _coarse(table.positive), _coarse(table.negative)
    sampled = [areas(_thinned(positive, rng), _thinned(negative, rng)) for _ in range(SAMPLES)]
    return {name: deviation(np.array([sample[name] for sample in sampled])) for name in names}


def auc_interval(table: ScoreTable, confidence: float) -> Interval | None:
    """The interval of the AUC by its own variance; None when a class has fewer than two rows, or rows are weighted.

    Source: DeLong, DeLong, Clarke-Pearson, "Comparing the Areas under Two or More Correlated Receiver Operating
    Characteristic Curves" (Biometrics 1988), from counts by score.
    """
    table.settle()
    positive, negative = table.positive, table.negative
    m, n = float(positive.sum()), float(negative.sum())
    if table.weighted or m < 2 or n < 2:
        return None
    below = (np.cumsum(negative) - negative + negative / 2) / n
    above = 1 - (np.cumsum(positive) - positive + positive / 2) / m
    auc = float((positive * below).sum() / m)
    variance = (positive * np.square(below - auc)).sum() / (m - 1) / m
    variance += (negative * np.square(above - auc)).sum() / (n - 1) / n
    return normal(auc, math.sqrt(float(variance)), confidence, "delong", 0.0, 1.0)


def _above(weights: NumberArray) -> NumberArray:
    return np.concatenate([[0.0], np.cumsum(weights[::-1])])


def _thinned(counts: NumberArray, rng: np.random.Generator) -> NumberArray:
    """Of each count a binomial share of 80 %; a weight is taken for its next whole number of equal parts."""
    parts = np.ceil(counts)
    kept = rng.binomial(parts.astype(np.int64), SHARE)
    return np.divide(counts * kept, parts, out=np.zeros_like(counts), where=parts > 0)


def _coarse(counts: NumberArray) -> NumberArray:
    """Sums of neighbours, at most 65,536 of them."""
    if len(counts) <= _CELLS:
        return counts
    return np.add.reduceat(counts, np.linspace(0, len(counts), _CELLS, endpoint=False).astype(np.int64))


def _rounded(probability: NumberArray) -> NumberArray:
    rounded: NumberArray = np.round(probability * GRID) / GRID
    return rounded


def _counted(truth: NDArray[np.bool_], probability: NumberArray) -> tuple[NumberArray, NumberArray, NumberArray]:
    """Rows by different probability, sorted."""
    # Adding 0.0 makes −0.0 an ordinary zero, whose bits are those of its value.
    keys = (probability + 0.0).view(np.uint64) << np.uint64(1)
    keys |= truth.view(np.uint8)
    keys.sort()
    bits = keys >> np.uint64(1)
    ends = np.flatnonzero(np.append(bits[1:] != bits[:-1], True)) if len(bits) else np.empty(0, dtype=np.int64)
    hits = np.cumsum(keys & np.uint64(1), dtype=np.int64)[ends]
    rows = ends + 1
    positive = np.diff(hits, prepend=0).astype(np.float64)
    return bits[ends].view(np.float64), positive, np.diff(rows, prepend=0) - positive


def _summed(
    scores: NumberArray, positive: NumberArray, negative: NumberArray
) -> tuple[NumberArray, NumberArray, NumberArray]:
    """The sums of equal neighbours."""
    if not len(scores):
        return scores, positive, negative
    begins = np.flatnonzero(np.append(True, scores[1:] != scores[:-1]))
    return scores[begins], np.add.reduceat(positive, begins), np.add.reduceat(negative, begins)
