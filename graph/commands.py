"""What can be asked of the graph. A command checks its own fields when it is made, and the graph when it is applied."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from graph import arns, limits
from graph.associations import AssociationType, Triple
from graph.drafts import Draft, Needs
from graph.entities import Kind, State, Status
from graph.errors import AlreadyExistsError, ConflictError, InvalidError, NotFoundError
from graph.times import FOREVER, from_ms, to_ms

CASCADES = ("NONE", "ASSOCIATIONS")


@dataclass(frozen=True, slots=True)
class Applied:
    """What a command came to.

    Attributes:
        arn: the entity it was about, if one.
        triple: the association it was about, if one.
        changed: whether the graph is another one now.
        created: whether the entity or association did not exist before.
    """

    arn: str | None = None
    triple: Triple | None = None
    changed: bool = True
    created: bool = False


class Command(Protocol):
    """One change that is asked for."""

    def needs(self, needs: Needs) -> None:
        """Say what it has to see."""

    def apply(self, draft: Draft) -> Applied:
        """Make the change in a draft, or raise what stands against it."""

    def payload(self) -> dict[str, Any]:
        """The request in canonical JSON, to tell a repeated request from another one under the same id."""


@dataclass(frozen=True, slots=True)
class Put:
    """Create an entity; `arn` and `state` are made by the functions below.

    Attributes:
        exclusive: an entity that exists already is an error instead of the answer.
    """

    arn: str
    kind: Kind
    state: State
    valid_from: int | None = None
    exclusive: bool = False

    def needs(self, needs: Needs) -> None:
        """The entity itself."""
        needs.entity(self.arn, self.valid_from)

    def apply(self, draft: Draft) -> Applied:
        """Create it, or find it there.

        Raises:
            AlreadyExistsError: it exists and the caller wanted it to be new.
            ConflictError: it was deleted after the time from which it is to exist.
        """
        valid_from = draft.moment(self.valid_from)
        if draft.state(self.arn) is None:
            made = {"created_at": valid_from, "created_by": draft.actor, "modified_at": valid_from}
            state = {**self.state, **made, "modified_by": draft.actor, "account": draft.account}
            draft.create(self.arn, self.kind, state, valid_from)
            return Applied(self.arn, created=True)
        if self.exclusive:
            raise AlreadyExistsError(f"{self.arn} already exists")
        first = draft.pieces(self.arn)[0]
        if self.valid_from is None or first.valid_from <= valid_from:
            return Applied(self.arn, changed=False)
        draft.extend(self.arn, valid_from)
        return Applied(self.arn)

    def payload(self) -> dict[str, Any]:
        """The state and the time that were asked for."""
        return {"put": self.arn, "state": self.state, "valid_from": self.valid_from, "exclusive": self.exclusive}


@dataclass(frozen=True, slots=True)
class Update:
    """Change an entity's fields from `valid_from` on.

    Attributes:
        fields: new values by field of the state; None clears one.
        set_pairs: pairs to set, by the name of a field that holds pairs.
        remove_keys: keys to remove, by the same.
    """

    arn: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    set_pairs: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    remove_keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    valid_from: int | None = None

    def needs(self, needs: Needs) -> None:
        """The entity itself."""
        needs.entity(self.arn, self.valid_from)

    def apply(self, draft: Draft) -> Applied:
        """Change it.

        Raises:
            NotFoundError: it is not there.
            InvalidError: it would then hold too much.
        """
        valid_from = draft.moment(self.valid_from)
        draft.existing(self.arn)
        return Applied(self.arn, changed=draft.patch(self.arn, self._change, valid_from))

    def _change(self, state: State) -> State:
        state.update(self.fields)
        for name in {*self.set_pairs, *self.remove_keys}:
            # A dict keeps the place of a key that is set again, so tags keep their order.
            pairs: dict[str, Any] = dict([*state.get(name, ()), *self.set_pairs.get(name, ())])
            for key in self.remove_keys.get(name, ()):
                pairs.pop(key, None)
            kept = [[key, value] for key, value in pairs.items()]
            state[name] = kept if name == "tags" else sorted(kept)
            maximum = {"tags": 50, "properties": 30}.get(name, 300)
            if len(kept) > maximum:
                raise InvalidError(
                    f"{state['arn']} would have {len(kept)} {name}; at most {maximum} are allowed",
                    path=name,
                    constraint=f"size <= {maximum}",
                )
        return state

    def payload(self) -> dict[str, Any]:
        """The change that was asked for."""
        return {
            "update": self.arn,
            "fields": dict(self.fields),
            "set": {name: [list(pair) for pair in pairs] for name, pairs in self.set_pairs.items()},
            "remove": {name: list(keys) for name, keys in self.remove_keys.items()},
            "valid_from": self.valid_from,
        }


@dataclass(frozen=True, slots=True)
class Delete:
    """Let an entity end; `cascade` says what may go with it."""

    arn: str
    cascade: str = "NONE"
    valid_to: int | None = None

    def needs(self, needs: Needs) -> None:
        """The entity and all its edges."""
        needs.entity(self.arn, self.valid_to)
        needs.incident.add(self.arn)

    def apply(self, draft: Draft) -> Applied:
        """End it, and its associations where the cascade says so.

        Raises:
            NotFoundError: it is not there.
            ConflictError: it has associations and the cascade is `NONE`.
        """
        if self.cascade not in CASCADES:
            raise InvalidError(
                f"cascade is one of {', '.join(CASCADES)}", path="cascade", constraint="NONE|ASSOCIATIONS"
            )
        valid_to = draft.moment(self.valid_to, "validTo")
        draft.existing(self.arn)
        triples = draft.touching(self.arn, valid_to)
        if triples and self.cascade == "NONE":
            source, association, destination = triples[0]
            raise ConflictError(
                f"{self.arn} has {len(triples)} associations (the first: {source} {association} {destination}); "
                "end them first, or delete with cascade ASSOCIATIONS"
            )
        for triple in triples:
            draft.disconnect(triple, valid_to)
        draft.delete(self.arn, valid_to)
        return Applied(self.arn)

    def payload(self) -> dict[str, Any]:
        """The deletion that was asked for."""
        return {"delete": self.arn, "cascade": self.cascade, "valid_to": self.valid_to}


@dataclass(frozen=True, slots=True)
class Associate:
    """Let an association hold from `valid_from` on."""

    triple: Triple
    valid_from: int | None = None
    exclusive: bool = False

    def needs(self, needs: Needs) -> None:
        """Both ends and the edges between them."""
        needs.entity(self.triple[0], self.valid_from)
        needs.entity(self.triple[2], self.valid_from)
        needs.triples.add(self.triple)

    def apply(self, draft: Draft) -> Applied:
        """Connect, or find it connected.

        Raises:
            NotFoundError: one end is not there.
            AlreadyExistsError: it holds and the caller wanted it to be new.
            InvalidError: one end did not exist yet at that time.
        """
        valid_from = draft.moment(self.valid_from)
        draft.existing(self.triple[0])
        draft.existing(self.triple[2])
        held = any(edge.valid_to == FOREVER for edge in draft.edges(self.triple))
        if held and self.exclusive:
            raise AlreadyExistsError(f"the association {' '.join(self.triple)} already exists")
        changed = draft.connect(self.triple, valid_from)
        return Applied(triple=self.triple, changed=changed, created=changed and not held)

    def payload(self) -> dict[str, Any]:
        """The association that was asked for."""
        return {"associate": list(self.triple), "valid_from": self.valid_from, "exclusive": self.exclusive}


@dataclass(frozen=True, slots=True)
class Dissociate:
    """Let an association hold no longer from `valid_to` on; at or before its beginning, it never held."""

    triple: Triple
    valid_to: int | None = None

    def needs(self, needs: Needs) -> None:
        """The edges of the triple."""
        needs.triples.add(self.triple)

    def apply(self, draft: Draft) -> Applied:
        """End it.

        Raises:
            NotFoundError: it does not hold.
        """
        valid_to = draft.moment(self.valid_to, "validTo")
        if not draft.disconnect(self.triple, valid_to):
            raise NotFoundError(
                f"the association {' '.join(self.triple)} does not hold at {from_ms(valid_to).isoformat()}"
            )
        return Applied(triple=self.triple)

    def payload(self) -> dict[str, Any]:
        """The end that was asked for."""
        return {"dissociate": list(self.triple), "valid_to": self.valid_to}


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
    resource_arn: str | None = None,
    valid_from: datetime | None = None,
    exclusive: bool = False,
    **details: Any,
) -> Put:
    """An action, a context or a trial component, known by its name.

    A context of the type `Experiment` or `Trial` gets an ARN of its own kind, as SageMaker has it.

    Raises:
        InvalidError: a field does not fit SageMaker's limits.
    """
    limits.name(name)
    family = {Kind.ACTION: "action", Kind.CONTEXT: "context", Kind.TRIAL_COMPONENT: "experiment-trial-component"}[kind]
    if kind is Kind.CONTEXT and type in ("Experiment", "Trial"):
        family = "experiment" if type == "Experiment" else "experiment-trial"
    arn = place.arn(f"{family}/{name}")
    return Put(
        arn, kind, _state(arn, kind, name, type, resource_arn=resource_arn, **details), _ms(valid_from), exclusive
    )


def update(
    arn: str,
    kind: Kind,
    *,
    properties: Mapping[str, str] | None = None,
    remove_properties: Sequence[str] = (),
    tags: Mapping[str, str] | None = None,
    remove_tags: Sequence[str] = (),
    valid_from: datetime | None = None,
    **details: Any,
) -> Update:
    """A change of fields: those given replace the old ones, `properties` and `tags` are merged by key.

    Raises:
        InvalidError: a field does not fit SageMaker's limits.
    """
    pairs: dict[str, Any] = {}
    if properties is not None:
        pairs["properties"] = limits.properties(properties, artifact=kind is Kind.ARTIFACT)
    if tags is not None:
        pairs["tags"] = limits.tags(tags)
    for name in ("parameters", "inputs", "outputs"):
        if details.get(name) is not None:
            pairs[name] = CHECKS[name](details.pop(name))
    removed = {"properties": list(remove_properties), "tags": list(remove_tags)}
    fields = _fields(kind, details)
    return Update(
        arns.normal(arn), fields, pairs, {name: keys for name, keys in removed.items() if keys}, _ms(valid_from)
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
    state |= _fields(kind, details)
    return state


def _parameters(values: Mapping[str, Mapping[str, str]]) -> list[list[Any]]:
    if len(values) > 300:
        raise InvalidError(
            f"parameters has {len(values)} entries; at most 300 are allowed",
            path="parameters",
            constraint="size <= 300",
        )
    return [
        [
            limits.text(name, "parameters.key", minimum=1, maximum=320, lines=False),
            {
                form: limits.text(value, f"parameters[{name[:40]!r}]", maximum=2500)
                for form, value in values[name].items()
            },
        ]
        for name in sorted(values)
    ]


CHECKS: dict[str, Callable[[Any], Any]] = {
    "description": lambda value: limits.text(value, "description", maximum=3072),
    "name": lambda value: limits.text(value, "name", minimum=1, maximum=120, lines=False),
    "type": lambda value: limits.text(value, "type", minimum=1, maximum=256, lines=False),
    "source_uri": lambda value: limits.text(value, "sourceUri", minimum=1, maximum=2048, lines=False),
    "source_arn": arns.normal,
    "status": lambda value: Status(value).value,
    "started_at": to_ms,
    "ended_at": to_ms,
    "parameters": _parameters,
    "metrics": _parameters,
    "inputs": _parameters,
    "outputs": _parameters,
}
FIELDS = {
    Kind.ARTIFACT: {"description", "name"},
    Kind.ACTION: {"description", "source_uri", "status", "started_at", "ended_at"},
    Kind.CONTEXT: {"description", "source_uri", "name"},
    Kind.TRIAL_COMPONENT: {
        *("description", "source_arn", "source_uri", "status", "started_at", "ended_at"),
        *("parameters", "metrics", "inputs", "outputs"),
    },
}


def _fields(kind: Kind, details: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(details) - FIELDS[kind]
    if unknown := {name for name in unknown if details[name] is not None}:
        raise InvalidError(
            f"{', '.join(sorted(unknown))} can't be given for {kind.value.lower().replace('_', ' ')}s",
            path=min(unknown),
            constraint=f"one of {', '.join(sorted(FIELDS[kind]))}",
        )
    checked = {name: CHECKS[name](value) for name, value in details.items() if value is not None}
    if kind is Kind.TRIAL_COMPONENT and checked.get("status") == Status.UNKNOWN:
        raise InvalidError("a trial component's status is never UNKNOWN", path="status", constraint="a known status")
    return checked


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)
