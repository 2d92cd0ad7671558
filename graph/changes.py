"""The changes that can be made to the graph: each says what it has to see, and is applied to a draft.

They are made by the functions of graph/commands.py, which check a caller's fields.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from graph.associations import AssociationType, Triple
from graph.drafts import Draft
from graph.entities import Kind, State
from graph.errors import AlreadyExistsError, ConflictError, InvalidError, NotFoundError
from graph.fields import MAXIMA
from graph.times import FOREVER, from_ms
from graph.working import Needs

CASCADES = ("NONE", "SAME_AS", "ASSOCIATIONS")
"""What may end with an entity: nothing, what says that it is the same as another, all of its associations."""


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
        if (resource_arn := self.state.get("resource_arn")) is not None:
            needs.resources.add(resource_arn)

    def apply(self, draft: Draft) -> Applied:
        """Create it, or find it there.

        Raises:
            AlreadyExistsError: it exists and the caller wanted it to be new.
            ConflictError: it was deleted after the time from which it is to exist.
            InvalidError: an ARN is another account's.
        """
        valid_from = draft.moment(self.valid_from)
        if draft.state(self.arn) is None:
            made = {"created_at": valid_from, "created_by": draft.actor, "modified_at": valid_from}
            state = {**self.state, **made, "modified_by": draft.actor, "account": draft.account}
            draft.create(self.arn, self.kind, state, valid_from)
            return Applied(self.arn, created=True)
        if self.exclusive:
            raise AlreadyExistsError(f"{self.arn} already exists")
        if self.valid_from is None or draft.existed(self.arn, valid_from):
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
        kind: of which kind it must be; None for any.
        check: raises what stands against the change in the state that it meets.
    """

    arn: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    set_pairs: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    remove_keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    valid_from: int | None = None
    kind: Kind | None = None
    check: Callable[[State], None] | None = None

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
        if self.kind not in (None, draft.existing(self.arn)["kind"]):
            raise NotFoundError(f"{self.arn} is no {str(self.kind).lower().replace('_', ' ')}")
        if self.check is not None:
            self.check(draft.existing(self.arn))
        return Applied(self.arn, changed=draft.patch(self.arn, self._change, valid_from))

    def _change(self, state: State) -> State:
        state.update(self.fields)
        for name in {*self.set_pairs, *self.remove_keys}:
            # A dict keeps the place of a key that is set again, so tags keep their order.
            pairs: dict[str, Any] = dict([*(state.get(name) or ()), *self.set_pairs.get(name, ())])
            for key in self.remove_keys.get(name, ()):
                pairs.pop(key, None)
            kept = [[key, value] for key, value in pairs.items()]
            state[name] = kept if name == "tags" else sorted(kept)
            maximum = MAXIMA[name]
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
            ConflictError: it has associations that the cascade does not cover.
        """
        if self.cascade not in CASCADES:
            raise InvalidError(
                f"cascade is one of {', '.join(CASCADES)}", path="cascade", constraint="|".join(CASCADES)
            )
        valid_to = draft.moment(self.valid_to, "validTo")
        draft.existing(self.arn)
        triples = draft.touching(self.arn, valid_to)
        free = {"NONE": (), "SAME_AS": (AssociationType.SAME_AS,), "ASSOCIATIONS": tuple(AssociationType)}[self.cascade]
        if held := [triple for triple in triples if triple[1] not in free]:
            source, association, destination = held[0]
            raise ConflictError(
                f"{self.arn} has {len(held)} associations (the first: {source} {association} {destination}); "
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
        """The edges of the triple, and its ends, without which no edges are looked for."""
        needs.entity(self.triple[0], None)
        needs.entity(self.triple[2], None)
        needs.triples.add(self.triple)

    def apply(self, draft: Draft) -> Applied:
        """End it.

        Raises:
            NotFoundError: it does not hold, or an end of it is not there.
        """
        valid_to = draft.moment(self.valid_to, "validTo")
        if not draft.disconnect(self.triple, valid_to):
            for arn in (self.triple[0], self.triple[2]):
                draft.existing(arn)  # an end that is not there is said so, as of another account's
            raise NotFoundError(
                f"the association {' '.join(self.triple)} does not hold at {from_ms(valid_to).isoformat()}"
            )
        return Applied(triple=self.triple)

    def payload(self) -> dict[str, Any]:
        """The end that was asked for."""
        return {"dissociate": list(self.triple), "valid_to": self.valid_to}


@dataclass(frozen=True, slots=True)
class Part:
    """Let no association hold between two entities any longer, whatever its type."""

    source: str
    destination: str
    valid_to: int | None = None

    @property
    def triples(self) -> list[Triple]:
        """What may hold between them."""
        return [(self.source, kind.value, self.destination) for kind in AssociationType]

    def needs(self, needs: Needs) -> None:
        """Both ends and the edges between them."""
        needs.entity(self.source, None)
        needs.entity(self.destination, None)
        needs.triples.update(self.triples)

    def apply(self, draft: Draft) -> Applied:
        """End all of them.

        Raises:
            NotFoundError: none holds.
        """
        valid_to = draft.moment(self.valid_to, "validTo")
        ended = [triple for triple in self.triples if draft.disconnect(triple, valid_to)]
        if not ended:
            raise NotFoundError(
                f"no association from {self.source} to {self.destination} exists in account {draft.account}"
            )
        return Applied(triple=ended[0])

    def payload(self) -> dict[str, Any]:
        """The end that was asked for."""
        return {"part": [self.source, self.destination], "valid_to": self.valid_to}
