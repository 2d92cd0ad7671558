"""Native files of XGBoost, LightGBM and CatBoost."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monitors.analysis.attribution.extras import needed
from monitors.analysis.errors import ModelError
from monitors.predictors.frames import matrix, named, one_of_two, pandas_frame, speaking_for

Numbers = NDArray[np.float64]


class XGBoostModel:
    """A booster of XGBoost, saved as JSON or UBJ.

    Raises:
        ModelError: it can't be read.
    """

    binary = False

    def __init__(self, content: bytes) -> None:
        self._xgboost = needed("xgboost", "xgboost", "An XGBoost model")
        self._booster = self._xgboost.Booster()
        with speaking_for("This is no model that XGBoost reads (JSON or UBJ, as `save_model` writes it)"):
            self._booster.load_model(bytearray(content))

    @property
    def feature_names(self) -> list[str] | None:
        """What the columns of its training were called."""
        names: list[str] | None = self._booster.feature_names
        return names

    def predict(self, frame: pl.DataFrame) -> Numbers:
        """Predictions on the objective's scale: probabilities for logistic ones."""
        with speaking_for("XGBoost can't predict"):
            return np.asarray(self._booster.predict(self._data(frame)), dtype=np.float64)

    def contributions(self, frame: pl.DataFrame) -> Numbers:
        """`pred_contribs`, exact along the trees' paths."""
        with speaking_for("XGBoost has no contributions of this model"):
            told = self._booster.predict(self._data(frame), pred_contribs=True, strict_shape=True)
        order = [*self.places(frame), len(frame.columns)]
        made: Numbers = np.asarray(told, dtype=np.float64).transpose(0, 2, 1)
        return _in_order(made, order)

    @property
    def trees(self) -> Any:
        """The booster."""
        return self._booster

    def matrix(self, frame: pl.DataFrame) -> Numbers:
        """Numbers in the booster's order."""
        return matrix(named(frame, self._booster.feature_names))

    def places(self, frame: pl.DataFrame) -> list[int]:
        """Where the booster's columns stand in a frame."""
        return [frame.columns.index(name) for name in named(frame, self._booster.feature_names).columns]

    def _data(self, frame: pl.DataFrame) -> Any:
        return self._xgboost.DMatrix(self.matrix(frame), feature_names=self._booster.feature_names)


class LightGBMModel:
    """A booster of LightGBM, saved as text.

    Raises:
        ModelError: it can't be read.
    """

    binary = False

    def __init__(self, content: bytes) -> None:
        lightgbm = needed("lightgbm", "lightgbm", "A LightGBM model")
        # The library ends the process on a text that is none of its models, so the first line is looked at here.
        if not content.startswith(b"tree\n"):
            raise ModelError("This is no model that LightGBM reads (text, as `save_model` writes it).")
        with speaking_for("This is no model that LightGBM reads (text, as `save_model` writes it)"):
            self._booster = lightgbm.Booster(model_str=content.decode())
        names = self._booster.feature_name()
        self._names = None if all(name.startswith("Column_") for name in names) else names

    @property
    def feature_names(self) -> list[str] | None:
        """What the columns of its training were called."""
        return self._names

    def predict(self, frame: pl.DataFrame) -> Numbers:
        """Predictions on the objective's scale: probabilities for classifiers."""
        with speaking_for("LightGBM can't predict"):
            return np.asarray(self._booster.predict(self.matrix(frame)), dtype=np.float64)

    def contributions(self, frame: pl.DataFrame) -> Numbers:
        """`pred_contrib`, exact along the trees' paths."""
        with speaking_for("LightGBM has no contributions of this model"):
            told = np.asarray(self._booster.predict(self.matrix(frame), pred_contrib=True), dtype=np.float64)
        outputs = self._booster.num_model_per_iteration()
        order = [*self.places(frame), len(frame.columns)]
        return _in_order(told.reshape(frame.height, outputs, -1).transpose(0, 2, 1), order)

    @property
    def trees(self) -> Any:
        """The booster."""
        return self._booster

    def matrix(self, frame: pl.DataFrame) -> Any:
        """Numbers in the booster's order; with texts a frame of pandas, whose categories the booster knows."""
        ordered = named(frame, self._names)
        if pl.String in ordered.dtypes:
            return pandas_frame(ordered, "attribution", categories=True)
        return matrix(ordered)

    def places(self, frame: pl.DataFrame) -> list[int]:
        """Where the booster's columns stand in a frame."""
        return [frame.columns.index(name) for name in named(frame, self._names).columns]


class CatBoostModel:
    """A model of CatBoost, saved as `cbm`.

    Raises:
        ModelError: it can't be read.
    """

    binary = False

    def __init__(self, content: bytes) -> None:
        self._catboost = needed("catboost", "catboost", "A CatBoost model")
        self._model = self._catboost.CatBoost()
        with tempfile.TemporaryDirectory() as folder, speaking_for("This is no model that CatBoost reads (cbm)"):
            path = Path(folder) / "model.cbm"
            path.write_bytes(content)
            self._model.load_model(str(path))

    @property
    def feature_names(self) -> list[str] | None:
        """What the columns of its training were called."""
        names: list[str] = self._model.feature_names_
        return None if names == [str(position) for position in range(len(names))] else names

    def predict(self, frame: pl.DataFrame) -> Numbers:
        """Probabilities for classifiers, values for regressors."""
        classes = len(self._model.classes_) if self._model.classes_ is not None else 0
        kind = "Probability" if classes else "RawFormulaVal"
        with speaking_for("CatBoost can't predict"):
            told = np.asarray(self._model.predict(self.matrix(frame), prediction_type=kind), dtype=np.float64)
        return one_of_two(told, classes)

    def contributions(self, frame: pl.DataFrame) -> Numbers:
        """Its own `ShapValues`, exact along the trees' paths."""
        data = self.matrix(frame)
        with speaking_for("CatBoost has no contributions of this model"):
            pool = data if isinstance(data, self._catboost.Pool) else self._catboost.Pool(data)
            told = np.asarray(self._model.get_feature_importance(pool, type="ShapValues"))
        made = told[:, :, np.newaxis] if told.ndim == 2 else told.transpose(0, 2, 1)
        return _in_order(made.astype(np.float64), [*self.places(frame), len(frame.columns)])

    @property
    def trees(self) -> Any:
        """The model."""
        return self._model

    def matrix(self, frame: pl.DataFrame) -> Any:
        """Numbers in the model's order; with categories a pool."""
        ordered = named(frame, self.feature_names)
        categorical = list(self._model.get_cat_feature_indices())
        if not categorical and pl.String not in ordered.dtypes:
            return matrix(ordered)
        data = pandas_frame(ordered.with_columns(pl.col(pl.String).fill_null("nan")), "catboost")
        return self._catboost.Pool(data, cat_features=categorical)

    def places(self, frame: pl.DataFrame) -> list[int]:
        """Where the model's columns stand in a frame."""
        return [frame.columns.index(name) for name in named(frame, self.feature_names).columns]


def _in_order(values: Numbers, order: list[int]) -> Numbers:
    """Contributions in the frame's order; columns that the model does not know get none."""
    made = np.zeros((values.shape[0], max(order) + 1, values.shape[2]))
    made[:, order] = values
    return made
