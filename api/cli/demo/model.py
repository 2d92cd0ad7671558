"""The demonstration's model: who is employed, by gradient boosting on census records."""

import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import sklearn
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import accuracy_score, brier_score_loss, roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from threadpoolctl import threadpool_limits

from api.cli.demo.census import CATEGORICAL, FEATURES, LABEL, NUMERIC, SEX

PARAMETERS = {"max_iter": 40, "learning_rate": 0.2, "max_leaf_nodes": 15, "random_state": 7}


@dataclass(frozen=True, slots=True)
class Model:
    """A trained model: the pipeline, and the bytes in which it is kept."""

    pipeline: Any
    content: bytes

    def score(self, records: pl.DataFrame) -> pl.DataFrame:
        """The records as a model server would have captured them: output columns first, then the input."""
        probability = self._probability(records)
        return pl.DataFrame({"prediction": (probability >= 0.5).astype(np.int64), "probability": probability}).hstack(
            records.select(FEATURES)
        )

    def judge(self, records: pl.DataFrame) -> pl.DataFrame:
        """What it said of records, what came of them, and whose they were."""
        return self.score(records).select("prediction", "probability", SEX).hstack(records.select(LABEL))

    def evaluate(self, records: pl.DataFrame) -> dict[str, float]:
        """How good it is on records with outcomes."""
        truth, probability = records[LABEL].to_numpy(), self._probability(records)
        return {
            "accuracy": round(float(accuracy_score(truth, probability >= 0.5)), 6),
            "auc": round(float(roc_auc_score(truth, probability)), 6),
            "brier": round(float(brier_score_loss(truth, probability)), 6),
        }

    def _probability(self, records: pl.DataFrame) -> "np.ndarray[Any, np.dtype[np.float64]]":
        with threadpool_limits(1):
            found: np.ndarray[Any, np.dtype[np.float64]] = self.pipeline.predict_proba(_matrix(records))[:, 1]
        return found


def train(records: pl.DataFrame) -> Model:
    """Train on records with outcomes; the same records give the same model, byte for byte."""
    pipeline: Pipeline = make_pipeline(
        make_column_transformer(
            (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), list(range(len(CATEGORICAL)))),
            remainder="passthrough",
        ),
        HistGradientBoostingClassifier(categorical_features=list(range(len(CATEGORICAL))), **PARAMETERS),
    )
    # Sums of several threads differ in their last bits from run to run.
    with threadpool_limits(1):
        pipeline.fit(_matrix(records), records[LABEL].to_numpy())
    return Model(pipeline, pickle.dumps(pipeline, protocol=5))


def framework() -> str:
    """What it was trained with."""
    return f"scikit-learn {sklearn.__version__}"


def _matrix(records: pl.DataFrame) -> Any:
    return records.select(*CATEGORICAL, *NUMERIC).to_numpy()
