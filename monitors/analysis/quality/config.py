"""What a model's quality is measured from: the kind of problem, the columns, and how labels are read."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from monitors.analysis.errors import DocumentError
from monitors.analysis.jsonfile import Document

Problem = Literal["Regression", "BinaryClassification", "MulticlassClassification"]

SECTIONS: Mapping[Problem, str] = {
    "Regression": "regression",
    "BinaryClassification": "binary_classification",
    "MulticlassClassification": "multiclass_classification",
}
"""What the sections of statistics and constraints begin with."""


@dataclass(frozen=True)
class QualityConfig:
    """A model quality analysis.

    Attributes:
        problem: What the model predicts.
        label: The column with the truth (`ground_truth_attribute`).
        prediction: The column with the predicted value or class (`inference_attribute`).
        probability: For two classes, the column with the probability of the positive one (`probability_attribute`).
        probability_threshold: Without `prediction`, a row is positive when its probability lies above it.
        probabilities: For many classes, the column with each class's probability; without `prediction`, the most
            probable class is the predicted one.
        weight: The column with the rows' weights; 1 each if not given.
        labels: What labels and predictions are called, by what they are in the data.
        positive: For two classes, the label (after `labels`) that is positive; every other is negative. Without it,
            labels must be 0 and 1, or false and true.
        segments: Columns by whose values metrics are given too.
        time: A column of times; with it metrics are given by `every`.
        every: The length of a time bucket, as polars writes durations: `1h`, `1d`, `1w`.
        bins: Reliability bins of equal width.
        curve_points: How many points a curve has at most.
        confidence: Of the intervals.
        seed: Of resampling.
    """

    problem: Problem
    label: str
    prediction: str | None = None
    probability: str | None = None
    probability_threshold: float = 0.5
    probabilities: Mapping[str, str] = field(default_factory=dict)
    weight: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    positive: str | None = None
    segments: tuple[str, ...] = ()
    time: str | None = None
    every: str = "1d"
    bins: int = 10
    curve_points: int = 200
    confidence: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        if self.problem not in SECTIONS:
            raise DocumentError(f"There is no problem type {self.problem!r}; there are {', '.join(SECTIONS)}.")
        if self.prediction is None and self.probability is None and not self.probabilities:
            raise DocumentError("Name the column with the predictions, or the one with their probability.")
        if self.problem == "Regression" and self.prediction is None:
            raise DocumentError("A regression has no probabilities; name the column with the predictions.")
        if not 0 <= self.probability_threshold <= 1:
            raise DocumentError(f"The probability threshold is {self.probability_threshold}; 0 to 1 is needed.")
        if self.bins < 1 or self.curve_points < 3 or not 0 < self.confidence < 1:
            raise DocumentError("At least 1 bin, 3 points of a curve, and a confidence between 0 and 1 are needed.")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read, each once."""
        named = [self.label, self.prediction, self.probability, *self.probabilities.values(), self.weight, self.time]
        return tuple(dict.fromkeys(name for name in [*named, *self.segments] if name is not None))

    @property
    def section(self) -> str:
        """What the problem's sections begin with."""
        return SECTIONS[self.problem]


def quality_config_document(config: QualityConfig) -> Document:
    """The configuration as `read_quality_config` reads it: its attributes by their names."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(config).items()}


def read_quality_config(document: Mapping[str, Any]) -> QualityConfig:
    """The reading of a configuration.

    Raises:
        DocumentError: A key is unknown or missing, or a value is of another kind; the message names it.
    """
    kinds: dict[str, type | tuple[type, ...]] = {
        **dict.fromkeys(("problem", "label", "every"), str),
        **dict.fromkeys(("prediction", "probability", "weight", "positive", "time"), (str, type(None))),
        **dict.fromkeys(("probability_threshold", "confidence"), (int, float)),
        **dict.fromkeys(("bins", "curve_points", "seed"), int),
        **dict.fromkeys(("probabilities", "labels"), dict),
        "segments": (list, tuple),
    }
    known = {item.name for item in fields(QualityConfig)}
    for key, value in document.items():
        if key not in known:
            raise DocumentError(f"analysis_config: there is no {key!r}; there are {', '.join(sorted(known))}.")
        if not isinstance(value, kinds[key]) or isinstance(value, bool):
            raise DocumentError(f"analysis_config: {key} is {value!r}, which it can't be.")
        held = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
        if not all(isinstance(item, str) for item in held):
            raise DocumentError(f"analysis_config: {key} holds {value!r}; only texts are allowed.")
    if not {"problem", "label"} <= document.keys():
        raise DocumentError("analysis_config: `problem` and `label` are needed.")
    return QualityConfig(**{**document, "segments": tuple(document.get("segments", ()))})
