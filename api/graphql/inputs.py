"""What mutations and filters take. Field rules (lengths, names, counts) are the graph's own, whichever door is used."""

from datetime import datetime

import strawberry

from api.graphql.names import AssociationType, Cascade, SourceIdType, Status


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
class NewEntityInput:
    """What every new entity may have; `validFrom` is since when it exists, now by default."""

    type: str | None = None
    description: str | None = None
    properties: list[PropertyInput] | None = None
    tags: list[TagInput] | None = None
    resource_arn: strawberry.ID | None = None
    valid_from: datetime | None = None
    exclusive: bool = strawberry.field(
        default=False, description="An entity that exists already is an error, ALREADY_EXISTS, instead of the answer."
    )


@strawberry.input
class ArtifactInput(NewEntityInput):
    """An artifact, known by its source URI and source types; creating it again finds it.

    Its name is by default the last part of its source URI.
    """

    source_uri: str
    source_types: list[SourceTypeInput] | None = None
    name: str | None = None


@strawberry.input
class ActionInput(NewEntityInput):
    """An action, known by its name; creating it again finds it."""

    name: str
    source_uri: str | None = None
    status: Status | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


@strawberry.input
class ContextInput(NewEntityInput):
    """A context, known by its name; creating it again finds it.

    One of the type Experiment or Trial gets an ARN of that kind.
    """

    name: str
    source_uri: str | None = None


@strawberry.input
class TrialComponentInput(NewEntityInput):
    """A trial component, known by its name; creating it again finds it."""

    name: str
    source_arn: strawberry.ID | None = None
    source_uri: str | None = None
    status: Status | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    parameters: list[ParameterInput] | None = None
    metrics: list[ParameterInput] | None = None
    inputs: list[TrialArtifactInput] | None = None
    outputs: list[TrialArtifactInput] | None = None


@strawberry.input
class CreateArtifactInput(ArtifactInput):
    """`clientRequestId` makes it safe to repeat."""

    client_request_id: str | None = None


@strawberry.input
class CreateActionInput(ActionInput):
    """`clientRequestId` makes it safe to repeat."""

    client_request_id: str | None = None


@strawberry.input
class CreateContextInput(ContextInput):
    """`clientRequestId` makes it safe to repeat."""

    client_request_id: str | None = None


@strawberry.input
class CreateTrialComponentInput(TrialComponentInput):
    """`clientRequestId` makes it safe to repeat."""

    client_request_id: str | None = None


@strawberry.input
class UpdateEntityInput:
    """What can change on every entity from `validFrom` on; properties are merged by key; what is left out stays."""

    arn: strawberry.ID
    description: str | None = None
    properties: list[PropertyInput] | None = None
    remove_properties: list[str] | None = None
    valid_from: datetime | None = None
    client_request_id: str | None = None


@strawberry.input
class UpdateArtifactInput(UpdateEntityInput):
    """A change of an artifact."""

    name: str | None = None


@strawberry.input
class UpdateActionInput(UpdateEntityInput):
    """A change of an action."""

    source_uri: str | None = None
    status: Status | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


@strawberry.input
class UpdateContextInput(UpdateEntityInput):
    """A change of a context."""

    source_uri: str | None = None


@strawberry.input
class UpdateTrialComponentInput(UpdateEntityInput):
    """A change of a trial component; parameters, inputs and outputs are merged by key, metrics replace the old ones."""

    source_arn: strawberry.ID | None = None
    source_uri: str | None = None
    status: Status | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    parameters: list[ParameterInput] | None = None
    metrics: list[ParameterInput] | None = None
    inputs: list[TrialArtifactInput] | None = None
    outputs: list[TrialArtifactInput] | None = None


@strawberry.input
class DeleteEntityInput:
    """The end of an entity; a tombstone stays, and the history.

    The cascade ASSOCIATIONS ends its associations with it; NONE refuses while it has some.
    """

    arn: strawberry.ID
    cascade: Cascade = Cascade.NONE
    valid_to: datetime | None = None
    client_request_id: str | None = None


@strawberry.input
class SetTagsInput:
    """Tags to set, by key."""

    arn: strawberry.ID
    tags: list[TagInput]
    valid_from: datetime | None = None
    client_request_id: str | None = None


@strawberry.input
class RemoveTagsInput:
    """Tags to remove."""

    arn: strawberry.ID
    keys: list[str]
    valid_from: datetime | None = None
    client_request_id: str | None = None


@strawberry.input
class AssociateInput:
    """An association from cause to effect, since `validFrom`."""

    source: strawberry.ID
    destination: strawberry.ID
    association: AssociationType = AssociationType.ASSOCIATED_WITH
    valid_from: datetime | None = None
    exclusive: bool = False
    client_request_id: str | None = None


@strawberry.input
class DissociateInput:
    """The end of an association, at `validTo`; at or before its beginning, it never held."""

    source: strawberry.ID
    destination: strawberry.ID
    association: AssociationType = AssociationType.ASSOCIATED_WITH
    valid_to: datetime | None = None
    client_request_id: str | None = None


@strawberry.input(one_of=True)
class IngestEntityInput:
    """One new entity."""

    artifact: strawberry.Maybe[ArtifactInput]
    action: strawberry.Maybe[ActionInput]
    context: strawberry.Maybe[ContextInput]
    trial_component: strawberry.Maybe[TrialComponentInput]


@strawberry.input
class IngestAssociationInput:
    """One new association; each end is an ARN, or the row of `entities` that makes it, counted from 0."""

    source: strawberry.ID | None = None
    source_row: int | None = None
    destination: strawberry.ID | None = None
    destination_row: int | None = None
    association: AssociationType = AssociationType.ASSOCIATED_WITH
    valid_from: datetime | None = None


@strawberry.input
class IngestInput:
    """Rows that are written all or not at all, entities first; at most 10,000 in both lists."""

    entities: list[IngestEntityInput] = strawberry.field(default_factory=list)
    associations: list[IngestAssociationInput] = strawberry.field(default_factory=list)
    client_request_id: str | None = None
