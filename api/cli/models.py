"""`monitor baseline` and `monitor run` for model quality and bias: what is asked, done and shown."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli import model_tables
from api.cli.call import DONE, FOUND, Call, Session, progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitors.analysis.bias import BiasConfig
    from monitors.analysis.quality import QualityConfig
    from monitors.datasets import Reading

PANEL = "Model quality and bias"


class MonitorType(StrEnum):
    """What is monitored."""

    data_quality = "data-quality"
    model_quality = "model-quality"
    bias = "bias"


class ProblemOption(StrEnum):
    """What a model predicts."""

    regression = "Regression"
    binary = "BinaryClassification"
    multiclass = "MulticlassClassification"


class ModeOption(StrEnum):
    """What counts as drift of a bias metric."""

    distance = "distance"
    aws = "aws"


TypeOption = Annotated[MonitorType, typer.Option("--type", help="What to monitor.")]
Config = Annotated[
    Path | None,
    typer.Option(
        help="The analysis as JSON: Clarify's analysis_config.json for bias. Options win over it.",
        rich_help_panel=PANEL,
        show_default=False,
    ),
]
Label = Annotated[str | None, typer.Option(metavar="COLUMN", help="What really happened.", rich_help_panel=PANEL)]
Prediction = Annotated[str | None, typer.Option(metavar="COLUMN", help="The prediction.", rich_help_panel=PANEL)]
Probability = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="The probability of a positive label.", rich_help_panel=PANEL)
]
Threshold = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="Without --prediction: positive above this probability.", rich_help_panel=PANEL),
]
ProblemType = Annotated[
    ProblemOption | None, typer.Option("--problem", help="What is predicted.", rich_help_panel=PANEL)
]
Positive = Annotated[
    list[str] | None,
    typer.Option(metavar="LABEL", help="A label that is positive; for bias repeatable.", rich_help_panel=PANEL),
]
Facets = Annotated[
    list[str] | None,
    typer.Option(
        "--facet",
        metavar="FACET",
        help="sex, sex=f, sex=f,x or 'age>40': whose groups are compared. Repeatable.",
        rich_help_panel=PANEL,
    ),
]
Group = Annotated[
    str | None, typer.Option("--group-variable", metavar="COLUMN", help="Strata of CDD.", rich_help_panel=PANEL)
]
Replicates = Annotated[
    int, typer.Option("--intervals", min=0, help="Bootstrap samples for bias intervals.", rich_help_panel=PANEL)
]
Mode = Annotated[
    ModeOption,
    typer.Option("--drift-mode", help="Distance from fair, or AWS's |current| > |baseline|.", rich_help_panel=PANEL),
]
Tolerance = Annotated[
    float | None, typer.Option(min=0, help="How much further from fair is no drift.", rich_help_panel=PANEL)
]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command line says of a model's monitor."""

    config: Path | None = None
    label: str | None = None
    prediction: str | None = None
    probability: str | None = None
    threshold: float | None = None
    problem: str | None = None
    positive: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    group_variable: str | None = None
    group_by: str | None = None
    every: str | None = None

    def quality(self) -> "QualityConfig":
        """The configuration of model quality.

        Raises:
            InvalidError: something is missing or contradicts itself.
        """
        from monitors.analysis.quality import read_quality_config
        from monitors.datasets import translated

        given: dict[str, Any] = {
            "problem": self.problem,
            "label": self.label,
            "prediction": self.prediction,
            "probability": self.probability,
            "probability_threshold": self.threshold,
            "positive": self.positive[0] if self.positive else None,
            "every": self.every,
        }
        if self.group_by is not None:
            given |= {"time": self.group_by} if self.every is not None else {"segments": [self.group_by]}
        with translated():
            return read_quality_config(self._file() | {key: value for key, value in given.items() if value is not None})

    def bias(self) -> "BiasConfig":
        """The configuration of bias.

        Raises:
            InvalidError: something is missing or contradicts itself.
        """
        from monitors.analysis.bias import read_config
        from monitors.datasets import translated

        given: dict[str, Any] = {
            "label": self.label,
            "label_values_or_threshold": list(self.positive) or None,
            "predicted_label": self.prediction,
            "probability": self.probability,
            "probability_threshold": self.threshold,
            "facet": [facet_of(text) for text in self.facets] or None,
            "group_variable": self.group_variable,
        }
        with translated():
            return read_config(self._file() | {key: value for key, value in given.items() if value is not None})

    def _file(self) -> dict[str, Any]:
        from monitors.analysis.jsonfile import load

        return {} if self.config is None else load(content(self.config) or b"", str(self.config))


def content(path: Path | None) -> bytes | None:
    """What lies in a file that an option names.

    Raises:
        InvalidError: it can't be read.
    """
    from monitors.datasets import translated

    with translated():
        return None if path is None else path.read_bytes()


def facet_of(text: str) -> dict[str, Any]:
    """A facet as Clarify's file has it: `name`, `name=value,value` or `name>threshold,threshold`."""
    for sign, kind in (("=", "categorical"), (">", "continuous")):
        name, found, values = text.partition(sign)
        if found and name:
            return {"name_or_index": name, "value_or_threshold": values.split(","), "kind": kind}
    return {"name_or_index": text}


def baseline(
    call: Call,
    kind: MonitorType,
    data: str,
    asked: Asked,
    *,
    name: str | None,
    replicates: int,
    constraints: Path | None,
    place: "Callable[[Session], tuple[str, Reading]]",
) -> int:
    """A baseline of model quality or bias; `place` gives the data's path and how to read it."""

    async def work(session: Session) -> int:
        from monitors import bias, model_quality

        path, reading = place(session)
        room = (session.catalog, session.artifacts, session.caller, path)
        own = content(constraints)
        with progress(f"reading {data}") as report:
            heard = forward(report)
            if kind is MonitorType.model_quality:
                quality = await model_quality.baseline(
                    *(*room, asked.quality()),
                    name=name or model_quality.BASELINE_NAME,
                    reading=reading,
                    constraints=own,
                    on_progress=heard,
                )
                call.emit(
                    model_tables.quality_document(quality),
                    lambda console: model_tables.show_quality(console, quality, "baseline"),
                )
                return DONE
            made = await bias.baseline(
                *(*room, asked.bias()),
                name=name or bias.BASELINE_NAME,
                replicates=replicates,
                reading=reading,
                on_progress=heard,
            )
        call.emit(model_tables.bias_document(made), lambda console: model_tables.show_bias(console, made, "baseline"))
        return DONE

    return call.graph(work)


def run(
    call: Call,
    kind: MonitorType,
    data: str,
    arn: str,
    *,
    model: str | None,
    name: str | None,
    mode: str,
    tolerance: float | None,
    replicates: int,
    place: "Callable[[Session], tuple[str, Reading]]",
) -> int:
    """A run of model quality or bias; `place` gives the data's path and how to read it."""

    async def work(session: Session) -> int:
        from monitors import bias, model_quality
        from monitors.analysis.bias.drift import TOLERANCE

        path, reading = place(session)
        room = (session.catalog, session.artifacts, session.caller, path, await session.arn(arn))
        of_model = None if model is None else await session.arn(model)
        with progress(f"reading {data}") as report:
            heard = forward(report)
            if kind is MonitorType.model_quality:
                quality = await model_quality.run(
                    *room, name=name or model_quality.NAME, model=of_model, reading=reading, on_progress=heard
                )
                call.emit(
                    model_tables.quality_document(quality),
                    lambda console: model_tables.show_quality(console, quality, "run"),
                )
                return FOUND if quality.violations else DONE
            made = await bias.run(
                *room,
                name=name or bias.NAME,
                model=of_model,
                mode="aws" if mode == "aws" else "distance",
                tolerance=TOLERANCE if tolerance is None else tolerance,
                replicates=replicates,
                reading=reading,
                on_progress=heard,
            )
        call.emit(model_tables.bias_document(made), lambda console: model_tables.show_bias(console, made, "run"))
        return FOUND if made.violations else DONE

    return call.graph(work)


def forward(report: "Callable[[int, int], None]") -> "Callable[[str, int, int], None]":
    """Two passes over the bytes as one: the digest, which is quick, and the rows."""
    return lambda stage, done, total: report(done // 10 if stage == "digest" else total // 10 + done * 9 // 10, total)
