"""What an `analysis_config.json` asks for, and which of the data's columns is which.

Format: "Configure the Analysis" in the SageMaker developer guide.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.errors import InvalidError

Document = Mapping[str, Any]

BIAS = ("pre_training_bias", "post_training_bias")
METHODS = (*BIAS, "shap", "report")
FORMATS = {"text/csv": "csv", "application/jsonlines": "jsonl", "application/x-parquet": "parquet"}
FACETS, PREDICTIONS, BASELINE = "facet_dataset", "predicted_label_dataset", "baseline"
"""What lies beside a data set, by the names that a plan gives it."""


def asks_bias(document: Document) -> bool:
    """Whether bias is asked for; a bias monitor's configuration has no methods."""
    methods = document.get("methods")
    return "facet" in document if not methods else any(name in methods for name in BIAS)


def asks_shap(document: Document) -> bool:
    """Whether attributions are asked for."""
    return "shap" in (document.get("methods") or {})


def asks_after_training(document: Document) -> bool:
    """Whether metrics of predictions are asked for."""
    methods = document.get("methods")
    return asks_bias(document) and (not methods or BIAS[1] in methods)


def asks_model(document: Document, *, captured: bool = False) -> bool:
    """Whether a model has to be asked: for attributions, and for predictions that are not there already, or were captured."""
    there = (
        captured
        or document.get("predicted_label") is not None
        or document.get("predicted_label_dataset_uri") is not None
    )
    return asks_shap(document) or (asks_after_training(document) and not there)


def sides(document: Document) -> dict[str, str]:
    """What lies beside the data set: URIs by what it is."""
    baseline = ((document.get("methods") or {}).get("shap") or {}).get("baseline")
    told = {
        FACETS: document.get("facet_dataset_uri"),
        PREDICTIONS: document.get("predicted_label_dataset_uri"),
        BASELINE: baseline if isinstance(baseline, str) else None,
    }
    return {name: uri for name, uri in told.items() if isinstance(uri, str)}


def check(document: Document, *, captured: bool = False) -> None:
    """Refuse what can't be computed of a data set, or of captured records.

    Raises:
        InvalidError: the configuration asks for it, or for nothing.
    """
    methods = document.get("methods") or {}
    unknown = [name for name in methods if name not in METHODS]
    if unknown or not (asks_bias(document) or asks_shap(document)):
        raise InvalidError(
            f"analysis_config.json asks for {', '.join(unknown) or 'nothing that can be computed'}; "
            f"{', '.join(METHODS)} can be",
            path="methods",
            constraint=", ".join(METHODS),
        )
    kind = document.get("dataset_type", "text/csv")
    if kind not in FORMATS:
        raise InvalidError(f"dataset_type is {kind!r}; known are {', '.join(FORMATS)}", path="dataset_type")
    predictor = document.get("predictor") or {}
    if asks_model(document, captured=captured) and not (predictor.get("model_name") or predictor.get("endpoint_name")):
        raise InvalidError(
            "analysis_config.json asks for metrics of predictions, or attributions, and names no model: give a predictor "
            "with a model_name or an endpoint_name, or (for bias) predicted_label or predicted_label_dataset_uri",
            path="predictor",
            constraint="a model_name or an endpoint_name",
        )


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a data set.

    Attributes:
        names: all of them, in order.
        label: what really happened.
        predicted: what the model said, where the data set has it.
        join: what rows of other files are found by.
        excluded: those that are no features.
    """

    names: tuple[str, ...]
    label: str | None
    predicted: str | None
    join: str | None
    excluded: tuple[str, ...]

    @property
    def features(self) -> tuple[str, ...]:
        """What the model is asked with, in order."""
        left_out = {self.label, self.predicted, self.join, *self.excluded}
        return tuple(name for name in self.names if name not in left_out)


def columns(document: Document, names: Sequence[str]) -> Columns:
    """Which column is which, by the configuration.

    Raises:
        InvalidError: it names one that is not there.
    """

    def named(key: str, value: object) -> str | None:
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names):
            return names[value]
        if isinstance(value, str) and value in names:
            return value
        raise InvalidError(
            f"{key} is {value!r}, which is neither a column nor its number; the data has {', '.join(map(repr, names))}",
            path=key,
        )

    excluded = [named("excluded_columns", value) for value in document.get("excluded_columns") or ()]
    return Columns(
        tuple(names),
        named("label", document.get("label")),
        named("predicted_label", document.get("predicted_label")),
        named("joinsource_name_or_index", document.get("joinsource_name_or_index")),
        tuple(name for name in excluded if name is not None),
    )
