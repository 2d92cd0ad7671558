"""The mergeable state of a model quality analysis: of all rows, of segments, of time buckets."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monitors.analysis.errors import ColumnsError
from monitors.analysis.frames import to_polars
from monitors.analysis.quality.columns import NumberArray, as_numbers, check, positive, probabilities, weights
from monitors.analysis.quality.config import QualityConfig
from monitors.analysis.quality.confusion import ConfusionCounts
from monitors.analysis.quality.multiclass import ClassScores, chosen
from monitors.analysis.quality.regression import RegressionSums
from monitors.analysis.quality.scores import Calibration, ScoreTable

MOST_SEGMENTS = 1_000


@dataclass
class PartQuality:
    """What metrics of some rows are made of; which fields are used depends on the problem.

    Attributes:
        rows: All rows.
        missing_labels: Rows without the truth, which nothing is known about.
        missing_predictions: Rows with the truth and without a prediction.
        counts, count_weights: (2, 2) by truth and prediction, of two classes.
    """

    config: QualityConfig
    part: int = 0
    rows: int = 0
    missing_labels: int = 0
    missing_predictions: int = 0
    regression: RegressionSums = field(init=False)
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros((2, 2), dtype=np.int64))
    count_weights: NumberArray = field(default_factory=lambda: np.zeros((2, 2)))
    confusion: ConfusionCounts = field(default_factory=ConfusionCounts)
    scores: ScoreTable = field(default_factory=ScoreTable)
    calibration: Calibration = field(init=False)
    class_scores: ClassScores = field(init=False)

    def __post_init__(self) -> None:
        self.regression = RegressionSums(self.config.seed, self.part)
        self.calibration = Calibration(np.zeros((self.config.bins, 4)))
        self.class_scores = ClassScores(np.zeros((self.config.bins, 4)))

    def update(self, frame: pl.DataFrame) -> None:
        """Take in rows.

        Raises:
            ColumnsError: A column is missing or holds what it must not.
        """
        check(frame, self.config.columns)
        self.rows += frame.height
        weight = weights(frame, self.config.weight)
        if self.config.problem == "Regression":
            self._update_regression(frame, weight)
        elif self.config.problem == "BinaryClassification":
            self._update_binary(frame, weight)
        else:
            self._update_multiclass(frame, weight)

    def merge(self, other: "PartQuality") -> None:
        """Take in other rows' state; `other` is unchanged."""
        self.rows += other.rows
        self.missing_labels += other.missing_labels
        self.missing_predictions += other.missing_predictions
        self.regression.merge(other.regression)
        self.counts = self.counts + other.counts
        self.count_weights = self.count_weights + other.count_weights
        self.confusion.merge(other.confusion)
        self.scores.merge(other.scores)
        self.calibration.merge(other.calibration)
        self.class_scores.merge(other.class_scores)

    def _update_regression(self, frame: pl.DataFrame, weight: pl.Series | None) -> None:
        assert self.config.prediction is not None, "the configuration has looked"
        truth, predicted = as_numbers(frame[self.config.label]), as_numbers(frame[self.config.prediction])
        held = self._held(truth.is_not_null(), predicted.is_not_null())
        self.regression.update(
            _array(truth, held), _array(predicted, held), None if weight is None else _array(weight, held)
        )

    def _update_binary(self, frame: pl.DataFrame, weight: pl.Series | None) -> None:
        config = self.config
        truth = positive(frame[config.label], config.labels, config.positive)
        probability = None if config.probability is None else probabilities(frame[config.probability])
        if config.prediction is not None:
            said = positive(frame[config.prediction], config.labels, config.positive)
        else:
            assert probability is not None, "the configuration has looked"
            said = probability > config.probability_threshold
        held = self._held(truth.is_not_null(), said.is_not_null())
        place = _booleans(truth, held).astype(np.int64) * 2 + _booleans(said, held)
        rows = np.bincount(place, minlength=4).reshape(2, 2)
        self.counts = self.counts + rows
        weighed = rows if weight is None else np.bincount(place, _array(weight, held), minlength=4).reshape(2, 2)
        self.count_weights = self.count_weights + weighed
        if probability is None:
            return
        scored = truth.is_not_null() & probability.is_not_null()
        known = None if scored.all() else scored
        hits, chances = _booleans(truth, known), _array(probability, known)
        load = None if weight is None else _array(weight, known)
        self.scores.update(hits, chances, load)
        self.calibration.update(hits, chances, load)

    def _update_multiclass(self, frame: pl.DataFrame, weight: pl.Series | None) -> None:
        config = self.config
        truth = frame[config.label]
        if config.probabilities:
            self.class_scores.update(frame, weight, config)
        said = chosen(frame, config.probabilities) if config.prediction is None else frame[config.prediction]
        before = self.confusion.rows
        self.confusion.update(truth, said, weight, config.labels)
        present = int(_present(truth).sum())
        self.missing_labels += frame.height - present
        self.missing_predictions += present - (self.confusion.rows - before)

    def _held(self, labelled: pl.Series, predicted: pl.Series) -> pl.Series | None:
        """Rows with both; None for all. What is missing is counted."""
        self.missing_labels += int((~labelled).sum())
        self.missing_predictions += int((labelled & ~predicted).sum())
        both = labelled & predicted
        return None if both.all() else both


@dataclass
class QualityState:
    """The state of an analysis, mergeable.

    Attributes:
        config: What is analysed.
        part: A number of its own for each state that is filled apart and then merged: it seeds what is drawn.
        whole: All rows.
        segments: By column and by value, as text; None are rows without one.
        buckets: By the beginning of the time bucket.
    """

    config: QualityConfig
    part: int = 0
    whole: PartQuality = field(init=False)
    segments: dict[str, dict[str | None, PartQuality]] = field(default_factory=dict)
    buckets: dict[datetime | None, PartQuality] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.whole = PartQuality(self.config, self.part)
        self.segments = {name: {} for name in self.config.segments}

    def update(self, batch: Any) -> None:
        """Take in a batch of rows: a frame of polars or pandas, or anything that gives Arrow's C stream.

        Raises:
            ColumnsError: A column is missing, or holds what it must not, or a segment column has too many values.
        """
        frame = to_polars(batch)
        self.whole.update(frame)
        for name, parts in self.segments.items():
            for value, rows in _divided(frame, _text(frame[name])):
                if value not in parts and len(parts) >= MOST_SEGMENTS:
                    raise ColumnsError(
                        f"Column {name!r} has more than {MOST_SEGMENTS:,} values; segments can't be made of it."
                    )
                parts.setdefault(value, PartQuality(self.config, self.part)).update(rows)
        if self.config.time is not None:
            for begin, rows in _divided(frame, _times(frame[self.config.time]).dt.truncate(self.config.every)):
                if begin not in self.buckets and len(self.buckets) >= MOST_SEGMENTS:
                    raise ColumnsError(f"There are more than {MOST_SEGMENTS:,} time buckets of {self.config.every}.")
                self.buckets.setdefault(begin, PartQuality(self.config, self.part)).update(rows)

    def merge(self, other: "QualityState") -> None:
        """Take in the state of the rows that follow; `other` is unchanged."""
        self.whole.merge(other.whole)
        for name, parts in other.segments.items():
            for value, part in parts.items():
                self.segments[name].setdefault(value, PartQuality(self.config, self.part)).merge(part)
        for begin, part in other.buckets.items():
            self.buckets.setdefault(begin, PartQuality(self.config, self.part)).merge(part)


def _divided(frame: pl.DataFrame, keys: pl.Series) -> Iterator[tuple[Any, pl.DataFrame]]:
    """Rows by key, keys in their order."""
    for key in keys.unique().sort().to_list():
        yield key, frame.filter(keys.eq_missing(pl.Series([key], dtype=keys.dtype)))


def _present(values: pl.Series) -> pl.Series:
    if values.dtype == pl.String:
        return (values.str.strip_chars() != "").fill_null(False)
    return values.is_not_null() & values.is_not_nan() if values.dtype.is_float() else values.is_not_null()


def _text(values: pl.Series) -> pl.Series:
    if values.dtype.is_nested() or values.dtype in (pl.Binary, pl.Object):
        raise ColumnsError(f"Column {values.name!r} is of type {values.dtype}; segments can't be made of it.")
    return values.fill_nan(None).cast(pl.String) if values.dtype.is_float() else values.cast(pl.String)


def _times(values: pl.Series) -> pl.Series:
    """Times as UTC without a zone.

    Raises:
        ColumnsError: They are no times.
    """
    kind = values.dtype
    try:
        if kind == pl.String:
            return values.str.to_datetime(time_unit="us", time_zone="UTC").dt.replace_time_zone(None)
        if kind == pl.Date:
            return values.cast(pl.Datetime("us"))
        if isinstance(kind, pl.Datetime):
            utc = values if kind.time_zone is None else values.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
            return utc.cast(pl.Datetime("us"))
    except pl.exceptions.PolarsError as error:
        raise ColumnsError(
            f"Column {values.name!r} must hold times in ISO 8601: {str(error).splitlines()[0]}"
        ) from error
    raise ColumnsError(f"Column {values.name!r} must hold times, but is of type {kind}.")


def _array(values: pl.Series, held: pl.Series | None) -> NumberArray:
    numbers: NumberArray = (values if held is None else values.filter(held)).to_numpy()
    return numbers


def _booleans(values: pl.Series, held: pl.Series | None) -> NDArray[np.bool_]:
    booleans: NDArray[np.bool_] = (values if held is None else values.filter(held)).to_numpy()
    return booleans
