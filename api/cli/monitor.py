"""Commands that compute: `monitor baseline`, `monitor run` and `monitor merge`."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli import attribution, monitor_tables, schedules
from api.cli.attribution import AttributionOptions, percent
from api.cli.call import DONE, FOUND, Call, Session, command, progress
from api.cli.models import PANEL as MODELS
from api.cli.models import Asked, MonitorType, TypeOption, content
from api.cli.reading import ReadingOptions, allowed, source

if TYPE_CHECKING:
    from api.cli.monitor_tables import Result

PANEL = "Monitor data"

Data = Annotated[str, typer.Argument(metavar="DATA", help="A file, a folder, a pattern or an s3:// URI.")]
Name = Annotated[str | None, typer.Option(help="What the job is called, before its identity.", show_default=False)]
Model = Annotated[
    str | None,
    typer.Option(
        metavar="ARN", help="The model or version whose data this is; for attributions also a file, a folder or a URL."
    ),
]
Intervals = Annotated[
    int, typer.Option("--intervals", min=0, help="Bootstrap samples for bias intervals.", rich_help_panel=MODELS)
]


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


Report = Annotated[bool, typer.Option("--report/--no-report", help="Also write report.html and report.pdf.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    monitor = typer.Typer(no_args_is_help=True, help="Learn what data looks like, and hold later data against it.")
    command(monitor, "baseline")(baseline)
    command(monitor, "run")(run)
    command(monitor, "merge")(merge)
    schedules.register(monitor)
    app.add_typer(monitor, name="monitor", rich_help_panel=PANEL)


def baseline(
    call: Call,
    data: Data,
    reading: ReadingOptions,
    asked: Asked,
    explaining: AttributionOptions,
    model: Model = None,
    name: Name = None,
    constraints: Annotated[
        Path | None, typer.Option(help="A constraints.json of your own instead of the suggested one.")
    ] = None,
    type: TypeOption = MonitorType.data_quality,  # noqa: A002  # as in AWS's API
    intervals: Intervals = 0,
    report: Report = True,
) -> int:
    """Learn what a data set looks like: statistics.json and constraints.json; or how good or biased a model is.

    Prints the ARN that `stemma monitor run --baseline` takes. The same data again finds the baseline that is there.
    """

    async def work(session: Session) -> int:
        from monitors import bias, data_quality, model_quality
        from reports.monitoring import writing

        path, read = reading.place(session, data, profiling=type is MonitorType.data_quality)
        room = (session.catalog, session.artifacts, session.caller, path)
        own = content(constraints)
        made: Result
        explains = type is MonitorType.attribution
        with progress(
            f"explaining {data}" if explains else f"reading {data}", "%" if explains else "bytes"
        ) as read_so_far:
            heard = percent(read_so_far) if explains else forward(read_so_far)
            if explains:
                made = await attribution.baseline(
                    *(session, room, explaining, asked),
                    name=name,
                    model=model,
                    reading=read,
                    pages=writing.attribution_pages if report else None,
                    on_progress=heard,
                )
            elif type is MonitorType.model_quality:
                made = await model_quality.baseline(
                    *(*room, asked.quality(reading.group_by, reading.every)),
                    name=name or model_quality.BASELINE_NAME,
                    reading=read,
                    constraints=own,
                    pages=writing.quality_pages if report else None,
                    on_progress=heard,
                )
            elif type is MonitorType.bias:
                made = await bias.baseline(
                    *(*room, asked.bias()),
                    name=name or bias.BASELINE_NAME,
                    replicates=intervals,
                    reading=read,
                    pages=writing.bias_pages if report else None,
                    on_progress=heard,
                )
            else:
                made = await data_quality.baseline(
                    *room,
                    name=name or data_quality.BASELINE_NAME,
                    reading=read,
                    constraints=own,
                    pages=writing.data_pages if report else None,
                    on_progress=heard,
                )
        call.emit(monitor_tables.document(made), lambda console: monitor_tables.show(console, made, "baseline"))
        return DONE

    return call.graph(work)


def run(
    call: Call,
    data: Data,
    baseline: Annotated[str, typer.Option(metavar="ARN", help="What `stemma monitor baseline` printed.")],
    reading: ReadingOptions,
    drift: DriftOptions,
    explaining: AttributionOptions,
    model: Model = None,
    name: Name = None,
    type: TypeOption = MonitorType.data_quality,  # noqa: A002  # as in AWS's API
    intervals: Intervals = 0,
    report: Report = True,
) -> int:
    """Hold a data set against a baseline; exit code 3 when it is violated.

    Writes statistics.json and constraint_violations.json; every violation becomes an artifact with an upstream and a
    downstream.
    """

    async def work(session: Session) -> int:
        from monitors import bias, data_quality, model_quality
        from monitors.analysis.bias.drift import TOLERANCE
        from reports.monitoring import writing

        path, read = reading.place(session, data, profiling=type is MonitorType.data_quality)
        room = (session.catalog, session.artifacts, session.caller, path, await session.arn(baseline))
        explains = type is MonitorType.attribution
        of_model = None if model is None or explains else await session.arn(model)
        made: Result
        with progress(
            f"explaining {data}" if explains else f"reading {data}", "%" if explains else "bytes"
        ) as read_so_far:
            heard = percent(read_so_far) if explains else forward(read_so_far)
            if explains:
                made = await attribution.run(
                    *(session, room, explaining),
                    name=name,
                    model=model,
                    threshold=drift.min_ndcg,
                    reading=read,
                    pages=writing.attribution_pages if report else None,
                    on_progress=heard,
                )
            elif type is MonitorType.model_quality:
                made = await model_quality.run(
                    *room,
                    name=name or model_quality.NAME,
                    model=of_model,
                    reading=read,
                    pages=writing.quality_pages if report else None,
                    on_progress=heard,
                )
            elif type is MonitorType.bias:
                made = await bias.run(
                    *room,
                    name=name or bias.NAME,
                    model=of_model,
                    mode=drift.drift_mode.value,
                    tolerance=TOLERANCE if drift.tolerance is None else drift.tolerance,
                    replicates=intervals,
                    reading=read,
                    pages=writing.bias_pages if report else None,
                    on_progress=heard,
                )
            else:
                made = await data_quality.run(
                    *room,
                    name=name or data_quality.NAME,
                    model=of_model,
                    reading=read,
                    correction=None if drift.drift is None else drift.drift.value,
                    pages=writing.data_pages if report else None,
                    on_progress=heard,
                )
        call.emit(monitor_tables.document(made), lambda console: monitor_tables.show(console, made, "run"))
        return FOUND if made.violations else DONE

    return call.graph(work)


def merge(
    call: Call,
    captures: Annotated[
        str, typer.Argument(metavar="CAPTURES", help="Captured records: a file, folder, pattern, s3://.")
    ],
    truth: Annotated[str, typer.Argument(metavar="TRUTH", help="Ground truth: a file, folder, pattern or s3://.")],
    output: Annotated[Path, typer.Argument(metavar="OUTPUT", help="The folder that gets merge/ENDPOINT/VARIANT/….")],
    endpoint: Annotated[
        str | None, typer.Option(help="The endpoint, or the batch schedule; by the captures' folders if not given.")
    ] = None,
    variant: Annotated[str | None, typer.Option(help="The variant; a batch schedule has none.")] = None,
    max_broken: Annotated[
        float, typer.Option("--max-broken", min=0, max=1, help="The share of lines that may be broken.")
    ] = 0.01,
    name: Name = None,
) -> int:
    """Join captured records with their ground truth, on inferenceId or else eventId.

    Labels that came late are merged by running it again: the parts of an hour are written anew.
    """

    async def work(session: Session) -> int:
        from monitors import merges
        from monitors.reading import Reading

        with progress(f"merging {captures}") as report:
            made = await merges.merge(
                *(session.catalog, session.caller, allowed(session, captures), allowed(session, truth)),
                Path(allowed(session, str(output))),
                endpoint=endpoint,
                variant=variant,
                name=name or merges.NAME,
                reading=Reading(broken_share=max_broken, source=source(session, captures)),
                truth_reading=Reading(source=source(session, truth)),
                on_progress=forward(report),
            )
        call.emit(monitor_tables.merged_document(made), lambda console: monitor_tables.show_merged(console, made))
        return DONE

    return call.graph(work)


def forward(report: "Callable[[int, int], None]") -> "Callable[[str, int, int], None]":
    """Two passes over the bytes as one: the digest, which is quick, and the rows."""
    return lambda stage, done, total: report(done // 10 if stage == "digest" else total // 10 + done * 9 // 10, total)
