"""What mutations and filters take. Field rules (lengths, names, counts) are the graph's own, whichever door is used."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import strawberry

from api.graphql.names import AssociationType, Cascade, SourceIdType, Status
from graph.errors import InvalidError

T = TypeVar("T")


@strawberry.input(description="Which entities a list shows; `createdBefore` is exclusive.")
class EntityFilter:
    """All given fields must fit."""

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


@strawberry.input(description="A value by name: exactly one of `number` and `string`.")
class ParameterInput:
    """A parameter or a metric."""

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


@strawberry.input(description="An artifact is known by its source URI and source types; creating it again finds it.")
class ArtifactInput(NewEntityInput):
    """An artifact; its name is by default the last part of its source URI."""

    source_uri: str
    source_types: list[SourceTypeInput] | None = None
    name: str | None = None


@strawberry.input(description="An action is known by its name; creating it again finds it.")
class ActionInput(NewEntityInput):
    """An action."""

    name: str
    source_uri: str | None = None
    status: Status | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


@strawberry.input(description="A context is known by its name; creating it again finds it.")
class ContextInput(NewEntityInput):
    """A context; one of the type Experiment or Trial gets an ARN of that kind."""

    name: str
    source_uri: str | None = None


@strawberry.input(description="A trial component is known by its name; creating it again finds it.")
class TrialComponentInput(NewEntityInput):
    """A trial component."""

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


@strawberry.input(description="Parameters, inputs and outputs are merged by key; metrics replace the old ones.")
class UpdateTrialComponentInput(UpdateEntityInput):
    """A change of a trial component."""

    source_arn: strawberry.ID | None = None
    source_uri: str | None = None
    status: Status | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    parameters: list[ParameterInput] | None = None
    metrics: list[ParameterInput] | None = None
    inputs: list[TrialArtifactInput] | None = None
    outputs: list[TrialArtifactInput] | None = None


@strawberry.input(description="ASSOCIATIONS ends the entity's associations with it; NONE refuses while it has some.")
class DeleteEntityInput:
    """An end; a tombstone stays, and the history."""

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


@strawberry.input(description="Each end is an ARN, or the row of `entities` that makes it, counted from 0.")
class IngestAssociationInput:
    """One new association."""

    source: strawberry.ID | None = None
    source_row: int | None = None
    destination: strawberry.ID | None = None
    destination_row: int | None = None
    association: AssociationType = AssociationType.ASSOCIATED_WITH
    valid_from: datetime | None = None


@strawberry.input(description="All rows are written, or none; at most 10,000 in all.")
class IngestInput:
    """Entities first, then associations."""

    entities: list[IngestEntityInput] = strawberry.field(default_factory=list)
    associations: list[IngestAssociationInput] = strawberry.field(default_factory=list)
    client_request_id: str | None = None


def by_key(items: Iterable[T] | None, path: str, value: Callable[[T], Any]) -> dict[str, Any] | None:
    """The values of keyed items, by key; None when there are none.

    Raises:
        InvalidError: a key is there twice.
    """
    if items is None:
        return None
    found: dict[str, Any] = {}
    for item in items:
        key: str = item.key  # type: ignore[attr-defined]  # all of these inputs have one
        if key in found:
            raise InvalidError(f"{path} has the key {key[:60]!r} twice", path=path, constraint="unique keys")
        found[key] = value(item)
    return found


def pairs(items: Iterable[TagInput | PropertyInput] | None, path: str) -> dict[str, str] | None:
    """Tags or properties by key."""
    return by_key(items, path, lambda item: item.value)


def parameters(items: Iterable[ParameterInput] | None, path: str) -> dict[str, Mapping[str, str]] | None:
    """Parameters or metrics as the graph keeps them: a number as its shortest decimal text.

    Raises:
        InvalidError: one has neither a number nor a string, or both.
    """

    def form(item: ParameterInput) -> Mapping[str, str]:
        if (item.number is None) == (item.string is None):
            raise InvalidError(
                f"{path}[{item.key[:60]!r}] needs either number or string", path=path, constraint="number or string"
            )
        return {"number": repr(item.number)} if item.string is None else {"string": item.string}

    return by_key(items, path, form)


def files(items: Iterable[TrialArtifactInput] | None, path: str) -> dict[str, Mapping[str, str]] | None:
    """A trial component's inputs or outputs as the graph keeps them."""
    return by_key(
        items,
        path,
        lambda item: {"value": item.value, **({"media_type": item.media_type} if item.media_type is not None else {})},
    )
