"""Jobs that run elsewhere, as records: the trial component of a job with its inputs, image and outputs.

SageMaker makes this lineage by itself; edges and names are those of its training, processing and transform jobs. Whoever
runs a job reports how it goes; a job that has ended stays as it ended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from graph import arns
from graph.associations import AssociationType
from graph.commands import Command, Place, associate, create_artifact, create_named, update
from graph.contents import content
from graph.entities import Entity, Kind, State, Status
from graph.errors import ConflictError, InvalidError, NotFoundError

ENDED = (Status.COMPLETED, Status.FAILED, Status.STOPPED)
STEPS = {
    Status.IN_PROGRESS: (Status.IN_PROGRESS, Status.STOPPING, *ENDED),
    Status.STOPPING: (Status.STOPPING, *ENDED),
}
"""Which status may follow which; none follows one that ended, but itself."""
ATTEMPT = "Attempt"
"""The property with the number of the attempt that runs a job."""


class JobKind(StrEnum):
    """What kind of job: the word in its ARN."""

    TRAINING = "training-job"
    PROCESSING = "processing-job"
    TRANSFORM = "transform-job"

    @property
    def type(self) -> str:
        """The type of its trial component: `SageMakerTrainingJob`."""
        return f"SageMaker{self.value.partition('-')[0].title()}Job"

    @property
    def suffix(self) -> str:
        """What is added to a job's name for its trial component's."""
        return f"-aws-{self.value}"


@dataclass(frozen=True, slots=True)
class File:
    """Something that a job reads or writes.

    Attributes:
        key: what the job calls it: a channel, an output.
        uri: where it lies.
        type: of its artifact: `DataSet`, `Model`, `Checkpoint`.
        source_types: what tells its content from other content there, where that is known.
    """

    key: str
    uri: str
    type: str | None = "DataSet"
    media_type: str | None = None
    source_types: tuple[tuple[str, str], ...] = ()


def component_name(kind: JobKind, name: str) -> str:
    """The name of a job's trial component."""
    return f"{name}{kind.suffix}"


def component_arn(place: Place, kind: JobKind, name: str) -> str:
    """The lineage ARN of a job."""
    return place.arn(f"experiment-trial-component/{component_name(kind, name)}")


def job_arn(place: Place, kind: JobKind, name: str) -> str:
    """A job's own ARN."""
    return place.arn(f"{kind.value}/{name}")


def job_name(entity: Entity) -> str:
    """A job's name, from its trial component."""
    return entity.name.rpartition("-aws-")[0]


def named(place: Place, text: str) -> tuple[JobKind, str]:
    """The kind and the name of the job that an ARN names: its own, or that of its trial component.

    Raises:
        InvalidError: it is not the ARN of a job.
        NotFoundError: it is another account's.
    """
    arn = arns.parse(text)
    if arn.account != place.account:
        raise NotFoundError(f"{arn} does not exist in account {place.account}")
    family, _, name = arn.resource.partition("/")
    for kind in JobKind:
        if family == kind.value:
            return kind, name
        if family == "experiment-trial-component" and name.endswith(kind.suffix):
            return kind, name.removesuffix(kind.suffix)
    raise InvalidError(
        f"{arn} is no job; expected something like {place.arn('training-job/<name>')}",
        path="arn",
        constraint="a job's ARN",
    )


def create(
    place: Place,
    kind: JobKind,
    name: str,
    *,
    specification: str,
    inputs: Sequence[File] = (),
    image: str | None = None,
    parameters: Mapping[str, Mapping[str, str]] | None = None,
    checkpoint: str | None = None,
    contributors: Sequence[str] = (),
    trial: str | None = None,
    display_name: str | None = None,
    tags: Mapping[str, str] | None = None,
    started_at: datetime | None = None,
) -> list[Command]:
    """The commands that record a job that begins.

    Args:
        place: Where ARNs are made.
        kind: Of which kind it is.
        name: Its name; of one kind it is unique.
        specification: The request for it, as JSON text.
        inputs: What it reads.
        image: The container image that it runs.
        parameters: Hyperparameters, `{"lr": {"string": "0.1"}}`.
        checkpoint: Where it keeps checkpoints.
        contributors: ARNs of other entities that have a part in it, such as the model of a transform job.
        trial: The ARN of the trial that it joins.
        display_name: What people call it.
        tags: Its tags.
        started_at: When it began.

    Raises:
        InvalidError: a field does not fit.
    """
    arn = component_arn(place, kind, name)
    commands: list[Command] = [
        create_named(
            place,
            Kind.TRIAL_COMPONENT,
            component_name(kind, name),
            type=kind.type,
            resource_arn=job_arn(place, kind, name),
            source_arn=job_arn(place, kind, name),
            source_type=kind.type,
            display_name=display_name or component_name(kind, name),
            specification=specification,
            status=Status.IN_PROGRESS,
            started_at=started_at,
            parameters=parameters,
            inputs=_shown_inputs(inputs, image),
            tags=tags,
            exclusive=True,
        )
    ]
    read = [*inputs, *([] if image is None else [File("image", image, "Image")])]
    kept = [] if checkpoint is None else [File("checkpoint", checkpoint, "Checkpoint")]
    commands += _links(place, arn, read, kept)
    commands += [associate(source, arn, AssociationType.CONTRIBUTED_TO) for source in contributors]
    return commands if trial is None else [*commands, associate(arn, trial, AssociationType.ASSOCIATED_WITH)]


def _shown_inputs(inputs: Sequence[File], image: str | None) -> dict[str, dict[str, str]]:
    files = {file.key: _file(file) for file in inputs}
    if image is not None:
        files["SageMaker.ImageUri"] = {"value": image, "media_type": "application/vnd.docker.image"}
    return files


def _links(place: Place, arn: str, read: Sequence[File], produced: Sequence[File]) -> list[Command]:
    """The artifacts that a job reads and produces, with their associations."""
    commands: list[Command] = []
    for file in read:
        source, made = _artifact(place, file)
        commands += [*made, associate(source, arn, AssociationType.CONTRIBUTED_TO)]
    for file in produced:
        result, made = _artifact(place, file)
        commands += [*made, associate(arn, result, AssociationType.PRODUCED)]
    return commands


def report(
    place: Place,
    kind: JobKind,
    name: str,
    status: Status,
    *,
    message: str | None = None,
    step: str | None = None,
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
    outputs: Sequence[File] = (),
    metrics: Mapping[str, float] | None = None,
    parameters: Mapping[str, Mapping[str, str]] | None = None,
    attempt: int | None = None,
) -> list[Command]:
    """The commands that record how a job goes; the same report again changes nothing.

    Args:
        place: Where ARNs are made.
        kind: Of which kind the job is.
        name: Its name.
        status: What it is now.
        message: Why, such as the reason of a failure.
        step: What it does, in SageMaker's words for a secondary status: `Downloading`, `Training`.
        started_at: When it began.
        ended_at: When it ended.
        outputs: What it wrote.
        metrics: Final metrics by name.
        parameters: Parameters beside those that it began with, `{"rows": {"number": "12.0"}}`.
        attempt: Which attempt to run it says so; one that another has taken over from is not heard any more.

    Raises:
        InvalidError: a field does not fit.
    """
    if status is Status.UNKNOWN:
        raise InvalidError("a job's status is never UNKNOWN", path="status", constraint="a known status")
    arn = component_arn(place, kind, name)

    def follows(state: State) -> None:
        held = Status(state["status"])
        if attempt is not None and attempt_of(state) != attempt:
            raise ConflictError(
                f"{job_arn(place, kind, name)} is run by attempt {attempt_of(state)}; attempt {attempt} has lost it"
            )
        if status is not held and status not in STEPS.get(held, ()):
            raise ConflictError(
                f"{job_arn(place, kind, name)} has ended as {held.value}; it can't be {status.value} any more"
            )

    details: dict[str, Any] = {
        "status": status,
        "status_message": message,
        "started_at": started_at,
        "ended_at": ended_at,
        "outputs": {file.key: _file(file) for file in outputs} or None,
        "metrics": {key: {"number": repr(float(value))} for key, value in metrics.items()} if metrics else None,
        "parameters": parameters or None,
        "properties": None if step is None else {"SecondaryStatus": step},
    }
    return [update(arn, Kind.TRIAL_COMPONENT, check=follows, **details), *_links(place, arn, (), outputs)]


def take(
    place: Place, kind: JobKind, name: str, attempt: int, worker: str, *, started_at: datetime | None = None
) -> Command:
    """The command with which a worker takes a job to run it; from then on no earlier attempt is heard.

    Args:
        place: Where ARNs are made.
        kind: Of which kind the job is.
        name: Its name.
        attempt: The attempt's number, higher than any before.
        worker: Who runs it.
        started_at: When it began.
    """

    def free(state: State) -> None:
        if Status(state["status"]) in ENDED:
            raise ConflictError(f"{job_arn(place, kind, name)} has ended as {state['status']}")
        if attempt_of(state) >= attempt:
            raise ConflictError(f"{job_arn(place, kind, name)} was taken by attempt {attempt_of(state)} already")

    properties = {ATTEMPT: str(attempt), "Worker": worker, "SecondaryStatus": "Processing"}
    arn = component_arn(place, kind, name)
    return update(arn, Kind.TRIAL_COMPONENT, check=free, properties=properties, started_at=started_at)


def attempt_of(state: State) -> int:
    """The last attempt to run a job; 0 before the first."""
    return int(dict(state.get("properties") or ()).get(ATTEMPT, "0"))


def _file(file: File) -> dict[str, str]:
    return {"value": file.uri, **({"media_type": file.media_type} if file.media_type is not None else {})}


def _artifact(place: Place, file: File) -> tuple[str, list[Command]]:
    if file.source_types:
        made = content(place, file.uri, file.source_types, type=file.type)
        return made.arn, [made]
    put = create_artifact(place, file.uri, type=file.type)
    return put.arn, [put]
