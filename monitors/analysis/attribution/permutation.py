"""Shapley values of a model known only as a function, from random orders of the features.

An order fills a baseline row with the explained row's values, feature by feature; what the prediction changes by at a
feature's turn is an unbiased estimate of its value. Each order goes with its reverse (antithetic sampling), which makes
the estimate exact for a model of main effects and pairwise interactions. Sources: Štrumbelj and Kononenko, "Explaining
prediction models and individual predictions with feature contributions" (2014); Mitchell, Cooper, Frank and Holmes,
"Sampling Permutations for Shapley Value Estimation" (JMLR 2022); the game is that of Janzing, Minorics and Blöbaum (2020):
features that are not known are those of a baseline row.

The model is asked about many rows at a time: all orders of many rows take the same step together, so that n rows with p
orders of m features are m − 1 requests of n · p rows, whatever n, up to `batch`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monitors.analysis.attribution.background import Background
from monitors.analysis.attribution.explanation import Explanation, Numbers
from monitors.analysis.attribution.features import Feature

ORDERS = 10
"""Orders a row by default, with their reverses among them."""
BATCH = 65_536
"""Rows that the model is asked about at a time, at most."""
_MOST_NUMBERS = 16_000_000
"""Numbers that are held of the walks at a time: of many features and outputs, fewer rows."""

Answer = Callable[[pl.DataFrame], Numbers]
"""The model, answering with (rows, outputs)."""


def explain(
    answer: Answer,
    rows: pl.DataFrame,
    background: Background,
    features: Sequence[Feature],
    *,
    evaluations: int | None = None,
    seed: int = 0,
    batch: int = BATCH,
    on_rows: Callable[[int], None] | None = None,
) -> Explanation:
    """Estimate the attributions of rows.

    The same seed gives the same orders, whatever the batch. Where all coalitions cost no more evaluations than the orders
    would, they are all asked about, and the values are exact.

    Args:
        answer: The model.
        rows: Typed rows, with the features' columns.
        background: The baseline.
        features: What values are given to.
        evaluations: How many rows the model may be asked about for each row; 10 orders if None. At least one pair of
            orders is made.
        seed: Of the orders and of the baseline rows that they begin at.
        batch: Rows of one request, at most.
        on_rows: Told how many rows are done.
    """
    m = len(features)
    pairs = max(1, (evaluations or ORDERS * max(1, m - 1)) // (2 * max(1, m - 1)))
    at_baseline = answer(background.rows)
    expected = background.weights @ at_baseline
    outputs = at_baseline.shape[1]
    all_coalitions = m <= 20 and (2**m - 2) * background.rows.height <= pairs * 2 * (m - 1)
    width = (2**m - 2) * background.rows.height if all_coalitions else 2 * pairs
    step = max(1, min(batch, _MOST_NUMBERS // (m * outputs)) // max(1, width))
    orders, starts = (np.random.default_rng([seed, purpose]) for purpose in (0, 1))
    values = np.empty((rows.height, m, outputs))
    errors = None if all_coalitions else np.empty_like(values)
    for begin in range(0, rows.height, step):
        chunk = rows.slice(begin, step)
        reached = answer(chunk)
        here = slice(begin, begin + chunk.height)
        if all_coalitions:
            values[here] = _exact(answer, chunk, background, features, reached, expected)
        else:
            walks = _Walks.drawn(orders, starts, chunk.height, pairs, m, background)
            found = _walked(answer, chunk, background, features, walks, reached, at_baseline)
            assert errors is not None
            values[here], errors[here] = _estimated(found, walks, at_baseline, expected)
        if on_rows is not None:
            on_rows(begin + chunk.height)
    asked = background.rows.height + rows.height * (1 + (width if all_coalitions else width * (m - 1)))
    return Explanation(values, expected, errors, asked)


@dataclass(frozen=True)
class _Walks:
    """Orders of n rows, p pairs of them each: the n · 2p walks row by row, a walk and its reverse side by side.

    Attributes:
        places: When a feature's turn is, from 0: (features, walks), so that a feature's are contiguous.
        turns: Whose turn it is: (walks, features).
        starts: The baseline row that a walk begins at: (walks,).
        pairs: How many pairs a row has.
    """

    places: NDArray[np.int32]
    turns: NDArray[np.int64]
    starts: NDArray[np.int64]
    pairs: int

    @classmethod
    def drawn(
        cls,
        orders: np.random.Generator,
        starts: np.random.Generator,
        n: int,
        pairs: int,
        m: int,
        background: Background,
    ) -> "_Walks":
        forth = np.argsort(orders.random((n * pairs, m)), axis=1)
        turns = np.stack([forth, forth[:, ::-1]], axis=1).reshape(-1, m)
        places = np.empty_like(turns, dtype=np.int32)
        np.put_along_axis(places, turns, np.arange(m, dtype=np.int32)[np.newaxis], axis=1)
        # Each pair's baseline row comes from its own part of the weights' range (stratified, systematic sampling).
        at = (starts.random((n, 1)) + np.arange(pairs)) / pairs
        begun = np.searchsorted(np.cumsum(background.weights)[:-1], at.ravel(), side="right")
        return cls(np.ascontiguousarray(places.T), turns, np.repeat(begun, 2), pairs)


def _walked(
    answer: Answer,
    rows: pl.DataFrame,
    background: Background,
    features: Sequence[Feature],
    walks: _Walks,
    reached: Numbers,
    at_baseline: Numbers,
) -> Numbers:
    """What the prediction changes by at each feature's turn: (walks, features, outputs)."""
    m, each = len(features), 2 * walks.pairs
    known = rows[np.repeat(np.arange(rows.height), each)]
    unknown = background.rows[walks.starts]
    of_feature = {column: position for position, feature in enumerate(features) for column in feature.columns}
    of_column = [of_feature[column] for column in rows.columns]
    every = np.arange(len(walks.starts))
    found = np.empty((len(every), m, reached.shape[1]))
    before = at_baseline[walks.starts]
    for turn in range(1, m):
        taken = walks.places < turn
        after = answer(
            pl.DataFrame(
                [
                    one.zip_with(pl.Series(taken[position]), other)
                    for one, other, position in zip(known, unknown, of_column, strict=True)
                ]
            )
        )
        found[every, walks.turns[:, turn - 1]] = after - before
        before = after
    found[every, walks.turns[:, m - 1]] = np.repeat(reached, each, axis=0) - before
    return found


def _estimated(found: Numbers, walks: _Walks, at_baseline: Numbers, expected: Numbers) -> tuple[Numbers, Numbers]:
    """Means over the walks and their standard errors, by row.

    The means sum up to the distance from the baseline rows that were drawn. What these lie off the expected value by is
    zero on average; taking it off in equal parts keeps the estimate unbiased and makes the sum exact.
    """
    m, outputs = found.shape[1:]
    by_pair = found.reshape(-1, walks.pairs, 2, m, outputs).mean(axis=2)
    begun = at_baseline[walks.starts[::2]].reshape(-1, walks.pairs, outputs)
    by_pair += ((begun - expected) / m)[:, :, np.newaxis]
    values = by_pair.mean(axis=1)
    if walks.pairs == 1:
        return values, np.full_like(values, np.nan)
    return values, by_pair.std(axis=1, ddof=1) / np.sqrt(walks.pairs)


def _exact(
    answer: Answer,
    rows: pl.DataFrame,
    background: Background,
    features: Sequence[Feature],
    reached: Numbers,
    expected: Numbers,
) -> Numbers:
    """The values by their definition, from every coalition: (rows, features, outputs)."""
    m, n, b = len(features), rows.height, background.rows.height
    coalitions = (np.arange(2**m)[:, np.newaxis] >> np.arange(m)) & 1 == 1
    worth = np.empty((2**m, n, reached.shape[1]))
    worth[0], worth[-1] = expected, reached
    inner = coalitions[1:-1]
    if len(inner):
        # In the order coalition, row, baseline row.
        known = rows[np.tile(np.repeat(np.arange(n), b), len(inner))]
        unknown = background.rows[np.tile(np.arange(b), len(inner) * n)]
        mixed = {}
        for position, feature in enumerate(features):
            filled = pl.Series(np.repeat(inner[:, position], n * b))
            for column in feature.columns:
                mixed[column] = known[column].zip_with(filled, unknown[column])
        told = answer(pl.DataFrame(mixed).select(rows.columns)).reshape(len(inner), n, b, -1)
        worth[1:-1] = np.einsum("cnbo,b->cno", told, background.weights)
    sizes = coalitions.sum(axis=1)
    weights = np.array([1 / (m * comb(m - 1, size)) for size in range(m)])
    values = np.empty((n, m, reached.shape[1]))
    for position in range(m):
        without = np.flatnonzero(~coalitions[:, position])
        gained = worth[without | (1 << position)] - worth[without]
        values[:, position] = np.einsum("cno,c->no", gained, weights[sizes[without]])
    return values
