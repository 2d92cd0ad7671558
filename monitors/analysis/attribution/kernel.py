"""Kernel SHAP as the `shap` library computes it: what SageMaker Clarify reports.

Source: Lundberg and Lee, "A Unified Approach to Interpreting Model Predictions" (NeurIPS 2017). With a link the game's
worth is the link of the mean over the baseline rows; the permutation estimator's is the mean of the link. They are the
same for a baseline of one row.
"""

import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monitors.analysis.attribution.background import Background
from monitors.analysis.attribution.explanation import Explanation
from monitors.analysis.attribution.extras import needed
from monitors.analysis.attribution.features import Feature
from monitors.analysis.attribution.permutation import Answer

_EDGE = 1e-15
_seeding = threading.Lock()


def explain(
    answer: Answer,
    rows: pl.DataFrame,
    background: Background,
    features: Sequence[Feature],
    *,
    evaluations: int | None = None,
    seed: int = 0,
    use_logit: bool = False,
    on_rows: Callable[[int], None] | None = None,
) -> Explanation:
    """Attributions by Kernel SHAP, without the selection of ten features that the library does by default.

    The library samples with numpy's global generator: it is seeded here for the time of the call, which no other call of
    this function overlaps, and then put back.

    Args:
        answer: The model, giving probabilities where `use_logit` is set.
        rows: Typed rows, with the features' columns.
        background: The baseline.
        features: What values are given to.
        evaluations: Coalitions a row, each asked about with every baseline row; 2·m + 2048 if None, as the library does.
        seed: Of the coalitions.
        use_logit: Whether values are log-odds.
        on_rows: Told how many rows are done.

    Raises:
        ModelError: `shap` is not installed.
    """
    shap = needed("shap", "attribution", "Kernel SHAP")
    from shap.utils._legacy import DenseData

    coded, known = _coded(rows, background.rows, features)
    asked = 0

    def predict(codes: NDArray[np.float64]) -> NDArray[np.float64]:
        nonlocal asked
        asked += len(codes)
        frame = pl.concat(
            [part[codes[:, position].astype(np.int64)] for position, part in enumerate(known)], how="horizontal"
        )
        told = answer(frame.select(rows.columns))
        return np.clip(told, _EDGE, 1 - _EDGE) if use_logit else told

    data = DenseData(coded[rows.height :], [feature.name for feature in features], None, background.weights)
    values = []
    with _seeded(seed):
        explainer = shap.KernelExplainer(predict, data, link="logit" if use_logit else "identity")
        for row in range(rows.height):
            options: dict[str, Any] = {"nsamples": "auto" if evaluations is None else evaluations}
            values.append(explainer.shap_values(coded[row], l1_reg=False, silent=True, **options))
            if on_rows is not None:
                on_rows(row + 1)
    expected = np.atleast_1d(np.asarray(explainer.expected_value, dtype=np.float64))
    stacked = np.stack(values) if values else np.empty((0, len(features), len(expected)))
    return Explanation(stacked.reshape(rows.height, len(features), len(expected)), expected, None, asked)


def _coded(
    rows: pl.DataFrame, baseline: pl.DataFrame, features: Sequence[Feature]
) -> tuple[NDArray[np.float64], list[pl.DataFrame]]:
    """Values as numbers, which is all that the library swaps: the explained rows' codes, then the baseline's.

    The second is what each feature's codes stand for.
    """
    both = pl.concat([rows, baseline], how="vertical_relaxed")
    codes = np.empty((both.height, len(features)))
    known = []
    for position, feature in enumerate(features):
        part = both.select(feature.columns)
        different = part.unique(maintain_order=True).with_row_index("\x00code")
        joined = part.join(different, on=feature.columns, how="left", nulls_equal=True, maintain_order="left")
        codes[:, position] = joined["\x00code"].to_numpy()
        known.append(different.drop("\x00code"))
    return codes, known


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    with _seeding:
        before = np.random.get_state()
        np.random.seed(seed % (1 << 32))
        try:
            with warnings.catch_warnings():
                # Fewer coalitions than features: it says so and goes on with least squares, as it should.
                warnings.filterwarnings("ignore", message="Linear regression equation is singular")
                yield
        finally:
            np.random.set_state(before)
