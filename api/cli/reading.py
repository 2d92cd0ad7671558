"""Options that say how a data set is read, and what they come to."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.call import Session
from graph.errors import InvalidError

if TYPE_CHECKING:
    from monitors.analysis import CaptureLayout, Source
    from monitors.reading import Reading

CAPTURE = "Captured records"


class DataFormat(StrEnum):
    """How files are read."""

    csv = "csv"
    parquet = "parquet"
    jsonl = "jsonl"
    capture = "capture"


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """The options of whatever reads a data set."""

    format: Annotated[
        DataFormat | None, typer.Option("--format", help="How to read the files; by their suffix if not given.")
    ] = None
    header: Annotated[bool, typer.Option(help="Whether CSV files begin with a line of names.")] = True
    delimiter: Annotated[str, typer.Option(help="Between the fields of CSV files; .tsv files have tabs.")] = ","
    quote: Annotated[str, typer.Option(help="Around fields of CSV files; '' for none.")] = '"'
    encoding: Annotated[str, typer.Option(help="Of CSV files.")] = "utf-8"
    max_broken: Annotated[
        float, typer.Option("--max-broken", min=0, max=1, help="The share of lines that may be broken.")
    ] = 0.01
    sensitive: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Count this column, and never list its values. Repeatable."),
    ] = None
    group_by: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Statistics of each of its values as well.")
    ] = None
    every: Annotated[
        str | None, typer.Option(metavar="LENGTH", help="With --group-by: buckets of time, such as 1h or 1d.")
    ] = None
    missing_patterns: Annotated[
        bool, typer.Option("--missing-patterns", help="Count which columns are missing together.")
    ] = False
    sketch_size: Annotated[int, typer.Option(min=2, max=65536, help="k of the quantile sketches.")] = 2048
    keep_profile: Annotated[
        bool, typer.Option("--keep-profile", help="Keep what can be merged with other profiles later.")
    ] = False
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; by default as many as the data is worth.")] = (
        None
    )

    capture_names: Annotated[
        str | None,
        typer.Option(
            "--capture-names",
            metavar="A,B,C",
            help="Columns of captured records, the answer's first; by default the baseline's.",
            rich_help_panel=CAPTURE,
        ),
    ] = None
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="NAME=PART:WHERE",
            help="A column's place in captured records: output, input or truth, and a position, name or JMESPath. Repeatable.",
            rich_help_panel=CAPTURE,
        ),
    ] = None
    features: Annotated[
        str | None,
        typer.Option(
            "--features",
            metavar="JMESPATH",
            help="Where the features are in captured requests, such as instances[*].features.",
            rich_help_panel=CAPTURE,
        ),
    ] = None
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            "--exclude",
            metavar="COLUMN",
            help="Leave this column of captured records out. Repeatable.",
            rich_help_panel=CAPTURE,
        ),
    ] = None

    def layout(self) -> "CaptureLayout | None":
        """What the fields of captured records are called.

        Raises:
            InvalidError: a column's place can't be read.
        """
        from monitors.analysis import CaptureLayout, read_attribute
        from monitors.datasets import translated

        if not (self.capture_names or self.column or self.features or self.exclude):
            return None
        if self.format is not DataFormat.capture:
            raise InvalidError(
                "--capture-names, --column, --features and --exclude speak of captured records; add --format capture",
                path="format",
                constraint="capture",
            )
        with translated():
            return CaptureLayout(
                tuple(self.capture_names.split(",")) if self.capture_names else (),
                tuple(map(read_attribute, self.column or ())),
                self.features,
                frozenset(self.exclude or ()),
            )

    def place(self, session: Session, data: str, *, profiling: bool) -> "tuple[str, Reading]":
        """The path of a data set, asked of the policy, and how to read it.

        Args:
            session: The open graph.
            data: What the person named.
            profiling: Whether its columns are profiled; else only how files are read counts.
        """
        from monitors.analysis import Cluster
        from monitors.datasets import translated
        from monitors.reading import Reading

        path = allowed(session, data)
        settings = session.settings
        with translated():
            files = (settings.dask_ca, settings.dask_certificate, settings.dask_key)
            cluster = None if settings.dask is None else Cluster(settings.dask, *files)
        reading = Reading(
            format=None if self.format is None else self.format.value,
            header=self.header,
            delimiter=self.delimiter,
            quote=self.quote,
            encoding=self.encoding,
            broken_share=self.max_broken,
            workers=self.workers,
            cluster=cluster,
            source=source(session, data),
            capture=self.layout(),
        )
        if not profiling:
            return path, reading
        return path, replace(
            reading,
            sensitive=frozenset(self.sensitive or ()),
            group_by=self.group_by,
            every=self.every,
            patterns=self.missing_patterns,
            sketch_size=self.sketch_size,
            keep_profile=self.keep_profile,
        )


def allowed(session: Session, data: str) -> str:
    """The path of a data set, asked of the policy, for which a command acts as the local user.

    A path or pattern stays as the person wrote it, since the data set's URI is made of it; a `file:` URI becomes a path.
    """
    from graph.reach.local import is_plain

    if data.startswith("s3://"):
        return data
    path = session.settings.reach(local_user=True).local(session.account, data)
    return data if is_plain(data) else str(path)


def source(session: Session, data: str) -> "Source | None":
    """What reads a data set in S3, with the credentials that the policy gives for its place."""
    from glob import has_magic

    from monitors.buckets import Objects

    if not data.startswith("s3://"):
        return None
    parts = data.split("/")
    fixed = next((index for index, part in enumerate(parts) if has_magic(part)), len(parts))
    place = session.settings.reach(local_user=True).s3(session.account, "/".join(parts[:fixed]))
    return Objects(place.credentials)
