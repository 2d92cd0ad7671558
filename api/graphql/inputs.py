"""What mutations and filters take. Field rules (lengths, names, counts) are the graph's own, whichever door is used."""

from datetime import datetime

import strawberry

from api.graphql.names import AssociationType, SourceIdType, Status


@strawberry.input
class EntityFilter:
    """Which entities a list shows: those that fit all given fields; `createdBefore` is exclusive."""

    type: str | None = None
    name: str | None = None
    source_uri: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


@strawberry.input
class TagInput:
    """A label."""

    key: str
    value: str


@strawberry.input
class PropertyInput:
    """A free fact."""

    key: str
    value: str


@strawberry.input
class SourceTypeInput:
    """What tells an artifact from others at the same source URI."""

    type: SourceIdType
    value: str


@strawberry.input
class ParameterInput:
    """A value by name: exactly one of `number` and `string`."""

    key: str
    number: float | None = None
    string: str | None = None


@strawberry.input
class TrialArtifactInput:
    """A file that a trial component read or wrote."""

    key: str
    value: str
    media_type: str | None = None


@strawberry.input
class MetadataInput:
    """Where something comes from."""

    commit_id: str | None = None
    repository: str | None = None
    generated_by: str | None = None
    project_id: str | None = None


@strawberry.input
class RepeatableInput:
    """`clientRequestId` makes it safe to repeat."""

    client_request_id: str | None = None


@strawberry.input
class NewEntityInput:
    """What every new entity may have; `validFrom` is since when it exists, now by default."""

    type: str | None = None
    description: str | None = None
    properties: list[PropertyInput] | None = None
    tags: list[TagInput] | None = None
    metadata: MetadataInput | None = None
    resource_arn: strawberry.ID | None = None
    valid_from: datetime | None = None
    exclusive: bool = strawberry.field(
        default=False, description="An entity that exists already is an error, ALREADY_EXISTS, instead of the answer."
    )


@strawberry.input
class NewActivityInput(NewEntityInput):
    """Something that is done: how far it has come, and when."""

    name: str
    display_name: str | None = None
    source_uri: str | None = None
    source_type: str | None = None
    status: Status | None = None
    status_message: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


@strawberry.input
class ArtifactInput(NewEntityInput):
    """An artifact, known by its source URI and source types; creating it again finds it.

    Its name is by default the last part of its source URI.
    """

    source_uri: str
    source_types: list[SourceTypeInput] | None = None
    name: str | None = None


@strawberry.input
class ActionInput(NewActivityInput):
    """An action, known by its name; creating it again finds it."""

    source_id: str | None = None


@strawberry.input
class ContextInput(NewEntityInput):
    """A context, known by its name; creating it again finds it.

    One of the type Experiment or Trial gets an ARN of that kind.
    """

    name: str
    display_name: str | None = None
    source_uri: str | None = None
    source_type: str | None = None
    source_id: str | None = None


@strawberry.input
class TrialComponentInput(NewActivityInput):
    """A trial component, known by its name; creating it again finds it."""

    source_arn: strawberry.ID | None = None
    parameters: list[ParameterInput] | None = None
    metrics: list[ParameterInput] | None = None
    inputs: list[TrialArtifactInput] | None = None
    outputs: list[TrialArtifactInput] | None = None


@strawberry.input
class CreateArtifactInput(ArtifactInput, RepeatableInput):
    """`clientRequestId` makes it safe to repeat."""


@strawberry.input
class CreateActionInput(ActionInput, RepeatableInput):
    """`clientRequestId` makes it safe to repeat."""


@strawberry.input
class CreateContextInput(ContextInput, RepeatableInput):
    """`clientRequestId` makes it safe to repeat."""


@strawberry.input
class CreateTrialComponentInput(TrialComponentInput, RepeatableInput):
    """`clientRequestId` makes it safe to repeat."""


@strawberry.input
class UpdateEntityInput(RepeatableInput):
    """What can change on every entity from `validFrom` on.

    A field that is left out stays, and null clears it; properties are merged by key.
    """

    arn: strawberry.ID
    description: strawberry.Maybe[str | None]
    metadata: strawberry.Maybe[MetadataInput | None]
    properties: strawberry.Maybe[list[PropertyInput] | None]
    remove_properties: list[str] | None = None
    valid_from: datetime | None = None


@strawberry.input
class UpdateActivityInput(UpdateEntityInput):
    """A change of something that is done."""

    display_name: strawberry.Maybe[str | None]
    source_uri: strawberry.Maybe[str | None]
    source_type: strawberry.Maybe[str | None]
    status: strawberry.Maybe[Status | None]
    status_message: strawberry.Maybe[str | None]
    started_at: strawberry.Maybe[datetime | None]
    ended_at: strawberry.Maybe[datetime | None]


@strawberry.input
class UpdateArtifactInput(UpdateEntityInput):
    """A change of an artifact; its name can't be null."""

    name: strawberry.Maybe[str]


@strawberry.input
class UpdateActionInput(UpdateActivityInput):
    """A change of an action; null clears a field."""

    source_id: strawberry.Maybe[str | None]


@strawberry.input
class UpdateContextInput(UpdateEntityInput):
    """A change of a context; null clears a field."""

    display_name: strawberry.Maybe[str | None]
    source_uri: strawberry.Maybe[str | None]
    source_type: strawberry.Maybe[str | None]
    source_id: strawberry.Maybe[str | None]


@strawberry.input
class UpdateTrialComponentInput(UpdateActivityInput):
    """A change of a trial component; null clears a field.

    Parameters, inputs and outputs are merged by key, metrics replace the old ones.
    """

    source_arn: strawberry.Maybe[strawberry.ID | None]
    parameters: strawberry.Maybe[list[ParameterInput] | None]
    metrics: strawberry.Maybe[list[ParameterInput] | None]
    inputs: strawberry.Maybe[list[TrialArtifactInput] | None]
    outputs: strawberry.Maybe[list[TrialArtifactInput] | None]


@strawberry.input
class SetTagsInput(RepeatableInput):
    """Tags to set, by key."""

    arn: strawberry.ID
    tags: list[TagInput]
    valid_from: datetime | None = None


@strawberry.input
class RemoveTagsInput(RepeatableInput):
    """Tags to remove."""

    arn: strawberry.ID
    keys: list[str]
    valid_from: datetime | None = None


@strawberry.input
class AssociationInput(RepeatableInput):
    """Which association."""

    source: strawberry.ID
    destination: strawberry.ID
    association: AssociationType = AssociationType.ASSOCIATED_WITH


@strawberry.input
class AssociateInput(AssociationInput):
    """An association from cause to effect, since `validFrom`."""

    valid_from: datetime | None = None
    exclusive: bool = False


@strawberry.input
class DissociateInput(AssociationInput):
    """The end of an association, at `validTo`; at or before its beginning, it never held."""

    valid_to: datetime | None = None
