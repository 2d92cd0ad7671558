"""MLflow's folders, by its `pyfunc` flavour."""

from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monitors.analysis.attribution.extras import needed
from monitors.predictors.frames import pandas_frame, speaking_for


class PyfuncModel:
    """A model folder with an `MLmodel`. Loading it runs the code in it: only for trusted folders.

    Raises:
        ModelError: MLflow is not installed, or can't load it.
    """

    def __init__(self, folder: Path) -> None:
        pyfunc = needed("mlflow.pyfunc", "mlflow", "A model of MLflow")
        with speaking_for("MLflow can't load this folder"):
            self._model = pyfunc.load_model(str(folder))

    def predict(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        """What the flavour predicts; for classifiers usually the class."""
        with speaking_for("MLflow's model can't predict"):
            return np.asarray(self._model.predict(pandas_frame(frame, "mlflow")), dtype=np.float64)
