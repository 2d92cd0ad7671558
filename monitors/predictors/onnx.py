"""ONNX files, run by onnxruntime."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monitors.analysis.attribution.extras import needed
from monitors.analysis.errors import ModelError
from monitors.predictors.frames import named, speaking_for

Numbers = NDArray[np.float64]

_TYPES: dict[str, Any] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
    "tensor(string)": np.object_,
}


class OnnxModel:
    """A model with one input for all columns, or an input a column, by its name.

    The answer is the last output that holds numbers with a fraction, since classifiers give the label first and then
    probabilities. Of a classifier of two classes, the second's probability is told. Weights in files beside the model are
    not read.

    Raises:
        ModelError: onnxruntime is not installed, or can't read it.
    """

    def __init__(self, content: bytes) -> None:
        runtime = needed("onnxruntime", "onnx", "An ONNX model")
        options = runtime.SessionOptions()
        options.log_severity_level = 4  # it writes to standard error what its exceptions say too
        with speaking_for("This is no model that onnxruntime reads"):
            self._session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        self._inputs = [(item.name, item.type, item.shape) for item in self._session.get_inputs()]
        unknown = [f"{name} of {kind}" for name, kind, _ in self._inputs if kind not in _TYPES]
        if unknown or not self._inputs:
            raise ModelError(f"The model's input {', '.join(unknown)} can't be made of columns.")
        outputs = [(item.name, item.type) for item in self._session.get_outputs()]
        told = [name for name, kind in outputs if _has_fractions(kind)]
        if not told:
            raise ModelError(f"None of the model's outputs holds numbers with a fraction: {outputs}.")
        self._output = told[-1]
        self._classifier = len(outputs) > 1

    def predict(self, frame: pl.DataFrame) -> Numbers:
        """The answers: (rows,) or (rows, outputs)."""
        with speaking_for("onnxruntime can't run the model"):
            told = self._session.run([self._output], self._fed(frame))[0]
        if isinstance(told, list):  # ZipMap: an object a row, from class to probability
            classes = list(told[0]) if told else []
            made = np.array([[row[name] for name in classes] for row in told], dtype=np.float64)
        else:
            made = np.asarray(told, dtype=np.float64).reshape(frame.height, -1)
        return made[:, 1] if self._classifier and made.shape[1:] == (2,) else made

    def _fed(self, frame: pl.DataFrame) -> dict[str, Any]:
        if len(self._inputs) > 1 or (frame.width == 1 and self._inputs[0][0] in frame.columns):
            columns = named(frame, [name for name, _, _ in self._inputs])
            return {
                name: _array(columns.select(name), kind).reshape(-1, *((1,) if len(shape) > 1 else ()))
                for name, kind, shape in self._inputs
            }
        name, kind, shape = self._inputs[0]
        width = shape[1] if len(shape) > 1 else None
        if isinstance(width, int) and width != frame.width:
            raise ModelError(
                f"The model takes {width} columns, the data has {frame.width}: {', '.join(frame.columns)}."
            )
        return {name: _array(frame, kind)}


def _array(frame: pl.DataFrame, kind: str) -> Any:
    wanted = _TYPES[kind]
    if wanted is np.object_:
        return frame.cast(pl.String).fill_null("").to_numpy().astype(np.object_)
    texts = [name for name, held in frame.schema.items() if held == pl.String]
    if texts:
        raise ModelError(f"The model takes numbers ({kind}) where {', '.join(map(repr, texts))} hold texts.")
    if wanted in (np.float32, np.float64):
        return np.ascontiguousarray(frame.cast(pl.Float64).to_numpy(), dtype=wanted)
    missing = [held.name for held in frame if held.null_count()]
    if missing:
        raise ModelError(f"The model takes {kind}, which can't be missing, but {', '.join(map(repr, missing))} can be.")
    return np.ascontiguousarray(frame.to_numpy(), dtype=wanted)


def _has_fractions(kind: str) -> bool:
    return kind in ("tensor(float)", "tensor(double)") or kind.startswith("seq(map(")
