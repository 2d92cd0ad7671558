"""What can be asked of the graph, made from a caller's fields and checked against SageMaker's limits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graph import arns, limits
from graph.associations import AssociationType, Triple
from graph.changes import Applied, Associate, Command, Delete, Dissociate, Part, Put, Update
from graph.entities import Kind, State
from graph.errors import InvalidError
from graph.fields import CHECKS, FIELDS, checked_fields
from graph.times import to_ms

__all__ = [
    "Applied",
    "Associate",
    "Command",
    "Delete",
    "Dissociate",
    "Part",
    "Place",
    "Put",
    "Update",
    "associate",
    "create_artifact",
    "create_named",
    "delete",
    "dissociate",
    "part",
    "update",
]


@dataclass(frozen=True, slots=True)
class Place:
    """Where ARNs are made: an account and a region."""

    account: str
    region: str

    def arn(self, resource: str) -> str:
        """The ARN of a resource here."""
        return arns.make(self.region, self.account, resource)


def create_artifact(
    place: Place,
    source_uri: str,
    *,
    name: str | None = None,
    type: str | None = None,  # noqa: A002  # the field's own name
    source_types: Sequence[tuple[str, str]] = (),
    resource_arn: str | None = None,
    valid_from: datetime | None = None,
    exclusive: bool = False,
    **details: Any,
) -> Put:
    """An artifact, known by its source URI and source types: `s3://bucket/train.parquet`.

    Raises:
        InvalidError: a field does not fit SageMaker's limits.
    """
    limits.text(source_uri, "sourceUri", minimum=1, maximum=2048, lines=False)
    id_types = limits.source_types(source_types)
    arn = place.arn(f"artifact/{arns.artifact_id(source_uri, [(kind, value) for kind, value in id_types])}")
    shown = name if name is not None else source_uri.rstrip("/").rsplit("/", 1)[-1][:120] or source_uri[:120]
    limits.text(shown, "name", minimum=1, maximum=120, lines=False)
    state = _state(arn, Kind.ARTIFACT, shown, type, resource_arn=resource_arn, **details)
    state |= {"source_uri": source_uri, "source_types": id_types}
    return Put(arn, Kind.ARTIFACT, state, _ms(valid_from), exclusive)


def create_named(
    place: Place,
    kind: Kind,
    name: str,
    *,
    type: str | None = None,  # noqa: A002  # the field's own name
    family: str | None = None,
    resource_arn: str | None = None,
    valid_from: datetime | None = None,
    exclusive: bool = False,
    **details: Any,
) -> Put:
    """An action, a context or a trial component, known by its name.

    A context of the type `Experiment` or `Trial` gets an ARN of its own kind, as SageMaker has it, unless `family` says
    otherwise.

    Raises:
        InvalidError: a field does not fit SageMaker's limits.
    """
    limits.name(name)
    arn = place.arn(f"{family or family_of(kind, type)}/{name}")
    return Put(
        arn, kind, _state(arn, kind, name, type, resource_arn=resource_arn, **details), _ms(valid_from), exclusive
    )


def family_of(kind: Kind, type: str | None = None) -> str:  # noqa: A002  # the field's own name
    """What an ARN of something known by its name begins with: `context/churn`."""
    if kind is Kind.CONTEXT:
        return {"Experiment": "experiment", "Trial": "experiment-trial"}.get(type or "", "context")
    return {Kind.ACTION: "action", Kind.TRIAL_COMPONENT: "experiment-trial-component"}[kind]


def update(
    arn: str,
    kind: Kind,
    *,
    properties: Mapping[str, str] | None = None,
    remove_properties: Sequence[str] = (),
    replace_properties: bool = False,
    tags: Mapping[str, str] | None = None,
    remove_tags: Sequence[str] = (),
    removed: Mapping[str, Sequence[str]] | None = None,
    cleared: Sequence[str] = (),
    valid_from: datetime | None = None,
    check: Callable[[State], None] | None = None,
    **details: Any,
) -> Update:
    """A change of fields: those given replace the old ones, `properties` and `tags` are merged by key.

    Args:
        arn: What is changed.
        kind: Of which kind it has to be.
        properties: Properties to set.
        remove_properties: Keys of properties to remove.
        replace_properties: Whether `properties` take the place of all old ones.
        tags: Tags to set.
        remove_tags: Keys of tags to remove.
        removed: Keys to remove from `parameters`, `inputs` and `outputs`.
        cleared: Fields that have no value any more; `properties` may be among them, a name may not.
        valid_from: Since when it is so.
        check: Raises what stands against the change in the state that it meets.
        details: Other fields.

    Raises:
        InvalidError: a field does not fit SageMaker's limits.
    """
    pairs: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    if properties is not None:
        checked = limits.properties(properties, artifact=kind is Kind.ARTIFACT)
        (fields if replace_properties else pairs)["properties"] = checked
    if tags is not None:
        pairs["tags"] = limits.tags(tags)
    for name in ("parameters", "inputs", "outputs"):
        if name in FIELDS[kind] and details.get(name) is not None:
            pairs[name] = CHECKS[name](details.pop(name))
    gone = {"properties": list(remove_properties), "tags": list(remove_tags), **(removed or {})}
    fields |= checked_fields(kind, details)
    allowed = (FIELDS[kind] | {"properties"}) - {"name"}
    for name in cleared:
        if name not in allowed:
            raise InvalidError(
                f"{name} can't be cleared; {', '.join(sorted(allowed))} can",
                path=name,
                constraint="a field that may be absent",
            )
        fields[name] = None
    return Update(
        *(arns.normal(arn), fields, pairs, {name: keys for name, keys in gone.items() if keys}),
        *(_ms(valid_from), kind, check),
    )


def delete(arn: str, *, cascade: str = "NONE", valid_to: datetime | None = None) -> Delete:
    """The end of an entity, which leaves a tombstone."""
    return Delete(arns.normal(arn), cascade, _ms(valid_to))


def associate(
    source: str,
    destination: str,
    association: AssociationType = AssociationType.ASSOCIATED_WITH,
    *,
    valid_from: datetime | None = None,
    exclusive: bool = False,
) -> Associate:
    """An association, from cause to effect.

    Raises:
        InvalidError: an end is no ARN, or both are the same.
    """
    return Associate(_triple(source, association, destination), _ms(valid_from), exclusive)


def dissociate(
    source: str,
    destination: str,
    association: AssociationType = AssociationType.ASSOCIATED_WITH,
    *,
    valid_to: datetime | None = None,
) -> Dissociate:
    """The end of an association."""
    return Dissociate(_triple(source, association, destination), _ms(valid_to))


def part(source: str, destination: str, *, valid_to: datetime | None = None) -> Part:
    """The end of every association from one entity to another."""
    return Part(arns.normal(source), arns.normal(destination), _ms(valid_to))


def _triple(source: str, association: AssociationType, destination: str) -> Triple:
    triple = (arns.normal(source), AssociationType(association).value, arns.normal(destination))
    if triple[0] == triple[2]:
        raise InvalidError(
            f"{triple[0]} can't be associated with itself", path="destination", constraint="source != destination"
        )
    return triple


def _state(arn: str, kind: Kind, name: str, type_: str | None, **details: Any) -> State:
    resource_arn = details.pop("resource_arn", None)
    state: State = {"arn": arn, "kind": kind.value, "name": name, "type": type_}
    if resource_arn is not None:
        state["resource_arn"] = arns.normal(resource_arn)
    if type_ is not None:
        limits.text(type_, "type", minimum=1, maximum=256, lines=False)
    properties, tags = details.pop("properties", None), details.pop("tags", None)
    if properties:
        state["properties"] = limits.properties(properties, artifact=kind is Kind.ARTIFACT)
    if tags:
        state["tags"] = limits.tags(tags)
    state |= checked_fields(kind, details)
    return state


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)
