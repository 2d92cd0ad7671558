"""Estimators of scikit-learn, saved by skops, which reads them without running code of theirs; or pickled."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monitors.analysis.attribution.extras import needed
from monitors.analysis.errors import ModelError
from monitors.predictors.frames import matrix, named, one_of_two, speaking_for

Numbers = NDArray[np.float64]

VOUCHED = ("sklearn.", "numpy.", "scipy.")
"""Whose types the operator may trust: no code of others is run for them."""


class ScikitModel:
    """An estimator with `predict_proba`, `decision_function` or `predict`.

    Args:
        estimator: What was loaded.
    """

    def __init__(self, estimator: Any) -> None:
        if not hasattr(estimator, "predict"):
            raise ModelError(f"The file holds a {type(estimator).__name__}, which can't predict.")
        self._estimator = estimator
        names = getattr(estimator, "feature_names_in_", None)
        self._names = None if names is None else [str(name) for name in names]
        self._classes = len(np.ravel(getattr(estimator, "classes_", [])))
        self.binary = self._classes == 2

    @property
    def feature_names(self) -> list[str] | None:
        """What the columns of its training were called."""
        return self._names

    def predict(self, frame: pl.DataFrame) -> Numbers:
        """Probabilities of a classifier (of two classes, the second's), else what it predicts."""
        with speaking_for(f"The {type(self._estimator).__name__} can't predict"):
            ask = self._estimator.predict
            if self._classes:
                ask = getattr(self._estimator, "predict_proba", getattr(self._estimator, "decision_function", ask))
            return one_of_two(np.asarray(ask(self.matrix(frame)), dtype=np.float64), self._classes)

    def contributions(self, frame: pl.DataFrame) -> Numbers:
        """Exact along the trees' paths, by shap, because scikit-learn has none of its own."""
        shap = needed("shap", "attribution", "The tree explainer of a scikit-learn model")
        with speaking_for(f"shap's tree explainer can't explain a {type(self._estimator).__name__}"):
            explainer = shap.TreeExplainer(self._estimator, feature_perturbation="tree_path_dependent")
            told = np.asarray(explainer.shap_values(self.matrix(frame), check_additivity=False), dtype=np.float64)
            expected = np.atleast_1d(np.asarray(explainer.expected_value, dtype=np.float64))
        told = told[:, :, np.newaxis] if told.ndim == 2 else told
        base = np.broadcast_to(expected, (frame.height, 1, len(expected)))
        made = np.zeros((frame.height, frame.width + 1, len(expected)))
        made[:, self.places(frame)], made[:, -1:] = told, base
        return made

    def places(self, frame: pl.DataFrame) -> list[int]:
        """Where the estimator's columns stand in a frame."""
        return [frame.columns.index(name) for name in named(frame, self._names).columns]

    @property
    def trees(self) -> Any:
        """The estimator."""
        return self._estimator

    def matrix(self, frame: pl.DataFrame) -> Any:
        """A frame of the columns that the estimator was fitted with by name, else numbers."""
        return named(frame, self._names) if self._names else matrix(frame)


def from_skops(content: bytes, *, trust: bool) -> ScikitModel:
    """An estimator in a skops file.

    Args:
        content: The file.
        trust: Whether types of scikit-learn, numpy and scipy that skops does not vouch for may be loaded: its trees hold
            indices that a crafted file makes it follow out of memory.

    Raises:
        ModelError: skops is not installed, the file is none, or it holds types that are not trusted.
    """
    io = needed("skops.io", "skops", "A skops file")
    with speaking_for("This is no skops file"):
        doubtful = io.get_untrusted_types(data=content)
    refused = [name for name in doubtful if not (trust and name.startswith(VOUCHED))]
    if refused:
        only_trees = all(name.startswith(VOUCHED) for name in refused)
        raise ModelError(
            f"skops does not vouch for {', '.join(refused)}: "
            + (
                "a crafted file can make them read memory that is not theirs. If you trust this file, allow it: "
                "STEMMA_UNSAFE_LOADERS=skops."
                if only_trees
                else "loading them would run code that is neither scikit-learn's nor numpy's. Serve the model over HTTP, "
                "or export it to ONNX."
            )
        )
    with speaking_for("skops can't read this file"):
        return ScikitModel(io.loads(content, trusted=doubtful))


def from_pickle(content: bytes) -> ScikitModel:
    """An estimator in a pickle, also one of joblib. Reading it runs whatever code it names: only for trusted files.

    Raises:
        ModelError: it can't be read, or is no estimator.
    """
    import io

    import joblib

    with speaking_for("This pickle can't be read here"):
        return ScikitModel(joblib.load(io.BytesIO(content)))
