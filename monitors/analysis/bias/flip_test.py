"""FT, the one bias metric that needs rows: what the model would have said of d, were they a.

Source: Black, Yeom, Fredrikson, "FlipTest: Fairness Testing via Optimal Transport" (FAT* 2020), in the approximation by
nearest neighbours of the SageMaker developer guide.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monitors.analysis.bias.metrics import NO_GROUP, NO_OTHERS
from monitors.analysis.bias.splits import numbers, plain
from monitors.analysis.errors import ColumnsError

NEIGHBOURS, FEW_NEIGHBOURS, FEW_ROWS = 5, 1, 9


@dataclass(frozen=True)
class FlipTest:
    """The metric's value, or why it is undefined; and the rows of d that it rests on."""

    value: float | None
    reason: str | None
    rows: int


def flip_test(features: pl.DataFrame, in_group: NDArray[np.bool_], positive: NDArray[np.bool_]) -> FlipTest:
    """FT = (F⁺ − F⁻) / n_d by a k-nearest-neighbours model of the predictions for a.

    F⁺ counts the rows of d that the model calls positive and their neighbours in a negative, F⁻ the opposite. k is 5,
    or 1 when a has at most 9 rows; distances are Euclidean over the features as they are, unscaled.

    Args:
        features: The rows' features, numeric or boolean.
        in_group: Which rows are in d.
        positive: Which predictions are positive.
    """
    from sklearn.neighbors import KNeighborsClassifier

    group = int(in_group.sum())
    if group == 0:
        return FlipTest(None, NO_GROUP, 0)
    if group == len(in_group):
        return FlipTest(None, NO_OTHERS, group)
    try:
        matrix = _matrix(features)
    except ColumnsError as error:
        return FlipTest(None, error.message, group)
    others = ~in_group
    if len(set(positive[others].tolist())) == 1:
        expected = np.full(group, positive[others][0])
    else:
        neighbours = NEIGHBOURS if int(others.sum()) > FEW_ROWS else FEW_NEIGHBOURS
        model = KNeighborsClassifier(n_neighbors=neighbours).fit(matrix[others], positive[others])
        expected = model.predict(matrix[in_group])
    said = positive[in_group]
    return FlipTest((int((said & ~expected).sum()) - int((~said & expected).sum())) / group, None, group)


def _matrix(features: pl.DataFrame) -> NDArray[np.float64]:
    columns = []
    for name in features.columns:
        kind = features[name].dtype
        values = features[name].cast(pl.Int64) if kind == pl.Boolean else numbers(plain(features[name]))
        if values is None:
            raise ColumnsError(f"Feature {name!r} is not numeric; leave it out among excluded_columns or encode it.")
        numeric = values.cast(pl.Float64)
        if numeric.null_count() or not numeric.is_finite().all():
            raise ColumnsError(f"Feature {name!r} has missing or infinite values, which have no neighbours.")
        columns.append(numeric.to_numpy())
    if not columns:
        raise ColumnsError("There is no feature left beside the facet, the label and the prediction.")
    return np.column_stack(columns)
