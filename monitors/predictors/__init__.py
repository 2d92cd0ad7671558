"""Models that can be asked, loaded by explicit loaders: one a format of file, and one for a container behind HTTP.

    >>> predictor = load(Policy(local_user=True), "123456789012", "/srv/models/churn.onnx")  # doctest: +SKIP
    >>> predictor.model.predict(pl.DataFrame({"age": [31], "plan": ["a"]}))                  # doctest: +SKIP
    array([[0.12]])

Formats that run code while they are read (pickles, MLflow's folders) are only read where the operator allows it.
"""

from monitors.predictors.container import Exchange
from monitors.predictors.loading import FORMATS, SETTING, UNSAFE, Predictor, load

__all__ = ["FORMATS", "SETTING", "UNSAFE", "Exchange", "Predictor", "load"]
