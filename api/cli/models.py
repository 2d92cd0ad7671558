"""Options of a model's monitors, and the configurations that they come to."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from monitors.analysis.bias import BiasConfig
    from monitors.analysis.quality import QualityConfig

PANEL = "Model quality and bias"


class MonitorType(StrEnum):
    """What is monitored."""

    data_quality = "data-quality"
    model_quality = "model-quality"
    bias = "bias"
    attribution = "attribution"


class ProblemOption(StrEnum):
    """What a model predicts."""

    regression = "Regression"
    binary = "BinaryClassification"
    multiclass = "MulticlassClassification"


TypeOption = Annotated[MonitorType, typer.Option("--type", help="What to monitor.")]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command line says of a model's monitor."""

    config: Annotated[
        Path | None,
        typer.Option(
            help="The analysis as JSON: Clarify's analysis_config.json for bias. Options win over it.",
            rich_help_panel=PANEL,
            show_default=False,
        ),
    ] = None
    label: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="What really happened.", rich_help_panel=PANEL)
    ] = None
    prediction: Annotated[str | None, typer.Option(metavar="COLUMN", help="The prediction.", rich_help_panel=PANEL)] = (
        None
    )
    probability: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The probability of a positive label.", rich_help_panel=PANEL)
    ] = None
    threshold: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Without --prediction: positive above this probability.", rich_help_panel=PANEL
        ),
    ] = None
    problem: Annotated[
        ProblemOption | None, typer.Option("--problem", help="What is predicted.", rich_help_panel=PANEL)
    ] = None
    positive: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL", help="A label that is positive; for bias repeatable.", rich_help_panel=PANEL),
    ] = None
    facets: Annotated[
        list[str] | None,
        typer.Option(
            "--facet",
            metavar="FACET",
            help="sex, sex=f, sex=f,x or 'age>40': whose groups are compared. Repeatable.",
            rich_help_panel=PANEL,
        ),
    ] = None
    group_variable: Annotated[
        str | None, typer.Option("--group-variable", metavar="COLUMN", help="Strata of CDD.", rich_help_panel=PANEL)
    ] = None

    def quality(self, group_by: str | None, every: str | None) -> "QualityConfig":
        """The configuration of model quality, with metrics by segment or by time as well.

        Raises:
            InvalidError: something is missing or contradicts itself.
        """
        from monitors.analysis.quality import read_quality_config
        from monitors.datasets import translated

        given: dict[str, Any] = {
            "problem": None if self.problem is None else self.problem.value,
            "label": self.label,
            "prediction": self.prediction,
            "probability": self.probability,
            "probability_threshold": self.threshold,
            "positive": self.positive[0] if self.positive else None,
            "every": every,
        }
        if group_by is not None:
            given |= {"time": group_by} if every is not None else {"segments": [group_by]}
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
            "label_values_or_threshold": list(self.positive or ()) or None,
            "predicted_label": self.prediction,
            "probability": self.probability,
            "probability_threshold": self.threshold,
            "facet": [facet_of(text) for text in self.facets or ()] or None,
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
