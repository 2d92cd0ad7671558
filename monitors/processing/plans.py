"""A plan: what the process of a job computes, on files of this host alone. It goes there as JSON, and an outcome comes back."""

from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

from graph.errors import InvalidError
from graph.monitoring.measured import Measurement, Subject


class Analysis(StrEnum):
    """What is computed."""

    DATA_QUALITY = "DataQuality"
    MODEL_QUALITY = "ModelQuality"
    BIAS = "ModelBias"
    EXPLAINABILITY = "ModelExplainability"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to compute; paths are of this host.

    Attributes:
        data: a file or folder with a data set.
        uri: where the data lies, as the graph and messages call it.
        output: the folder for what is made.
        format: `csv`, `jsonl` or `parquet`; by the files' suffixes if None.
        header: whether CSV files begin with a line of names.
        outputs_last: whether the data set's last column is the model's output; it comes first otherwise.
        constraints, statistics: files of a baseline that the data is held against; without both it becomes one.
        problem: of model quality.
        attributes: columns by what they are: `ground_truth_attribute`, `inference_attribute`, `probability_attribute`.
        threshold: above which a probability is positive; None for what the configuration says.
        config: Clarify's analysis_config.json.
        drift_method: of categories, instead of the baseline's.
        window: of what was captured: the data are capture files, and only records from `[start, end)` count, in epoch
            milliseconds.
        looked: where the data was looked for, for people.
        excluded: columns that are left out.
        features: a JMESPath to the features in captured requests.
        truth: the folder with ground truth that captured records are joined with.
        batch: the folder with what batch transforms read and wrote, of which the records are made.
        names: what joined records are filed under, where the captures' paths do not say it.
        preprocessor, postprocessor: files with users' scripts, which run before and after.
        sides: files beside the data set by what they are: facets, predicted labels, the rows of an explainer's baseline.
        predictor: of a model that is asked: its `url`, and the `networks` beside the public ones that it may lie in.
        pages: the module that makes pages for people of what was found, as `reports.monitoring.writing` does.
        subject: what those pages call the run: `arn`, `job`, `baseline`, `model`.
    """

    analysis: Analysis
    data: str
    uri: str
    output: str
    format: str | None = None
    header: bool = True
    outputs_last: bool = False
    constraints: str | None = None
    statistics: str | None = None
    problem: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    threshold: float | None = 0.5
    config: dict[str, Any] | None = None
    drift_method: str | None = None
    window: tuple[int, int] | None = None
    looked: str = ""
    excluded: tuple[str, ...] = ()
    features: str | None = None
    truth: str | None = None
    batch: str | None = None
    names: tuple[str, ...] = ()
    preprocessor: str | None = None
    postprocessor: str | None = None
    sides: dict[str, str] = field(default_factory=dict)
    predictor: dict[str, Any] | None = None
    pages: str | None = None
    subject: dict[str, str | None] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def read_plan(document: dict[str, Any]) -> Plan:
    """A plan from JSON."""
    window = document["window"]
    fixed = {"window": None if window is None else tuple(window), "excluded": tuple(document["excluded"])}
    fixed["names"] = tuple(document["names"])
    return Plan(**{**document, "analysis": Analysis(document["analysis"]), **fixed})


@dataclass(frozen=True, slots=True)
class Found:
    """A violation, as the graph keeps it; see `monitors.records.Finding`."""

    subject: str
    check: str
    columns: tuple[str, ...]
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a plan.

    Attributes:
        digest: of the data set's content.
        columns: the data set's.
        files: the names of the files that were made, in the plan's output.
        held: whether the data was held against a baseline.
        findings: what was found then.
        merged: files with records joined with ground truth, below the plan's output.
        facts: parameters of the trial component.
        measured: numbers, of which the schedule's runs make series.
        emits: whether the baseline lets metrics be published.
    """

    digest: str
    size: int
    count: int
    format: str
    rows: int
    columns: tuple[str, ...]
    files: tuple[str, ...]
    held: bool
    findings: tuple[Found, ...] = ()
    merged: tuple[str, ...] = ()
    facts: dict[str, str | float] = field(default_factory=dict)
    measured: tuple[Measurement, ...] = ()
    emits: bool = True

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def read_outcome(document: dict[str, Any]) -> Outcome:
    """An outcome from JSON."""
    known = {name.name for name in fields(Outcome)}
    given = {name: value for name, value in document.items() if name in known}
    found = tuple(Found(**{**item, "columns": tuple(item["columns"])}) for item in document["findings"])
    lists = {name: tuple(document[name]) for name in ("columns", "files", "merged")}
    measured = tuple(Measurement(**{**item, "subject": Subject(item["subject"])}) for item in document["measured"])
    return Outcome(**{**given, **lists, "findings": found, "measured": measured})


FORMATS = {"csv": "csv", "json": "jsonl", "parquet": "parquet"}
"""How the SDK's dataset formats are read."""


def read_format(document: dict[str, Any]) -> dict[str, Any]:
    """The fields of a plan that a dataset format says: `{"csv": {"header": true, "output_columns_position": "START"}}`.

    Raises:
        InvalidError: it says none that is known.
    """
    if len(document) != 1 or next(iter(document)).lower() not in FORMATS:
        raise InvalidError(
            f"the dataset format {document!r} is not known; known are {', '.join(FORMATS)}", path="dataset_format"
        )
    ((name, options),) = document.items()
    options = {key.lower(): value for key, value in (options or {}).items()}
    return {
        "format": FORMATS[name.lower()],
        "header": bool(options.get("header", False)),
        "outputs_last": options.get("output_columns_position") == "END",
    }
