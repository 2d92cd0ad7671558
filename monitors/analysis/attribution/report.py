"""Attributions of a data set: local values, and the global ones that they are aggregated to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import cast

import polars as pl

from monitors.analysis.attribution import kernel, permutation, trees
from monitors.analysis.attribution.aggregation import aggregated, resampled
from monitors.analysis.attribution.background import clustered, given_rows
from monitors.analysis.attribution.config import Aggregation, AttributionConfig, Method
from monitors.analysis.attribution.explanation import Explanation, Numbers, logit
from monitors.analysis.attribution.features import Feature, features_of, kinds_of, typed
from monitors.analysis.attribution.models import Predict, TreeModel, answers
from monitors.analysis.errors import ColumnsError, DocumentError, ModelError
from monitors.analysis.replicates import Interval, percentile_interval

REPLICATES = 1_000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class LabelAttribution:
    """Global attributions of one output of a model.

    Attributes:
        label: What the output is called: a label header, or `label0` and so on.
        values: By feature, in the model's order.
        expected: What the model says where nothing is known.
        intervals: Of the values, by feature; from a bootstrap over the rows.
    """

    label: str
    values: Mapping[str, float]
    expected: float
    intervals: Mapping[str, Interval]


@dataclass(frozen=True)
class LocalValues:
    """Attributions of single rows.

    Attributes:
        rows: Where each row stands in the data set, from 0.
        features: Names, in the order of the values.
        explanation: The values.
    """

    rows: pl.Series
    features: tuple[str, ...]
    explanation: Explanation


@dataclass(frozen=True)
class AttributionReport:
    """What `analysis.json` says.

    Attributes:
        labels: One for each output.
        rows: Rows of the data set; 0 if the file does not say.
        explained: Rows that were explained, drawn from them.
        evaluations: Rows that the model was asked about.
        local: The values of single rows; not in the file.
    """

    labels: tuple[LabelAttribution, ...]
    method: Method | None = None
    aggregation: Aggregation = "mean_abs"
    rows: int = 0
    explained: int = 0
    evaluations: int = 0
    local: LocalValues | None = None


def settled(config: AttributionConfig, frame: pl.DataFrame) -> AttributionConfig:
    """The configuration with all that is to be learnt from the data: columns, their kinds, the baseline's rows.

    What a run needs to ask about later data exactly what the baseline was asked about.

    Args:
        config: What was asked.
        frame: Rows of the data.

    Raises:
        ColumnsError: The data does not fit, or has no rows.
        DocumentError: The baseline's rows, or the groups, do not fit the columns.
    """
    columns = config.features(frame.columns)
    if not columns:
        raise ColumnsError("The data has no column left that could be a feature.")
    if frame.is_empty():
        raise ColumnsError("The data has no rows, so nothing can be explained.")
    kinds = kinds_of(frame, columns, config.kinds)
    features_of(columns, config.groups)
    made = replace(config, columns=columns, kinds=kinds)
    if config.baseline is None and config.method == "tree" and config.clusters is None:
        return made
    if config.baseline is None:
        background = clustered(typed(frame, kinds), config.clusters or 1, config.seed)
    else:
        background = given_rows(config.baseline, kinds, config.baseline_weights)
    return replace(
        made, baseline=tuple(background.rows.rows(named=True)), baseline_weights=tuple(background.weights.tolist())
    )


def attribution_report(
    model: Predict | TreeModel,
    frame: pl.DataFrame,
    config: AttributionConfig,
    *,
    positions: pl.Series | None = None,
    rows: int | None = None,
    replicates: int = REPLICATES,
    on_rows: Callable[[int], None] | None = None,
) -> AttributionReport:
    """Explain a model on rows.

    Args:
        model: A function from a frame to predictions; a `TreeModel` for the method `tree`.
        frame: The rows that are explained.
        config: What is asked; `settled` is applied to it.
        positions: Where the rows stand in the data set; 0, 1 … if not given.
        rows: How many rows the data set has; those of the frame if not given.
        replicates: Bootstrap samples of the intervals; 0 for none.
        on_rows: Told how many rows are done.

    Raises:
        ColumnsError: The data does not fit the configuration.
        DocumentError: The configuration does not fit the model.
        ModelError: The model fails, or can't be explained in this way.

    Example:
        >>> frame = pl.DataFrame({"x": [1.0, 2.0, 3.0], "z": [0.0, 1.0, 5.0]})
        >>> config = AttributionConfig(baseline=((0.0, 0.0),))
        >>> dict(attribution_report(lambda rows: 2 * rows["x"] - rows["z"], frame, config).labels[0].values)
        {'x': 4.0, 'z': 2.0}
    """
    config = settled(config, frame)
    read = typed(frame, config.kinds)
    features = features_of(config.columns, config.groups)
    explanation = _explained(model, read, config, features, on_rows)
    names = tuple(feature.name for feature in features)
    local = LocalValues(pl.Series("row", range(frame.height)) if positions is None else positions, names, explanation)
    outputs = len(explanation.expected)
    if config.labels and len(config.labels) != outputs:
        raise DocumentError(
            f"There are {len(config.labels)} label headers, but the model gives {outputs} numbers a row."
        )
    labels = []
    for output in range(outputs):
        values = explanation.values[:, :, output]
        whole = aggregated(values, config.aggregation)
        drawn = resampled(values, config.aggregation, replicates, config.seed)
        intervals = {}
        for position, name in enumerate(names):
            if replicates and (interval := percentile_interval(drawn[:, position], CONFIDENCE)) is not None:
                intervals[name] = interval
        labels.append(
            LabelAttribution(
                config.labels[output] if config.labels else f"label{output}",
                dict(zip(names, whole.tolist(), strict=True)),
                float(explanation.expected[output]),
                intervals,
            )
        )
    return AttributionReport(
        *(tuple(labels), config.method, config.aggregation, frame.height if rows is None else rows, frame.height),
        *(explanation.evaluations, local),
    )


def _explained(
    model: Predict | TreeModel,
    rows: pl.DataFrame,
    config: AttributionConfig,
    features: tuple[Feature, ...],
    on_rows: Callable[[int], None] | None,
) -> Explanation:
    background = None
    if config.baseline is not None:
        background = given_rows(config.baseline, config.kinds, config.baseline_weights)
    if config.method == "tree":
        if not hasattr(model, "contributions"):
            raise ModelError("The tree explainer needs a model made of trees; take the permutation explainer.")
        return trees.explain(cast(TreeModel, model), rows, background, features)
    assert background is not None, "settled has made one"
    predict = _function(model)
    held: list[int] = []

    def answer(frame: pl.DataFrame) -> Numbers:
        told = answers(predict, frame, held[0] if held else None)
        held[:] = [told.shape[1]]
        return logit(told) if config.use_logit and config.method == "permutation" else told

    if config.method == "kernel":
        return kernel.explain(
            *(answer, rows, background, features),
            evaluations=config.samples,
            seed=config.seed,
            use_logit=config.use_logit,
            on_rows=on_rows,
        )
    return permutation.explain(
        *(answer, rows, background, features), evaluations=config.samples, seed=config.seed, on_rows=on_rows
    )


def _function(model: Predict | TreeModel) -> Predict:
    """The model as a function: itself, or its `predict`."""
    predict = getattr(model, "predict", model)
    if not callable(predict):
        raise ModelError(f"A {type(model).__name__} is no model: a function or an object with `predict` is needed.")
    return predict
