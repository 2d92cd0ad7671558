"""Exact attributions of models made of trees.

Without a baseline: the library's own values (`pred_contribs` and its like), whose game takes for unknown what the trees
saw in training, along their paths. With one: `shap.TreeExplainer` with interventional perturbation, the game of the other
explainers. Both explain the trees' sum (the log-odds of a classifier): values "in probability" that the library can scale
them to add up, but are not the Shapley values of the probability. Source: Lundberg et al., "From local explanations to
global understanding with explainable AI for trees" (Nature Machine Intelligence 2020).
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from monitors.analysis.attribution.background import Background
from monitors.analysis.attribution.explanation import Explanation, Numbers
from monitors.analysis.attribution.extras import needed
from monitors.analysis.attribution.features import Feature
from monitors.analysis.attribution.models import TreeModel, first_line
from monitors.analysis.errors import ModelError

_CANT = "shap's tree explainer can't explain this model against a baseline"
_INSTEAD = "Leave the baseline out, or take the permutation explainer."


def explain(
    model: TreeModel, rows: pl.DataFrame, background: Background | None, features: Sequence[Feature]
) -> Explanation:
    """Exact attributions of the trees' sum. Those of a group's columns are added up.

    Args:
        model: The trees.
        rows: Typed rows, with the features' columns.
        background: The baseline; None for what the trees saw in training.
        features: What values are given to.

    Raises:
        ModelError: The trees have no such values, or `shap` is needed and not installed.
    """
    if background is None:
        found = model.contributions(rows)
        values, expected = found[:, :-1], found[0, -1] if len(found) else np.zeros(found.shape[2])
    else:
        values, expected = _interventional(model, rows, background)
    if model.binary and values.shape[2] == 2:
        values, expected = values[:, :, 1:], expected[1:]
    places = {name: position for position, name in enumerate(rows.columns)}
    grouped = [values[:, [places[column] for column in feature.columns]].sum(axis=1) for feature in features]
    return Explanation(np.stack(grouped, axis=1), expected, None, rows.height)


def _interventional(model: TreeModel, rows: pl.DataFrame, background: Background) -> tuple[Numbers, Numbers]:
    shap = needed("shap", "attribution", "The tree explainer against a baseline")
    values: Numbers | None = None
    expected: Numbers | None = None
    matrix = model.matrix(rows)
    try:
        # Each baseline row by itself, because the library knows no weights.
        for position, weight in enumerate(background.weights):
            data = model.matrix(background.rows[position])
            explainer = shap.TreeExplainer(model.trees, data, feature_perturbation="interventional", model_output="raw")
            told = np.asarray(explainer.shap_values(matrix, check_additivity=False), dtype=np.float64)
            told = told[:, :, np.newaxis] if told.ndim == 2 else told
            mean = np.atleast_1d(np.asarray(explainer.expected_value, dtype=np.float64))
            values = weight * told if values is None else values + weight * told
            expected = weight * mean if expected is None else expected + weight * mean
    except Exception as error:
        # The library raises whatever comes to it where it does not know a kind of tree.
        raise ModelError(f"{_CANT}: {first_line(error)}. {_INSTEAD}") from error
    assert values is not None, "a background has a row"
    assert expected is not None, "and so an expected value"
    # Of some models it explains the first output only, or reads the trees wrongly, and does not say so.
    margins = model.contributions(rows).sum(axis=1)
    sums = values.sum(axis=1) + expected
    if sums.shape != margins.shape or not np.allclose(sums, margins, rtol=1e-3, atol=1e-3):
        raise ModelError(f"{_CANT}: its values do not add up to what the trees say. {_INSTEAD}")
    ordered = np.zeros((rows.height, rows.width, values.shape[2]))
    ordered[:, model.places(rows)] = values
    return ordered, expected
