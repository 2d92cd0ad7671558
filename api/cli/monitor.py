"""Commands that compute: `monitor baseline` and `monitor run`."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli import data_tables, models
from api.cli.call import DONE, FOUND, Call, Session, command, progress

if TYPE_CHECKING:
    from monitors.datasets import Reading

PANEL = "Monitor data"


class DataFormat(StrEnum):
    """How files are read."""

    csv = "csv"
    parquet = "parquet"
    jsonl = "jsonl"


Data = Annotated[str, typer.Argument(metavar="DATA", help="A file, a folder, a pattern or an s3:// URI.")]
Name = Annotated[str | None, typer.Option(help="What the job is called, before its identity.", show_default=False)]
FormatOption = Annotated[
    DataFormat | None, typer.Option("--format", help="How to read the files; by their suffix if not given.")
]
Header = Annotated[bool, typer.Option(help="Whether CSV files begin with a line of names.")]


Delimiter = Annotated[str, typer.Option(help="Between the fields of CSV files; .tsv files have tabs.")]
Quote = Annotated[str, typer.Option(help="Around fields of CSV files; '' for none.")]
Encoding = Annotated[str, typer.Option(help="Of CSV files.")]
Broken = Annotated[float, typer.Option("--max-broken", min=0, max=1, help="The share of lines that may be broken.")]
Sensitive = Annotated[
    list[str] | None, typer.Option(metavar="COLUMN", help="Count this column, and never list its values. Repeatable.")
]
GroupBy = Annotated[str | None, typer.Option(metavar="COLUMN", help="Statistics of each of its values as well.")]
Every = Annotated[
    str | None, typer.Option(metavar="LENGTH", help="With --group-by: buckets of time, such as 1h or 1d.")
]
Patterns = Annotated[bool, typer.Option("--missing-patterns", help="Count which columns are missing together.")]
SketchSize = Annotated[int, typer.Option(min=2, max=65536, help="k of the quantile sketches.")]
KeepProfile = Annotated[bool, typer.Option("--keep-profile", help="Keep what can be merged with other profiles later.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes; by default as many as the data is worth.")]


class CorrectionOption(StrEnum):
    """How p-values are adjusted for many tests."""

    none = "None"
    holm = "Holm"
    benjamini_hochberg = "BenjaminiHochberg"


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    monitor = typer.Typer(no_args_is_help=True, help="Learn what data looks like, and hold later data against it.")
    command(monitor, "baseline")(baseline)
    command(monitor, "run")(run)
    app.add_typer(monitor, name="monitor", rich_help_panel=PANEL)


def baseline(
    call: Call,
    data: Data,
    name: Name = None,
    format: FormatOption = None,  # noqa: A002  # the word for it, as in the analysis
    header: Header = True,
    delimiter: Delimiter = ",",
    quote: Quote = '"',
    encoding: Encoding = "utf-8",
    max_broken: Broken = 0.01,
    sensitive: Sensitive = None,
    group_by: GroupBy = None,
    every: Every = None,
    missing_patterns: Patterns = False,
    sketch_size: SketchSize = 2048,
    keep_profile: KeepProfile = False,
    workers: Workers = None,
    constraints: Annotated[
        Path | None, typer.Option(help="A constraints.json of your own instead of the suggested one.")
    ] = None,
    type: models.TypeOption = models.MonitorType.data_quality,  # noqa: A002  # as in AWS's API
    config: models.Config = None,
    label: models.Label = None,
    prediction: models.Prediction = None,
    probability: models.Probability = None,
    threshold: models.Threshold = None,
    problem: models.ProblemType = None,
    positive: models.Positive = None,
    facets: models.Facets = None,
    group_variable: models.Group = None,
    intervals: models.Replicates = 0,
) -> int:
    """Learn what a data set looks like: statistics.json and constraints.json; or how good or biased a model is.

    Prints the ARN that `stemma monitor run --baseline` takes. The same data again finds the baseline that is there.
    """
    if type is not models.MonitorType.data_quality:
        asked = models.Asked(
            *(config, label, prediction, probability, threshold, None if problem is None else problem.value),
            *(tuple(positive or ()), tuple(facets or ()), group_variable, group_by, every),
        )
        read = _reader(data, format, header, delimiter, quote, encoding, max_broken)
        return models.baseline(
            *(call, type, data, asked), name=name, replicates=intervals, constraints=constraints, place=read
        )

    async def work(session: Session) -> int:
        from monitors import data_quality
        from monitors.datasets import translated

        path = allowed(session, data)
        with translated():
            own = None if constraints is None else constraints.read_bytes()
        with progress(f"reading {data}") as report:
            result = await data_quality.baseline(
                session.catalog,
                session.artifacts,
                session.caller,
                path,
                name=name or data_quality.BASELINE_NAME,
                reading=reading_of(
                    session,
                    data,
                    format=None if format is None else format.value,
                    header=header,
                    delimiter=delimiter,
                    quote=quote,
                    encoding=encoding,
                    broken_share=max_broken,
                    sensitive=frozenset(sensitive or ()),
                    group_by=group_by,
                    every=every,
                    patterns=missing_patterns,
                    sketch_size=sketch_size,
                    keep_profile=keep_profile,
                    workers=workers,
                ),
                constraints=own,
                on_progress=models.forward(report),
            )
        call.emit(data_tables.document(result), lambda console: data_tables.show_baseline(console, result))
        return DONE

    return call.graph(work)


def run(
    call: Call,
    data: Data,
    baseline: Annotated[str, typer.Option(metavar="ARN", help="What `stemma monitor baseline` printed.")],
    model: Annotated[str | None, typer.Option(metavar="ARN", help="The model or version whose data this is.")] = None,
    name: Name = None,
    format: FormatOption = None,  # noqa: A002  # the word for it, as in the analysis
    header: Header = True,
    delimiter: Delimiter = ",",
    quote: Quote = '"',
    encoding: Encoding = "utf-8",
    max_broken: Broken = 0.01,
    sensitive: Sensitive = None,
    group_by: GroupBy = None,
    every: Every = None,
    missing_patterns: Patterns = False,
    sketch_size: SketchSize = 2048,
    keep_profile: KeepProfile = False,
    workers: Workers = None,
    drift: Annotated[
        CorrectionOption | None,
        typer.Option(help="Also measure every distance (drift.json), with p-values adjusted for many tests."),
    ] = None,
    type: models.TypeOption = models.MonitorType.data_quality,  # noqa: A002  # as in AWS's API
    drift_mode: models.Mode = models.ModeOption.distance,
    tolerance: models.Tolerance = None,
    intervals: models.Replicates = 0,
) -> int:
    """Hold a data set against a baseline; exit code 3 when it is violated.

    Writes statistics.json and constraint_violations.json; every violation becomes an artifact with an upstream and a
    downstream.
    """
    if type is not models.MonitorType.data_quality:
        read = _reader(data, format, header, delimiter, quote, encoding, max_broken)
        return models.run(
            *(call, type, data, baseline),
            model=model,
            name=name,
            mode=drift_mode.value,
            tolerance=tolerance,
            replicates=intervals,
            place=read,
        )

    async def work(session: Session) -> int:
        from monitors import data_quality

        path = allowed(session, data)
        with progress(f"reading {data}") as report:
            result = await data_quality.run(
                session.catalog,
                session.artifacts,
                session.caller,
                path,
                await session.arn(baseline),
                name=name or data_quality.NAME,
                model=None if model is None else await session.arn(model),
                reading=reading_of(
                    session,
                    data,
                    format=None if format is None else format.value,
                    header=header,
                    delimiter=delimiter,
                    quote=quote,
                    encoding=encoding,
                    broken_share=max_broken,
                    sensitive=frozenset(sensitive or ()),
                    group_by=group_by,
                    every=every,
                    patterns=missing_patterns,
                    sketch_size=sketch_size,
                    keep_profile=keep_profile,
                    workers=workers,
                ),
                correction=None if drift is None else drift.value,
                on_progress=models.forward(report),
            )
        call.emit(data_tables.document(result), lambda console: data_tables.show_run(console, result))
        return FOUND if result.violations else DONE

    return call.graph(work)


def allowed(session: Session, data: str) -> str:
    """The path of a data set, asked of the policy, for which a command acts as the local user.

    A path or pattern stays as the person wrote it, since the data set's URI is made of it; a `file:` URI becomes a path.
    """
    from graph.reach.local import is_plain

    if data.startswith("s3://"):
        return data
    path = session.settings.reach(local_user=True).local(session.account, data)
    return data if is_plain(data) else str(path)


def _reader(
    data: str,
    format: DataFormat | None,  # noqa: A002  # the word for it, as in the analysis
    header: bool,
    delimiter: str,
    quote: str,
    encoding: str,
    max_broken: float,
) -> "Callable[[Session], tuple[str, Reading]]":
    """What gives a data set's path and how to read it, once the graph is open."""
    return lambda session: (
        allowed(session, data),
        reading_of(
            session,
            data,
            format=None if format is None else format.value,
            header=header,
            delimiter=delimiter,
            quote=quote,
            encoding=encoding,
            broken_share=max_broken,
        ),
    )


def reading_of(session: Session, data: str, **given: Any) -> "Reading":
    """How to read a data set, with the credentials that the policy gives for its place in S3."""
    from glob import has_magic

    from monitors.analysis import Cluster
    from monitors.buckets import Objects
    from monitors.datasets import Reading, translated

    source = None
    if data.startswith("s3://"):
        parts = data.split("/")
        fixed = next((index for index, part in enumerate(parts) if has_magic(part)), len(parts))
        place = session.settings.reach(local_user=True).s3(session.account, "/".join(parts[:fixed]))
        source = Objects(place.credentials)
    settings = session.settings
    with translated():
        files = (settings.dask_ca, settings.dask_certificate, settings.dask_key)
        cluster = None if settings.dask is None else Cluster(settings.dask, *files)
    return Reading(source=source, cluster=cluster, **given)
