"""What an attribution analysis is asked: the model's columns, the explainer, the baseline, the aggregation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from monitors.analysis.attribution.background import MOST_CLUSTERS
from monitors.analysis.attribution.features import KINDS, Kind
from monitors.analysis.errors import DocumentError
from monitors.analysis.jsonfile import Document, number

Method = Literal["permutation", "kernel", "tree"]
Aggregation = Literal["mean_abs", "median", "mean_sq"]
METHODS: tuple[Method, ...] = ("permutation", "kernel", "tree")
AGGREGATIONS: tuple[Aggregation, ...] = ("mean_abs", "median", "mean_sq")

WHERE = "analysis_config"
MOST_ROWS = 10_000


@dataclass(frozen=True)
class AttributionConfig:
    """An attribution analysis.

    Attributes:
        columns: The model's columns, in its order; all of the data but `label` and `excluded` if empty.
        label: The column with what really happened, which is no feature.
        excluded: Other columns that are no features.
        kinds: How columns are read, where it is not to be learnt from the data.
        groups: Columns that encode one thing, such as one-hot columns, by its name: one feature.
        method: `permutation`, our estimator; `kernel`, Kernel SHAP as Clarify computes it; `tree`, exact for trees.
        baseline: Rows that stand for "not known": objects, or lists in the columns' order; clusters of the data if None.
        baseline_weights: How much each of them counts; all the same if not given.
        clusters: How many centres a baseline made of the data has, 1 to 12. For trees, None leaves the baseline to what
            they saw in training.
        samples: How many rows the model is asked about for each row (`kernel`: coalitions); the explainer's default if None.
        use_logit: Whether values are log-odds of the model's probabilities.
        aggregation: `mean_abs`, the mean of the values' amounts; `median`, of the values with their signs; `mean_sq`.
        seed: Of the rows, the clusters and the coalitions.
        most_rows: How many rows are explained, drawn with the seed.
        labels: The outputs' names; `label0`, `label1` … if empty.
    """

    columns: tuple[str, ...] = ()
    label: str | None = None
    excluded: tuple[str, ...] = ()
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    method: Method = "permutation"
    baseline: tuple[Any, ...] | None = None
    baseline_weights: tuple[float, ...] | None = None
    clusters: int | None = None
    samples: int | None = None
    use_logit: bool = False
    aggregation: Aggregation = "mean_abs"
    seed: int = 0
    most_rows: int = MOST_ROWS
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for key, value, allowed in (("method", self.method, METHODS), ("agg_method", self.aggregation, AGGREGATIONS)):
            if value not in allowed:
                raise DocumentError(f"{WHERE}: {key} is {value!r}; {', '.join(allowed)} is needed.")
        for name, kind in self.kinds.items():
            if kind not in KINDS:
                raise DocumentError(f"{WHERE}: the kind of {name!r} is {kind!r}; {', '.join(KINDS)} is needed.")
        if self.clusters is not None and not 1 <= self.clusters <= MOST_CLUSTERS:
            raise DocumentError(f"{WHERE}: num_clusters is {self.clusters}; 1 to {MOST_CLUSTERS} is needed.")
        if self.baseline is not None and not self.baseline:
            raise DocumentError(f"{WHERE}: the baseline has no rows.")
        if (self.samples is not None and self.samples < 1) or self.most_rows < 1 or self.seed < 0:
            raise DocumentError(f"{WHERE}: num_samples and rows have to be positive, and seed not negative.")
        if self.method == "tree" and (self.use_logit or self.samples is not None):
            raise DocumentError(
                f"{WHERE}: trees are explained exactly and on their own scale (log-odds for a classifier); leave "
                "use_logit and num_samples out, or take the permutation explainer."
            )
        if len(set(self.columns)) < len(self.columns) or len(set(self.labels)) < len(self.labels):
            raise DocumentError(f"{WHERE}: a column, or a label header, stands twice.")

    def features(self, columns: Sequence[str]) -> tuple[str, ...]:
        """The model's columns among those of the data."""
        left_out = {self.label, *self.excluded}
        return self.columns or tuple(name for name in columns if name not in left_out)


def read_attribution_config(document: Mapping[str, Any], columns: Sequence[str] = ()) -> AttributionConfig:
    """The reading of Clarify's `analysis_config.json`.

    Args:
        document: The file's object. Keys that have no part in attribution are passed over. `features` (as a list),
            `methods.shap.{method, groups, baseline_weights, rows}` and `kinds` are ours.
        columns: Names by position, for those given as an index; `headers` of the document if empty.

    Raises:
        DocumentError: A key is missing or of another form, or asks for texts or images; the message names it.

    Source: "Configure the Analysis" in the SageMaker developer guide.
    """
    names = list(columns) or [str(name) for name in document.get("headers") or ()]
    shap = _object(_object(document, "methods"), "shap")
    predictor = _object(document, "predictor")
    for key in ("text_config", "image_config"):
        if shap.get(key) is not None:
            raise DocumentError(
                f"{WHERE}: methods.shap.{key} asks for attributions of {key.partition('_')[0]}s, which are out of scope: "
                "only tables are explained."
            )
    listed = document.get("features")
    excluded = document.get("excluded_columns") or ()
    label = document.get("label")
    baseline = shap.get("baseline")
    if isinstance(baseline, str):
        raise DocumentError(f"{WHERE}: the baseline is the place {baseline!r}; its rows are needed here.")
    return AttributionConfig(
        columns=tuple(_column("features", name, names) for name in listed) if isinstance(listed, list) else (),
        label=None if label is None else _column("label", label, names),
        excluded=tuple(_column("excluded_columns", name, names) for name in excluded),
        kinds=_kinds(document, names),
        groups={str(name): _texts(grouped, "groups") for name, grouped in _object(shap, "groups").items()},
        method=shap.get("method", "permutation"),
        baseline=None if baseline is None else tuple(_list(baseline, "baseline")),
        baseline_weights=_optional_numbers(shap.get("baseline_weights")),
        clusters=_integer(shap, "num_clusters", None),
        samples=_integer(shap, "num_samples", None),
        use_logit=_truth(shap.get("use_logit", False)),
        aggregation=shap.get("agg_method", "mean_abs"),
        seed=_integer(shap, "seed", 0) or 0,
        most_rows=_integer(shap, "rows", MOST_ROWS) or 0,
        labels=_texts(predictor.get("label_headers") or [], "label_headers"),
    )


def attribution_config_document(config: AttributionConfig) -> Document:
    """The configuration as `read_attribution_config` reads it."""
    shap: Document = {
        "method": config.method,
        "baseline": None if config.baseline is None else [_written(row) for row in config.baseline],
        "baseline_weights": None if config.baseline_weights is None else list(config.baseline_weights),
        "num_clusters": config.clusters,
        "num_samples": config.samples,
        "use_logit": config.use_logit,
        "agg_method": config.aggregation,
        "seed": config.seed,
        "rows": config.most_rows,
        "groups": {name: list(grouped) for name, grouped in config.groups.items()} or None,
    }
    document: Document = {
        "features": list(config.columns) or None,
        "label": config.label,
        "excluded_columns": list(config.excluded) or None,
        "kinds": dict(config.kinds) or None,
        "methods": {"shap": {key: value for key, value in shap.items() if value is not None}},
        "predictor": {"label_headers": list(config.labels)} if config.labels else None,
    }
    return {key: value for key, value in document.items() if value is not None}


def _written(row: Any) -> Any:
    """A row of the baseline as JSON holds it."""
    if isinstance(row, dict):
        return {name: _written(value) for name, value in row.items()}
    if isinstance(row, list | tuple):
        return [_written(value) for value in row]
    return number(row) if isinstance(row, float) else row


def _kinds(document: Mapping[str, Any], names: Sequence[str]) -> dict[str, Kind]:
    """`kinds` of ours, and Clarify's `feature_types`, a list as long as `headers`."""
    kinds: dict[str, Kind] = {}
    types = document.get("feature_types")
    if isinstance(types, list):
        for name, said in zip(names, types, strict=False):
            if said == "text":
                raise DocumentError(f"{WHERE}: {name!r} is a free text; attributions of texts are out of scope.")
            if said == "categorical":
                kinds[name] = "text"
    return kinds | dict(_object(document, "kinds"))


def _object(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = document.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise DocumentError(f"{WHERE}: {key} is {value!r:.100}; an object is needed.")
    return value


def _column(key: str, value: object, names: Sequence[str]) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names):
        return names[value]
    raise DocumentError(f"{WHERE}: {key} holds {value!r}; a column's name, or an index below {len(names)}, is needed.")


def _list(value: object, key: str) -> list[Any]:
    if not isinstance(value, list):
        raise DocumentError(f"{WHERE}: {key} is {value!r:.100}; a list is needed.")
    return value


def _texts(value: object, key: str) -> tuple[str, ...]:
    listed = _list(value, key)
    if not all(isinstance(item, str) for item in listed):
        raise DocumentError(f"{WHERE}: {key} holds {listed!r:.100}; texts are needed.")
    return tuple(listed)


def _integer(document: Mapping[str, Any], key: str, default: int | None) -> int | None:
    value = document.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | None):
        raise DocumentError(f"{WHERE}: {key} is {value!r}; a whole number is needed.")
    return value


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise DocumentError(f"{WHERE}: use_logit is {value!r}; true or false is needed.")
    return value


def _optional_numbers(value: object) -> tuple[float, ...] | None:
    if value is None:
        return None
    listed = _list(value, "baseline_weights")
    if any(isinstance(item, bool) or not isinstance(item, int | float) for item in listed):
        raise DocumentError(f"{WHERE}: baseline_weights holds {listed!r:.100}; numbers are needed.")
    return tuple(float(item) for item in listed)
