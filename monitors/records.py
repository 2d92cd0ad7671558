"""What a monitor's run looks like in the graph: the commands that record it.

Data (content) ContributedTo job, job Produced files, violations file DerivedFrom each violation; data DerivedFrom column,
column ContributedTo violation. Files, columns and violations belong to their job or content: two runs that found the same
keep two upstreams.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote

import orjson

from graph.artifacts import Stored
from graph.associations import AssociationType
from graph.canonical import canonical, digest
from graph.commands import Command, Place, Put, associate, create_artifact, create_named
from graph.contents import Content, content, sha256
from graph.entities import Kind, Status
from graph.errors import InvalidError
from graph.limits import name as checked_name

MEDIA_TYPES = {
    "json": "application/json",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "html": "text/html",
    "pdf": "application/pdf",
}
"""What files are, by their suffix."""

ANALYZER = "1"
"""Raised when the same data would give other files, so that a new analyzer's runs are runs of their own."""

JOB_NAME = 63
IDENTITY = 16
MOST_VIOLATIONS = 1500
"""Violations that become artifacts, so that a run stays one transaction; the file holds all of them."""

CONTRIBUTED, PRODUCED, DERIVED = (
    AssociationType.CONTRIBUTED_TO,
    AssociationType.PRODUCED,
    AssociationType.DERIVED_FROM,
)


class Data(Protocol):
    """A data set that was read: its place, its digest, its extent."""

    @property
    def uri(self) -> str: ...  # noqa: D102  # the class says it
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def digest(self) -> str: ...  # noqa: D102
    @property
    def size(self) -> int: ...  # noqa: D102
    @property
    def files(self) -> int: ...  # noqa: D102
    @property
    def format(self) -> str: ...  # noqa: D102
    @property
    def rows(self) -> int: ...  # noqa: D102
    @property
    def columns(self) -> Collection[str]: ...  # noqa: D102


class Model(Protocol):
    """A model that was asked: its place, its digest where it is a file."""

    @property
    def uri(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def format(self) -> str: ...  # noqa: D102
    @property
    def digest(self) -> str | None: ...  # noqa: D102
    @property
    def size(self) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Finding:
    """A violation as the graph keeps it.

    Attributes:
        subject: What was measured: a column, a metric, a group.
        check: What was checked.
        columns: The columns that it speaks of; those that the data does not have are passed over.
        document: What stands in the violations file.
    """

    subject: str
    check: str
    columns: tuple[str, ...]
    document: dict[str, Any]


@dataclass(slots=True)
class Record:
    """The commands of one run, in order.

    Args:
        place: Where ARNs are made.
        name: What the run's job is called, before its identity.
        inputs: What the run depends on; the same inputs give the same job.
        job_name: The name of a job that is recorded already, instead of one that is made of both.

    Raises:
        InvalidError: the name does not fit a job's.
    """

    place: Place
    name: str
    inputs: dict[str, Any]
    job_name: str | None = None
    commands: list[Command] = field(default_factory=list)
    _files: dict[str, Any] = field(default_factory=lambda: {"inputs": {}, "outputs": {}})
    _arn: str = ""

    def __post_init__(self) -> None:
        checked_name(self.name)
        if self.job_name is None and len(self.name) > JOB_NAME - IDENTITY - 1:
            raise InvalidError(
                f"name has {len(self.name)} characters; it may have {JOB_NAME - IDENTITY - 1}",
                path="name",
                constraint=f"length <= {JOB_NAME - IDENTITY - 1}",
            )
        self._arn = self.place.arn(f"experiment-trial-component/{self.job}-aws-processing-job")

    @property
    def job(self) -> str:
        """The job's name: stable for the same inputs."""
        if self.job_name is not None:
            return self.job_name
        return f"{self.name}-{digest(canonical({**self.inputs, 'analyzer': ANALYZER}))[:IDENTITY]}"

    @property
    def arn(self) -> str:
        """The lineage ARN of the run's trial component."""
        return self._arn

    def data(self, observed: Data) -> str:
        """The data set, as location and content, has a part in the run; the content's ARN."""
        made = content(
            self.place,
            observed.uri,
            [sha256(observed.digest)],
            name=observed.name[:120],
            type="DataSet",
            properties={
                "rows": str(observed.rows),
                "columns": str(len(observed.columns)),
                "bytes": str(observed.size),
                "files": str(observed.files),
                "format": observed.format,
            },
        )
        self.commands.append(made)
        self._files["inputs"]["data"] = {"value": observed.uri}
        return made.arn

    def model(self, asked: Model) -> str:
        """The model that the run asked: a file as location and content, a container by its URL; its ARN."""
        made: Put | Content
        if asked.digest is None:
            made = create_artifact(
                self.place, asked.uri, name=shown(asked.name), type="Model", properties={"format": asked.format}
            )
        else:
            made = content(
                self.place,
                asked.uri,
                [sha256(asked.digest)],
                name=shown(asked.name),
                type="Model",
                properties={"format": asked.format, "bytes": str(asked.size)},
            )
        self.commands.append(made)
        self._files["inputs"]["model"] = {"value": asked.uri}
        return made.arn

    def run(self, *, started: datetime, ended: datetime, description: str, facts: dict[str, float | str]) -> None:
        """The run's trial component; call it before anything is connected with it."""
        parameters = {
            key: {"string": value} if isinstance(value, str) else {"number": repr(value)}
            for key, value in facts.items()
        }
        self.commands.append(
            create_named(
                self.place,
                Kind.TRIAL_COMPONENT,
                f"{self.job}-aws-processing-job",
                type="SageMakerProcessingJob",
                resource_arn=self.place.arn(f"processing-job/{self.job}"),
                status=Status.COMPLETED,
                started_at=started,
                ended_at=ended,
                description=description,
                parameters=parameters,
                inputs=self._files["inputs"],
                outputs=self._files["outputs"],
            )
        )

    def contributed(self, arn: str) -> None:
        """Something had a part in the run."""
        self.commands.append(associate(arn, self.arn, CONTRIBUTED))

    def output(self, stored: Stored, kind: str) -> Put:
        """A file that the run made. It belongs to this run: another with the same bytes has another upstream."""
        name = stored.uri.rsplit("/", 1)[-1]
        media_type = MEDIA_TYPES.get(name.rpartition(".")[2], "application/octet-stream")
        self._files["outputs"][name.removesuffix(".json")] = {"value": stored.uri, "media_type": media_type}
        return create_artifact(
            self.place,
            stored.uri,
            name=name,
            type=kind,
            source_types=[sha256(stored.digest), ("Custom", f"job:{self.job}")],
            properties={"sha256": stored.digest, "bytes": str(stored.size), "job": self.job},
        )

    def produced(self, put: Put) -> None:
        """Record a file as made by the run."""
        self.commands += [put, associate(self.arn, put.arn, PRODUCED)]

    def findings(self, file: Put, found: Sequence[Finding], data_arn: str, observed: Data) -> list[str]:
        """The violations and the columns that they speak of; the ARNs of the violations in the file's order."""
        arns: list[str] = []
        columns: set[str] = set()
        for finding in found[:MOST_VIOLATIONS]:
            put = violation_artifact(self.place, file.state["source_uri"], self.job, finding)
            arns.append(put.arn)
            self.commands += [put, associate(file.arn, put.arn, DERIVED)]
            for name in finding.columns:
                if name not in observed.columns:
                    continue
                column = column_artifact(self.place, observed.uri, observed.digest, name)
                if name not in columns:
                    columns.add(name)
                    self.commands += [column, associate(data_arn, column.arn, DERIVED)]
                self.commands.append(associate(column.arn, put.arn, CONTRIBUTED))
        return arns


def violation_artifact(place: Place, file: str, job: str, finding: Finding) -> Put:
    """A violation as an artifact, known by the URI of its run's file of violations, the run's job, and what was found."""
    return create_artifact(
        place,
        f"{file}#{fragment(finding.subject)}/{finding.check}",
        name=f"{shown(finding.subject)[:90]} {finding.check}",
        type="Violation",
        source_types=[("Custom", f"job:{job}")],
        properties={key: _text(value) for key, value in finding.document.items() if value is not None},
    )


def column_artifact(place: Place, uri: str, digest: str, name: str) -> Put:
    """A column of a data set's content as an artifact, known by the data's URI and SHA-256 and the column's name."""
    return create_artifact(
        place, f"{uri}#{fragment(name)}"[:2048], name=shown(name), type="Column", source_types=[sha256(digest)]
    )


def fragment(name: str) -> str:
    """A column's name as the end of a URI: itself, but for what is no text, or too long for a URI."""
    plain = name if name.isprintable() else quote(name, safe=" /:,;()")
    return plain if len(plain) <= 500 else f"{plain[:400]}…{digest(name.encode())[:32]}"


def shown(name: str) -> str:
    """A column's name as an artifact's: at most 120 characters, never empty, only text."""
    plain = name if name.isprintable() else quote(name, safe=" /:,;()")
    return (plain if len(plain) <= 120 else f"{plain[:119]}…") or "(no name)"


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    text = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return text if len(text) <= 4096 else f"{text[:4095]}…"
