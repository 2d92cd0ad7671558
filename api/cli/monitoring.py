"""What baselines and runs of all monitors are asked, and how each is made."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from api.cli.attribution import percent
from api.cli.call import progress
from api.cli.models import PANEL as MODELS
from api.cli.models import Asked, MonitorType, TypeOption
from api.cli.reading import ReadingOptions

if TYPE_CHECKING:
    from api.cli.monitor_tables import Result
    from graph.access import Caller
    from graph.artifacts import ArtifactStore
    from graph.catalog import Catalog
    from monitors.datasets import Progress
    from monitors.reading import Reading
    from monitors.runs import Pages

F = TypeVar("F")

Name = Annotated[str | None, typer.Option(help="What the job is called, before its identity.", show_default=False)]


@dataclass(frozen=True, slots=True)
class MonitorOptions:
    """What baselines and runs of all types are asked."""

    model: Annotated[
        str | None,
        typer.Option(
            metavar="ARN",
            help="The model or version whose data this is; for attributions also a file, a folder or a URL.",
        ),
    ] = None
    name: Name = None
    type: TypeOption = MonitorType.data_quality  # as in AWS's API
    intervals: Annotated[
        int, typer.Option("--intervals", min=0, help="Bootstrap samples for bias intervals.", rich_help_panel=MODELS)
    ] = 0
    report: Annotated[bool, typer.Option("--report/--no-report", help="Also write report.html and report.pdf.")] = True

    def pages(self, made: "Pages[F]") -> "Pages[F] | None":
        """What makes the report, if one is wanted."""
        return made if self.report else None

    @contextmanager
    def reading(self, data: str) -> "Iterator[Progress]":
        """How far it has come, shown meanwhile."""
        if self.type is MonitorType.attribution:
            with progress(f"explaining {data}", "%") as shown:
                yield percent(shown)
        else:
            with progress(f"reading {data}", "bytes") as shown:
                yield forward(shown)


class CorrectionOption(StrEnum):
    """How p-values are adjusted for many tests."""

    none = "None"
    holm = "Holm"
    benjamini_hochberg = "BenjaminiHochberg"


class ModeOption(StrEnum):
    """What counts as drift of a bias metric."""

    distance = "distance"
    aws = "aws"


@dataclass(frozen=True, slots=True)
class DriftOptions:
    """What a run calls drift."""

    drift: Annotated[
        CorrectionOption | None,
        typer.Option(help="Also measure every distance (drift.json), with p-values adjusted for many tests."),
    ] = None
    drift_mode: Annotated[
        ModeOption,
        typer.Option(
            "--drift-mode", help="Distance from fair, or AWS's |current| > |baseline|.", rich_help_panel=MODELS
        ),
    ] = ModeOption.distance
    tolerance: Annotated[
        float | None, typer.Option(min=0, help="How much further from fair is no drift.", rich_help_panel=MODELS)
    ] = None
    min_ndcg: Annotated[
        float | None,
        typer.Option(
            "--min-ndcg", min=0, max=1, help="An NDCG below it is drift of attributions; 0.9.", rich_help_panel=MODELS
        ),
    ] = None


async def learn(
    room: "tuple[Catalog, ArtifactStore, Caller, str]",
    read: "Reading",
    heard: "Progress",
    asked: Asked,
    options: MonitorOptions,
    constraints: bytes | None,
    reading: ReadingOptions,
) -> "Result":
    """Make the baseline of a data set, of a model's quality, or of bias."""
    from monitors import bias, data_quality, model_quality
    from reports.monitoring import writing

    if options.type is MonitorType.model_quality:
        return await model_quality.baseline(
            *(*room, asked.quality(reading.group_by, reading.every)),
            name=options.name or model_quality.BASELINE_NAME,
            reading=read,
            constraints=constraints,
            pages=options.pages(writing.quality_pages),
            on_progress=heard,
        )
    if options.type is MonitorType.bias:
        return await bias.baseline(
            *(*room, asked.bias()),
            name=options.name or bias.BASELINE_NAME,
            replicates=options.intervals,
            reading=read,
            pages=options.pages(writing.bias_pages),
            on_progress=heard,
        )
    return await data_quality.baseline(
        *room,
        name=options.name or data_quality.BASELINE_NAME,
        reading=read,
        constraints=constraints,
        pages=options.pages(writing.data_pages),
        on_progress=heard,
    )


async def hold(
    room: "tuple[Catalog, ArtifactStore, Caller, str, str]",
    read: "Reading",
    heard: "Progress",
    drift: DriftOptions,
    options: MonitorOptions,
    model: str | None,
) -> "Result":
    """Hold data, a model's quality, or bias against a baseline."""
    from monitors import bias, data_quality, model_quality
    from monitors.analysis.bias.drift import TOLERANCE
    from reports.monitoring import writing

    if options.type is MonitorType.model_quality:
        return await model_quality.run(
            *room,
            name=options.name or model_quality.NAME,
            model=model,
            reading=read,
            pages=options.pages(writing.quality_pages),
            on_progress=heard,
        )
    if options.type is MonitorType.bias:
        return await bias.run(
            *room,
            name=options.name or bias.NAME,
            model=model,
            mode=drift.drift_mode.value,
            tolerance=TOLERANCE if drift.tolerance is None else drift.tolerance,
            replicates=options.intervals,
            reading=read,
            pages=options.pages(writing.bias_pages),
            on_progress=heard,
        )
    return await data_quality.run(
        *room,
        name=options.name or data_quality.NAME,
        model=model,
        reading=read,
        correction=None if drift.drift is None else drift.drift.value,
        pages=options.pages(writing.data_pages),
        on_progress=heard,
    )


def forward(report: "Callable[[int, int], None]") -> "Callable[[str, int, int], None]":
    """Two passes over the bytes as one: the digest, which is quick, and the rows."""
    return lambda stage, done, total: report(done // 10 if stage == "digest" else total // 10 + done * 9 // 10, total)
