"""Inputs as the graph's commands."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from strawberry import Some

from api.graphql import inputs
from api.graphql.names import METADATA, Kind
from graph import arns, commands
from graph.commands import Place, Put, Update
from graph.errors import InvalidError
from graph.registry.names import GROUP, PACKAGE

T = TypeVar("T")

FAMILIES = {
    "artifact": Kind.ARTIFACT,
    "action": Kind.ACTION,
    "context": Kind.CONTEXT,
    "experiment": Kind.CONTEXT,
    "experiment-trial": Kind.CONTEXT,
    "experiment-trial-component": Kind.TRIAL_COMPONENT,
}
UPDATES: dict[type[inputs.UpdateEntityInput], Kind] = {
    inputs.UpdateArtifactInput: Kind.ARTIFACT,
    inputs.UpdateActionInput: Kind.ACTION,
    inputs.UpdateContextInput: Kind.CONTEXT,
    inputs.UpdateTrialComponentInput: Kind.TRIAL_COMPONENT,
}
NAMES = {kind: kind.value.lower().replace("_", " ") for kind in Kind}


def kind_of(arn: str, wanted: Kind | None = None) -> Kind:
    """The kind that a lineage ARN is of.

    Raises:
        InvalidError: it is not the kind that is wanted.
    """
    kind = FAMILIES[arns.parse(arn).resource.split("/", 1)[0]]
    if wanted is not None and kind is not wanted:
        raise InvalidError(f"{arn} is no {NAMES[wanted]} but a {NAMES[kind]}", path="arn", constraint=NAMES[wanted])
    return kind


def new(place: Place, given: inputs.NewEntityInput) -> Put:
    """The command that creates what an input describes.

    Raises:
        InvalidError: a field does not fit.
    """
    common: dict[str, Any] = {
        "type": given.type,
        "description": given.description,
        "properties": pairs(given.properties, "properties"),
        "tags": pairs(given.tags, "tags"),
        "metadata": None if given.metadata is None else metadata(given.metadata),
        "resource_arn": _resource_arn(place, given.resource_arn),
        "valid_from": given.valid_from,
        "exclusive": given.exclusive,
    }
    if isinstance(given, inputs.ArtifactInput):
        types = [(item.type.value, item.value) for item in given.source_types or ()]
        return commands.create_artifact(place, given.source_uri, name=given.name, source_types=types, **common)
    if isinstance(given, inputs.ActionInput):
        return commands.create_named(
            place, Kind.ACTION, given.name, source_id=given.source_id, **common, **_activity(given)
        )
    if isinstance(given, inputs.ContextInput):
        source = {name: getattr(given, name) for name in ("display_name", "source_uri", "source_type", "source_id")}
        return commands.create_named(place, Kind.CONTEXT, given.name, **source, **common)
    assert isinstance(given, inputs.TrialComponentInput)
    return commands.create_named(place, Kind.TRIAL_COMPONENT, given.name, **common, **_activity(given), **_trial(given))


def change(arn: str, given: inputs.UpdateEntityInput) -> Update:
    """The command that changes an entity as an input says.

    Raises:
        InvalidError: a field does not fit, or the entity is of another kind.
    """
    (kind,) = (kind for form, kind in UPDATES.items() if isinstance(given, form))
    kind_of(arn, kind)
    changed: dict[str, Any] = {}
    cleared: list[str] = []
    for item in dataclasses.fields(given):
        found = getattr(given, item.name)
        if not isinstance(found, Some):
            continue
        if found.value is None:
            cleared.append(item.name)
        else:
            read = READ.get(item.name)
            changed[item.name] = found.value if read is None else read(found.value)
    return commands.update(
        arn,
        kind,
        remove_properties=given.remove_properties or (),
        valid_from=given.valid_from,
        cleared=cleared,
        **changed,
    )


def _activity(given: inputs.NewActivityInput) -> dict[str, Any]:
    return {
        "display_name": given.display_name,
        "source_uri": given.source_uri,
        "source_type": given.source_type,
        "status_message": given.status_message,
        "status": None if given.status is None else given.status.value,
        "started_at": given.started_at,
        "ended_at": given.ended_at,
    }


def _trial(given: inputs.TrialComponentInput) -> dict[str, Any]:
    return {
        "source_arn": given.source_arn,
        "parameters": parameters(given.parameters, "parameters"),
        "metrics": parameters(given.metrics, "metrics"),
        "inputs": files(given.inputs, "inputs"),
        "outputs": files(given.outputs, "outputs"),
    }


def _resource_arn(place: Place, text: str | None) -> str | None:
    if text is None:
        return None
    arn = arns.parse(text)
    # Resource ARNs are unique over all accounts: nobody may take another account's.
    if arn.account != place.account:
        raise InvalidError(
            f"resourceArn {arn} belongs to another account than {place.account}",
            path="resourceArn",
            constraint="an ARN of the caller's account",
        )
    if arn.resource.split("/", 1)[0] in (GROUP, PACKAGE):
        raise InvalidError(
            f"resourceArn {arn} is the model registry's; register a model version instead",
            path="resourceArn",
            constraint="no model package or group",
        )
    if arn.resource.split("/", 1)[0] in FAMILIES:
        raise InvalidError(
            f"resourceArn {arn} is a lineage ARN; leave it out", path="resourceArn", constraint="a resource's own ARN"
        )
    return str(arn)


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


def pairs(items: Iterable[inputs.TagInput | inputs.PropertyInput] | None, path: str) -> dict[str, str] | None:
    """Tags or properties by key."""
    return by_key(items, path, lambda item: item.value)


def metadata(given: inputs.MetadataInput) -> dict[str, str]:
    """Where something comes from, as the graph keeps it."""
    return {name: value for field, name in METADATA.items() if (value := getattr(given, field)) is not None}


def parameters(items: Iterable[inputs.ParameterInput] | None, path: str) -> dict[str, Mapping[str, str]] | None:
    """Parameters or metrics as the graph keeps them: a number as its shortest decimal text.

    Raises:
        InvalidError: one has neither a number nor a string, or both.
    """

    def form(item: inputs.ParameterInput) -> Mapping[str, str]:
        if (item.number is None) == (item.string is None):
            raise InvalidError(
                f"{path}[{item.key[:60]!r}] needs either number or string", path=path, constraint="number or string"
            )
        return {"number": repr(item.number)} if item.string is None else {"string": item.string}

    return by_key(items, path, form)


def files(items: Iterable[inputs.TrialArtifactInput] | None, path: str) -> dict[str, Mapping[str, str]] | None:
    """A trial component's inputs or outputs as the graph keeps them."""
    return by_key(
        items,
        path,
        lambda item: {"value": item.value, **({"media_type": item.media_type} if item.media_type is not None else {})},
    )


READ: dict[str, Callable[[Any], Any]] = {
    "status": lambda status: status.value,
    "metadata": metadata,
    "properties": lambda items: pairs(items, "properties"),
    "parameters": lambda items: parameters(items, "parameters"),
    "metrics": lambda items: parameters(items, "metrics"),
    "inputs": lambda items: files(items, "inputs"),
    "outputs": lambda items: files(items, "outputs"),
}
"""How an update's fields are read, where they are not taken as they stand."""
