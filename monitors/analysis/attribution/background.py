"""What a model is compared with: the baseline rows that stand for "this feature is not known"."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monitors.analysis.attribution.features import Kind, typed
from monitors.analysis.errors import ColumnsError, DocumentError

MOST_CLUSTERS = 12
MOST_ROWS = 1_000
CLUSTERED_ROWS = 10_000
"""Rows that clusters are looked for in at most."""

_ENCODED_CATEGORIES = 32
_STARTS = 5


@dataclass(frozen=True)
class Background:
    """Baseline rows and their weights, which sum to 1."""

    rows: pl.DataFrame
    weights: NDArray[np.float64]

    def __post_init__(self) -> None:
        if not 1 <= self.rows.height <= MOST_ROWS:
            raise DocumentError(f"The baseline has {self.rows.height:,} rows; it takes 1 to {MOST_ROWS:,} of them.")
        if len(self.weights) != self.rows.height or not (np.isfinite(self.weights) & (self.weights > 0)).all():
            raise DocumentError("The baseline's weights have to be positive numbers, one a row.")


def given_rows(
    rows: Sequence[Any] | pl.DataFrame, kinds: Mapping[str, Kind], weights: Sequence[float] | None = None
) -> Background:
    """A baseline of given rows.

    Args:
        rows: Objects by column, or lists in the columns' order, or a frame with the columns among others.
        kinds: How the columns are read, in the model's order.
        weights: How much each row counts; all the same if not given.

    Raises:
        DocumentError: There are no rows, or one has other columns.
        ColumnsError: A value is not of its column's kind.
    """
    if isinstance(rows, pl.DataFrame):
        frame = rows
    else:
        columns: dict[str, list[Any]] = {name: [] for name in kinds}
        for row in rows:
            values = _by_name(row, list(kinds))
            for name in kinds:
                columns[name].append(values[name])
        frame = pl.DataFrame([_series(name, values) for name, values in columns.items()])
    counted = np.ones(frame.height) if weights is None else np.asarray(weights, dtype=np.float64)
    return Background(typed(frame, kinds), counted / counted.sum())


def clustered(frame: pl.DataFrame, clusters: int, seed: int) -> Background:
    """A baseline of cluster centres, weighted by the clusters' sizes.

    Numbers are standardised and texts one-hot encoded (their 32 most frequent values), so that a different text counts
    like a distance of one standard deviation; k-means++ with five starts on at most 10,000 rows, drawn with the seed. A
    centre is no mean but made of values that occur: the nearest number and the most frequent text of the cluster, so that
    a model is never asked about half a child (`shap.kmeans` rounds in the same way). Source: "SHAP Baselines for
    Explainability" in the SageMaker developer guide, whose K-prototypes this follows.

    Args:
        frame: Typed rows.
        clusters: How many, 1 to 12; fewer where there are fewer different rows.
        seed: The same seed and rows give the same centres.

    Raises:
        ColumnsError: There are no rows.
        DocumentError: `clusters` is out of range.
    """
    if not 1 <= clusters <= MOST_CLUSTERS:
        raise DocumentError(f"num_clusters is {clusters}; 1 to {MOST_CLUSTERS} is needed.")
    if frame.is_empty():
        raise ColumnsError("The data has no rows, so a baseline can't be made of it; give baseline rows.")
    if frame.height > CLUSTERED_ROWS:
        drawn = np.random.default_rng(seed).choice(frame.height, CLUSTERED_ROWS, replace=False)
        frame = frame[np.sort(drawn)]
    labels = np.zeros(frame.height, dtype=np.int64)
    if clusters > 1:
        labels = _labels(np.column_stack([_encoded(frame[name]) for name in frame.columns]), clusters, seed)
    found = np.unique(labels)
    rows = [frame.filter(pl.Series(labels == label)) for label in found]
    centres = pl.concat([pl.DataFrame([_centre(part[name]) for name in part.columns]) for part in rows])
    sizes = np.array([part.height for part in rows], dtype=np.float64)
    return Background(centres, sizes / sizes.sum())


def _labels(points: NDArray[np.float64], clusters: int, seed: int) -> NDArray[np.int64]:
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    different = len(np.unique(points, axis=0))
    if different == 1:
        return np.zeros(len(points), dtype=np.int64)
    # Threads add up in an order of their own, and the same seed has to give the same bytes.
    with threadpool_limits(1), warnings.catch_warnings():
        # Of points that differ in the last digits it finds fewer clusters, and says so; fewer are fine.
        warnings.filterwarnings("ignore", message="Number of distinct clusters")
        made = KMeans(min(clusters, different), n_init=_STARTS, random_state=seed % (1 << 32)).fit(points)
    labels: NDArray[np.int64] = made.labels_.astype(np.int64)
    return labels


def _encoded(values: pl.Series) -> NDArray[np.float64]:
    """A column as coordinates of similar spread: (rows, 1 or more)."""
    if values.dtype == pl.String:
        names = _by_frequency(values.drop_nulls()).head(_ENCODED_CATEGORIES)
        if len(names) == 0:
            return np.zeros((len(values), 1))
        # Two different texts are √2 · √½ = 1 apart.
        coded = np.column_stack([(values == name).fill_null(False).to_numpy() for name in names])
        scaled: NDArray[np.float64] = coded * np.sqrt(0.5)
        return scaled
    numbers = values.cast(pl.Float64).to_numpy().copy()
    numbers[~np.isfinite(numbers)] = np.nan
    known = numbers[~np.isnan(numbers)]
    if len(known) == 0:
        return np.zeros((len(numbers), 1))
    # Scaled before it is squared: the squares of very large numbers are none.
    largest = np.abs(known).max() or 1.0
    numbers /= largest
    known = known / largest
    numbers[np.isnan(numbers)] = known.mean()
    away: NDArray[np.float64] = (numbers - known.mean()) / (known.std() or 1.0)
    return away[:, np.newaxis]


def _centre(values: pl.Series) -> pl.Series:
    """The one value that stands for a cluster's: the one nearest to the mean, or the most frequent; null if all are."""
    known = values.drop_nulls()
    if len(known) == 0:
        return pl.Series(values.name, [None], dtype=values.dtype)
    if values.dtype in (pl.String, pl.Boolean):
        return _by_frequency(known).head(1)
    numbers = known.cast(pl.Float64).to_numpy()
    finite = numbers[np.isfinite(numbers)]
    largest = np.abs(finite).max(initial=0.0) or 1.0
    middle = (finite / largest).mean() if len(finite) else 0.0
    away = np.abs(numbers / largest - middle)
    nearest = numbers[np.lexsort((numbers, away))[0]]
    return known.filter(known.cast(pl.Float64) == nearest).head(1)


def _by_frequency(values: pl.Series) -> pl.Series:
    """Different values, most frequent first."""
    counted = values.value_counts(name="\x00count")
    return counted.sort("\x00count", values.name, descending=[True, False])[values.name]


def _by_name(row: Any, names: list[str]) -> Mapping[str, Any]:
    if isinstance(row, dict):
        absent = [name for name in names if name not in row]
        if absent:
            raise DocumentError(f"A row of the baseline lacks {', '.join(map(repr, absent))}.")
        return row
    if isinstance(row, list | tuple):
        if len(row) != len(names):
            raise DocumentError(
                f"A row of the baseline has {len(row)} values; the model has {len(names)} columns: {', '.join(names)}."
            )
        return dict(zip(names, row, strict=True))
    raise DocumentError(f"A row of the baseline is {row!r:.100}; an object or a list is needed.")


def _series(name: str, values: list[Any]) -> pl.Series:
    """Values of JSON as a column; mixed ones as texts, to be read by their kind."""
    try:
        return pl.Series(name, values, strict=True)
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        return pl.Series(name, [None if value is None else str(value) for value in values], dtype=pl.String)
