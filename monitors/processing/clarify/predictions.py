"""What a model says of rows, as a column that bias is measured of: its labels, or the probability of a positive one.

Source: "ModelPredictedLabelConfig" of the `sagemaker` SDK, which says what a model may answer and how it is read.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import polars as pl

from graph.errors import InvalidError

Where = int | str | None
Kind = Literal["label", "probability"]


class Predictions:
    """Answers, turned into a column batch by batch.

    An answer is a label, a score (a number that is no label: it is compared with the threshold), or a list of scores, whose
    largest stands for the label of its header.

    Args:
        predictor: The configuration's `predictor`: `label` and `probability` say where they stand in an answer.
        threshold: Above which a score is positive; None if it is not given.

    Attributes:
        fractional: Whether any label was a number with a fraction.
    """

    def __init__(self, predictor: Mapping[str, Any], threshold: float | None) -> None:
        self._label: Where = predictor.get("label")
        self._probability: Where = predictor.get("probability")
        headers = predictor.get("label_headers") or []
        self._headers = [headers] if isinstance(headers, str) else [str(header) for header in headers]
        self._threshold = threshold
        self._numeric = True
        self.fractional = False

    @property
    def places(self) -> list[Where]:
        """Where something stands in an answer."""
        if self._label is not None and self._probability is not None:
            return [self._label, self._probability]
        return [self._label if self._label is not None else self._probability]

    def column(self, told: Sequence[Sequence[Any]]) -> pl.Series:
        """The predictions of a batch.

        Args:
            told: What stands at `places`: for each a value a row.

        Raises:
            InvalidError: there are scores, and nothing says of which labels.
        """
        values = [self._one(row) for row in zip(*told, strict=True)]
        numbers = [value for value in values if isinstance(value, float)]
        self._numeric &= len(numbers) == len(values)
        self.fractional |= any(number != int(number) for number in numbers)
        if len(numbers) == len(values):
            whole = all(number == int(number) for number in numbers)
            return pl.Series(values, dtype=pl.Float64).cast(pl.Int64) if whole else pl.Series(values, dtype=pl.Float64)
        return pl.Series([_text(value) for value in values], dtype=pl.String)

    @property
    def kind(self) -> Kind:
        """What the column is, once all rows have been seen."""
        scores = self._probability is not None and self._label is None and not self._headers[1:]
        if self._numeric and (scores or self.fractional or self._threshold is not None):
            return "probability"
        return "label"

    def _one(self, row: tuple[Any, ...]) -> float | str:
        first, scores = row[0], row[-1]
        if isinstance(first, list) and len(first) == 1:
            first = first[0]
        if not isinstance(first, list):
            return _scalar(first)
        labels = first if len(row) == 2 else self._headers
        try:
            numbers = [float(score) for score in scores]
        except (TypeError, ValueError):
            numbers = []
        if not numbers or len(labels) != len(numbers):
            raise InvalidError(
                f"the model answers with {len(scores) if isinstance(scores, list) else 1} values a row; say which of them is "
                "the prediction (label or probability of the predictor), or name as many label_headers as there are scores",
                path="label_headers",
                constraint="one for each score",
            )
        return _scalar(labels[numbers.index(max(numbers))])


def _scalar(value: Any) -> float | str:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value).strip()
    return number if math.isfinite(number) else str(value)


def _text(value: float | str) -> str:
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)
