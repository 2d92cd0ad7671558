"""What the demonstration records before anything is in production: from the census files to model data and evaluation."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graph.artifacts import Stored
from graph.associations import AssociationType
from graph.canonical import canonical, digest
from graph.commands import Command, Place, associate, create_named
from graph.contents import content, sha256
from graph.entities import Kind, Status
from monitors.datasets import uri_of

CONTRIBUTED = AssociationType.CONTRIBUTED_TO
PRODUCED = AssociationType.PRODUCED
DERIVED = AssociationType.DERIVED_FROM
ASSOCIATED = AssociationType.ASSOCIATED_WITH

JOBS = {
    "processing": ("SageMakerProcessingJob", "aws-processing-job"),
    "training": ("SageMakerTrainingJob", "aws-training-job"),
}


@dataclass(slots=True)
class Records:
    """Commands that are written as one; each method returns the ARN of what it records."""

    place: Place
    commands: list[Command] = field(default_factory=list)

    def file(self, path: Path, kind: str, **properties: str) -> str:
        """A file on disk, as location and content; the content's ARN."""
        hashed = digest(path.read_bytes())
        made = content(self.place, uri_of(path), [sha256(hashed)], name=path.name, type=kind, properties=properties)
        self.commands.append(made)
        return made.arn

    def stored(self, stored: Stored, kind: str, **properties: str) -> str:
        """A file of the artifact store, as location and content; the content's ARN."""
        told = {"sha256": stored.digest, "bytes": str(stored.size), **properties}
        made = content(self.place, stored.uri, [sha256(stored.digest)], type=kind, properties=told)
        self.commands.append(made)
        return made.arn

    def job(self, kind: str, name: str, inputs: list[str], outputs: list[str], **details: Any) -> str:
        """A job that made outputs from inputs; its name follows from its inputs."""
        type_, suffix = JOBS[kind]
        job = f"{name}-{digest(canonical(sorted(inputs)))[:12]}"
        put = create_named(
            self.place,
            Kind.TRIAL_COMPONENT,
            f"{job}-{suffix}",
            type=type_,
            resource_arn=self.place.arn(f"{kind}-job/{job}"),
            status=Status.COMPLETED,
            **details,
        )
        self.commands.append(put)
        for arn in inputs:
            self.connect(arn, CONTRIBUTED, put.arn)
        for arn in outputs:
            self.connect(put.arn, PRODUCED, arn)
        return put.arn

    def connect(self, source: str, association: AssociationType, destination: str) -> None:
        """An association, from cause to effect."""
        self.commands.append(associate(source, destination, association))


def numbers(values: dict[str, float]) -> dict[str, dict[str, str]]:
    """Parameters or metrics as the graph keeps them."""
    return {name: {"number": repr(value)} for name, value in values.items()}
