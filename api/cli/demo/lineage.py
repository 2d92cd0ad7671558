"""What the demonstration records before anything is monitored: from the census files to the endpoint."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graph.artifacts import Stored
from graph.associations import AssociationType
from graph.canonical import canonical, digest
from graph.commands import Command, Place, associate, create_artifact, create_named
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
        """A file of the artifact store."""
        put = create_artifact(
            self.place,
            stored.uri,
            type=kind,
            source_types=[sha256(stored.digest)],
            properties={"sha256": stored.digest, "bytes": str(stored.size), **properties},
        )
        self.commands.append(put)
        return put.arn

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

    def model(self, name: str, data: str) -> str:
        """A model made from model data."""
        resource = self.place.arn(f"model/{name}")
        put = create_artifact(self.place, resource, name=name, type="Model", resource_arn=resource)
        self.commands.append(put)
        self.connect(data, CONTRIBUTED, put.arn)
        return put.arn

    def deployment(self, name: str, model: str, endpoint: str) -> tuple[str, str]:
        """A model put on an endpoint: the action and the endpoint."""
        context = create_named(
            self.place,
            Kind.CONTEXT,
            endpoint,
            type="Endpoint",
            resource_arn=self.place.arn(f"endpoint/{endpoint}"),
        )
        action = create_named(self.place, Kind.ACTION, name, type="ModelDeployment", status=Status.COMPLETED)
        self.commands += [context, action]
        self.connect(model, CONTRIBUTED, action.arn)
        self.connect(action.arn, ASSOCIATED, context.arn)
        return action.arn, context.arn

    def connect(self, source: str, association: AssociationType, destination: str) -> None:
        """An association, from cause to effect."""
        self.commands.append(associate(source, destination, association))


def numbers(values: dict[str, float]) -> dict[str, dict[str, str]]:
    """Parameters or metrics as the graph keeps them."""
    return {name: {"number": repr(value)} for name, value in values.items()}
