"""What a bias analysis is asked: label, facets, predictions, and the metrics wanted."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from monitors.analysis.errors import DocumentError
from monitors.analysis.jsonfile import Document

Scalar = str | int | float | bool
Kind = Literal["categorical", "continuous"]

WHERE = "analysis_config"


@dataclass(frozen=True)
class Facet:
    """A column whose groups are compared.

    Attributes:
        name: The column.
        values: Of a categorical facet the values that together are the group of interest; without any, every value
            is a group of its own. Of a continuous one its thresholds t₁ < t₂ …: every interval (tᵢ, tᵢ₊₁] is a group
            and the last one reaches to the largest value.
        kind: How to read `values`; inferred as `splits` describes it if not given.
    """

    name: str
    values: tuple[Scalar, ...] = ()
    kind: Kind | None = None


@dataclass(frozen=True)
class BiasConfig:
    """A bias analysis.

    Attributes:
        label: The column with what really happened.
        label_values: The labels that count as positive, or one threshold that positive ones lie above.
        facets: The columns whose groups are compared.
        predicted_label: The column with the model's labels; post-training metrics need it, or `probability`.
        probability: The column with the probability of a positive label; used without `predicted_label`.
        probability_threshold: A prediction is positive when its probability lies above it.
        group_variable: The column whose values are the strata of CDDL and CDDPL.
        label_kind: How to read `label_values`; inferred if not given.
        pre_training, post_training: Names of the metrics wanted; all if not given, none if empty.
        excluded: Columns that are no features: FT passes them over.
        smallest_group: Groups with fewer rows are flagged.
        seed: Of the bootstrap and of the sample that FT is measured on.
    """

    label: str
    label_values: tuple[Scalar, ...]
    facets: tuple[Facet, ...]
    predicted_label: str | None = None
    probability: str | None = None
    probability_threshold: float = 0.5
    group_variable: str | None = None
    label_kind: Kind | None = None
    pre_training: tuple[str, ...] | None = None
    post_training: tuple[str, ...] | None = None
    excluded: tuple[str, ...] = ()
    smallest_group: int = 30
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.label_values:
            raise DocumentError(f"{WHERE}: label_values_or_threshold is empty; name the labels that count as positive.")
        if not self.facets:
            raise DocumentError(f"{WHERE}: there is no facet; name a column whose groups are to be compared.")
        names = [facet.name for facet in self.facets]
        if len(set(names)) < len(names):
            raise DocumentError(f"{WHERE}: a facet stands twice among {', '.join(map(repr, names))}.")
        if not 0 <= self.probability_threshold <= 1:
            raise DocumentError(f"{WHERE}: probability_threshold is {self.probability_threshold}; 0 to 1 is needed.")

    @property
    def has_predictions(self) -> bool:
        """Whether post-training metrics can be computed."""
        return self.predicted_label is not None or self.probability is not None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the counts need, each once."""
        predicted = self.predicted_label if self.predicted_label is not None else self.probability
        named = [self.label, *(facet.name for facet in self.facets), predicted, self.group_variable]
        return tuple(dict.fromkeys(name for name in named if name is not None))


def read_config(document: Mapping[str, Any], columns: Sequence[str] = ()) -> BiasConfig:
    """The reading of Clarify's `analysis_config.json`, a bias monitor's included.

    Args:
        document: The file's object. Keys that have no part in bias (`shap`, `report`, `predictor`'s endpoint) are
            passed over. `facet[].kind`, `label_kind`, `probability`, `smallest_group` and `seed` are ours.
        columns: Names by position, for those given as an index; `headers` of the document if empty.

    Raises:
        DocumentError: A key is missing or of another form; the message names it.

    Source: "Configure the Analysis" in the SageMaker developer guide.
    """
    names = list(columns) or [str(name) for name in document.get("headers") or ()]
    methods = document.get("methods") or {}
    facets = document.get("facet")
    if not isinstance(facets, list) or not all(
        isinstance(facet, dict) and "name_or_index" in facet for facet in facets
    ):
        raise DocumentError(f"{WHERE}: `facet` is not a list of objects with a `name_or_index`.")
    if document.get("label") is None:
        raise DocumentError(f"{WHERE}: `label` is missing; name the column with the true labels.")
    predictor = document.get("predictor") or {}
    has_inline = document.get("predicted_label") is not None
    probability = document.get("probability", None if has_inline else predictor.get("probability"))

    def column(key: str, value: object) -> str | None:
        return None if value is None else _column(key, value, names)

    return BiasConfig(
        label=_column("label", document["label"], names),
        label_values=_values(document.get("label_values_or_threshold"), "label_values_or_threshold"),
        facets=tuple(
            Facet(
                _column("facet", facet["name_or_index"], names),
                _values(facet.get("value_or_threshold"), "value_or_threshold"),
                _kind(facet.get("kind"), "kind"),
            )
            for facet in facets
        ),
        predicted_label=column("predicted_label", document.get("predicted_label")),
        probability=column("probability", probability),
        probability_threshold=_number(document, "probability_threshold", 0.5),
        group_variable=column("group_variable", document.get("group_variable")),
        label_kind=_kind(document.get("label_kind"), "label_kind"),
        pre_training=_methods(methods, "pre_training_bias"),
        post_training=_methods(methods, "post_training_bias"),
        excluded=tuple(_column("excluded_columns", name, names) for name in document.get("excluded_columns") or ()),
        smallest_group=int(_number(document, "smallest_group", 30)),
        seed=int(_number(document, "seed", 0)),
    )


def config_document(config: BiasConfig) -> Document:
    """The configuration as `read_config` reads it."""

    def methods(names: tuple[str, ...] | None) -> Document:
        return {"methods": "all" if names is None else list(names)}

    document: Document = {
        "label": config.label,
        "label_values_or_threshold": list(config.label_values),
        "label_kind": config.label_kind,
        "facet": [
            {"name_or_index": facet.name, "value_or_threshold": list(facet.values), "kind": facet.kind}
            for facet in config.facets
        ],
        "predicted_label": config.predicted_label,
        "probability": config.probability,
        "probability_threshold": config.probability_threshold,
        "group_variable": config.group_variable,
        "methods": {
            "pre_training_bias": methods(config.pre_training),
            "post_training_bias": methods(config.post_training),
        },
        "excluded_columns": list(config.excluded),
        "smallest_group": config.smallest_group,
        "seed": config.seed,
    }
    return {key: value for key, value in document.items() if value is not None}


def _column(key: str, value: object, names: Sequence[str]) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        if 0 <= value < len(names):
            return names[value]
        raise DocumentError(f"{WHERE}: {key} is column {value}, but there are {len(names)} (counted from 0).")
    raise DocumentError(f"{WHERE}: {key} is {value!r}; a column's name or index is needed.")


def _values(value: object, key: str) -> tuple[Scalar, ...]:
    listed = value if isinstance(value, list) else [] if value is None else [value]
    for item in listed:
        if not isinstance(item, str | int | float) or (isinstance(item, float) and math.isnan(item)):
            raise DocumentError(f"{WHERE}: {key} holds {item!r}; texts and numbers are needed.")
    return tuple(listed)


def _kind(value: object, key: str) -> Kind | None:
    if value is None or value == "categorical" or value == "continuous":
        return value
    raise DocumentError(f"{WHERE}: {key} is {value!r}; categorical or continuous is needed.")


def _number(document: Mapping[str, Any], key: str, default: float) -> float:
    value = document.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DocumentError(f"{WHERE}: {key} is {value!r}; a number is needed.")
    return value


def _methods(methods: Mapping[str, Any], key: str) -> tuple[str, ...] | None:
    """The metrics asked for. Without `methods`, as in a bias monitor's file, all of both stages."""
    if not methods.keys() & {"pre_training_bias", "post_training_bias"}:
        return None
    if key not in methods:
        return ()
    listed = (methods[key] or {}).get("methods", "all")
    if listed == "all":
        return None
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise DocumentError(f'{WHERE}: methods.{key}.methods is {listed!r}; "all" or a list of names is needed.')
    return tuple(listed)
