"""Counts of classes by truth and prediction, and the metrics that follow from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monitors.analysis.errors import ColumnsError
from monitors.analysis.quality.columns import NumberArray, class_names
from monitors.analysis.quality.resampling import (
    FEWEST_ROWS,
    Interval,
    Values,
    bootstrap,
    deviation,
    percentiles,
    subsamples,
)

MOST_CLASSES = 1_000
CONSTANT = "_best_constant_classifier"
THE_CONSTANT = "1"
"""The class that Model Monitor's best constant classifier always names, however many there are and whatever is frequent."""

_BETAS = {"f0_5": 0.5, "f1": 1.0, "f2": 2.0}


@dataclass
class ConfusionCounts:
    """The mergeable state of a classification: rows and weights by true and predicted class."""

    table: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(
            schema={"actual": pl.String, "predicted": pl.String, "rows": pl.Int64, "weight": pl.Float64}
        )
    )

    def update(
        self, actual: pl.Series, predicted: pl.Series, weight: pl.Series | None, labels: Mapping[str, str]
    ) -> None:
        """Take in rows' classes as they are in the data; names are given to the counted ones.

        Rows whose truth or prediction is missing are passed over.

        Raises:
            ColumnsError: There are more than 1,000 classes, or they are no classes.
        """
        columns = [actual.alias("actual"), predicted.alias("predicted")]
        if weight is not None:
            columns.append(weight.alias("weight"))
        weighed = pl.len().cast(pl.Float64) if weight is None else pl.col("weight").sum()
        new = (
            pl.DataFrame(columns)
            .group_by("actual", "predicted")
            .agg(pl.len().cast(pl.Int64).alias("rows"), weighed.alias("weight"))
        )
        if new.height > MOST_CLASSES**2:
            raise _too_many()
        self._add(new.with_columns(class_names(new[side], labels) for side in ("actual", "predicted")).drop_nulls())

    def merge(self, other: "ConfusionCounts") -> None:
        """Take in other rows' counts; `other` is unchanged."""
        self._add(other.table)

    def _add(self, new: pl.DataFrame) -> None:
        whole = pl.concat([self.table, new]).group_by("actual", "predicted").agg(pl.col("rows", "weight").sum())
        # Sorted, so that sums over it do not depend on how the counts came together.
        self.table = whole.sort("actual", "predicted")
        if len(self.classes) > MOST_CLASSES:
            raise _too_many()

    @property
    def rows(self) -> int:
        """How many rows were taken in."""
        return int(self.table["rows"].sum())

    @property
    def classes(self) -> list[str]:
        """All classes, numbers in their order before texts in theirs."""
        names = {*self.table["actual"].to_list(), *self.table["predicted"].to_list()}
        return sorted(names, key=_order)

    def matrices(self, classes: list[str]) -> tuple[NDArray[np.int64], NumberArray]:
        """Rows and weights, (true class, predicted class)."""
        rows = np.zeros((len(classes), len(classes)), dtype=np.int64)
        weights = np.zeros(rows.shape)
        place = {name: position for position, name in enumerate(classes)}
        for actual, predicted, count, weight in self.table.iter_rows():
            rows[place[actual], place[predicted]] = count
            weights[place[actual], place[predicted]] = weight
        return rows, weights


def document(matrix: NumberArray, classes: list[str]) -> dict[str, dict[str, float]]:
    """`confusion_matrix` as the file has it: [true class][predicted class], whole numbers without a point."""
    return {
        actual: {predicted: _plain(matrix[row, column]) for column, predicted in enumerate(classes)}
        for row, actual in enumerate(classes)
    }


def binary_metrics(matrix: NumberArray) -> dict[str, Values]:
    """The metrics of two classes from (…, truth, prediction), index 1 the positive; 0/0 is 0.

    Source: "Model Quality Metrics" in the SageMaker developer guide; `zero_division=0` of scikit-learn.
    """
    tn, fp, fn, tp = matrix[..., 0, 0], matrix[..., 0, 1], matrix[..., 1, 0], matrix[..., 1, 1]
    total = tn + fp + fn + tp
    recall, precision = _ratio(tp, tp + fn), _ratio(tp, tp + fp)
    made = {
        "recall": recall,
        "precision": precision,
        "accuracy": _ratio(tp + tn, total),
        "true_positive_rate": recall,
        "true_negative_rate": _ratio(tn, tn + fp),
        "false_positive_rate": _ratio(fp, tn + fp),
        "false_negative_rate": _ratio(fn, tp + fn),
    }
    made |= {name: _f(precision, recall, beta) for name, beta in _BETAS.items()}
    positives = tp + fn
    all_positive = {"recall": _ratio(positives, positives), "precision": _ratio(positives, total)}
    made |= {f"{name}{CONSTANT}": value for name, value in all_positive.items()}
    made[f"accuracy{CONSTANT}"] = all_positive["precision"]
    made |= {
        f"{name}{CONSTANT}": _f(all_positive["precision"], all_positive["recall"], beta)
        for name, beta in _BETAS.items()
    }
    return made


def multiclass_metrics(matrix: NumberArray, classes: list[str]) -> dict[str, Values]:
    """The metrics of many classes from (…, truth, prediction): accuracy, and averages weighted by true classes."""
    made = _weighted(matrix)
    constant = np.zeros_like(matrix)
    if THE_CONSTANT in classes:
        constant[..., :, classes.index(THE_CONSTANT)] = matrix.sum(axis=-1)
        guessed = _weighted(constant)
    else:
        guessed = dict.fromkeys(made, np.zeros(matrix.shape[:-2]))
    return made | {f"{name}{CONSTANT}": values for name, values in guessed.items()}


def deviations(rows: NDArray[np.int64], weights: NumberArray, classes: list[str] | None, seed: int) -> dict[str, float]:
    """The published standard deviations; NaN under 200 rows.

    With weights a sample's cell weighs its share of the cell's rows, so the spread of weights within one does not count.
    """
    few = int(rows.sum()) < FEWEST_ROWS
    if few:
        return dict.fromkeys(_metrics(weights, classes), np.nan)
    sampled = subsamples(rows, np.random.default_rng([seed, 2]))
    return {name: deviation(values) for name, values in _metrics(_weighed(sampled, rows, weights), classes).items()}


def intervals(
    rows: NDArray[np.int64], weights: NumberArray, classes: list[str] | None, confidence: float, seed: int
) -> dict[str, Interval]:
    """Percentile bootstrap intervals; none without rows."""
    if not rows.sum():
        return {}
    drawn = bootstrap(rows, np.random.default_rng([seed, 3]))
    return percentiles(_metrics(_weighed(drawn, rows, weights), classes), confidence)


def _metrics(matrix: NumberArray, classes: list[str] | None) -> dict[str, Values]:
    return binary_metrics(matrix) if classes is None else multiclass_metrics(matrix, classes)


def _weighed(drawn: NDArray[np.int64], rows: NDArray[np.int64], weights: NumberArray) -> NumberArray:
    each: NumberArray = np.divide(weights, rows, out=np.zeros_like(weights), where=rows > 0)
    return np.asarray(drawn * each, dtype=np.float64)


def _weighted(matrix: NumberArray) -> dict[str, Values]:
    right = np.diagonal(matrix, axis1=-2, axis2=-1)
    true, predicted = matrix.sum(axis=-1), matrix.sum(axis=-2)
    total = true.sum(axis=-1)
    recall, precision = _ratio(right, true), _ratio(right, predicted)
    by_class = {"recall": recall, "precision": precision}
    by_class |= {name: _f(precision, recall, beta) for name, beta in _BETAS.items()}
    made = {"accuracy": _ratio(right.sum(axis=-1), total)}
    made |= {f"weighted_{name}": _ratio((true * values).sum(axis=-1), total) for name, values in by_class.items()}
    return made


def _ratio(numerator: NumberArray, denominator: NumberArray) -> Values:
    zero = np.zeros(np.broadcast_shapes(np.shape(numerator), np.shape(denominator)))
    return np.asarray(np.divide(numerator, denominator, out=zero, where=denominator != 0), dtype=np.float64)


def _f(precision: Values, recall: Values, beta: float) -> Values:
    square = beta * beta
    return _ratio((1 + square) * precision * recall, square * precision + recall)


def _plain(value: float) -> float | int:
    return int(value) if float(value).is_integer() else float(value)


def _too_many() -> ColumnsError:
    return ColumnsError(f"There are more than {MOST_CLASSES:,} classes; are these numbers a regression's?")


def _order(name: str) -> tuple[int, float, str]:
    try:
        return (0, float(name), name)
    except ValueError:
        return (1, 0.0, name)
