"""Commands that compute: `monitor baseline`, `monitor run` and `monitor merge`."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli import alerts, attribution, monitor_tables, schedules
from api.cli.attribution import AttributionOptions
from api.cli.call import DONE, FOUND, Call, Session, command, progress
from api.cli.models import Asked, MonitorType, content
from api.cli.monitoring import DriftOptions, MonitorOptions, Name, forward, hold, learn
from api.cli.reading import ReadingOptions, allowed, source

PANEL = "Monitor data"

Data = Annotated[str, typer.Argument(metavar="DATA", help="A file, a folder, a pattern or an s3:// URI.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    monitor = typer.Typer(no_args_is_help=True, help="Learn what data looks like, and hold later data against it.")
    command(monitor, "baseline")(baseline)
    command(monitor, "run")(run)
    command(monitor, "merge")(merge)
    schedules.register(monitor)
    alerts.register(monitor)
    app.add_typer(monitor, name="monitor", rich_help_panel=PANEL)


def baseline(
    call: Call,
    data: Data,
    reading: ReadingOptions,
    asked: Asked,
    explaining: AttributionOptions,
    options: MonitorOptions,
    constraints: Annotated[
        Path | None, typer.Option(help="A constraints.json of your own instead of the suggested one.")
    ] = None,
) -> int:
    """Learn what a data set looks like: statistics.json and constraints.json; or how good or biased a model is.

    Prints the ARN that `stemma monitor run --baseline` takes. The same data again finds the baseline that is there.
    """

    async def work(session: Session) -> int:
        from reports.monitoring import writing

        path, read = reading.place(session, data, profiling=options.type is MonitorType.data_quality)
        room = (session.catalog, session.artifacts, session.caller, path)
        own = content(constraints)
        made: monitor_tables.Result
        with options.reading(data) as heard:
            if options.type is MonitorType.attribution:
                pages = options.pages(writing.attribution_pages)
                made = await attribution.baseline(
                    *(session, room, explaining, asked),
                    name=options.name,
                    model=options.model,
                    reading=read,
                    pages=pages,
                    on_progress=heard,
                )
            else:
                made = await learn(room, read, heard, asked, options, own, reading)
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
    options: MonitorOptions,
) -> int:
    """Hold a data set against a baseline; exit code 3 when it is violated.

    Writes statistics.json and constraint_violations.json; every violation becomes an artifact with an upstream and a
    downstream.
    """

    async def work(session: Session) -> int:
        from reports.monitoring import writing

        path, read = reading.place(session, data, profiling=options.type is MonitorType.data_quality)
        room = (session.catalog, session.artifacts, session.caller, path, await session.arn(baseline))
        made: monitor_tables.Result
        with options.reading(data) as heard:
            if options.type is MonitorType.attribution:
                pages = options.pages(writing.attribution_pages)
                made = await attribution.run(
                    *(session, room, explaining),
                    name=options.name,
                    model=options.model,
                    threshold=drift.min_ndcg,
                    reading=read,
                    pages=pages,
                    on_progress=heard,
                )
            else:
                model = None if options.model is None else await session.arn(options.model)
                made = await hold(room, read, heard, drift, options, model)
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
