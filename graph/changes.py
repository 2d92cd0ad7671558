"""The changes that can be made to the graph: each says what it has to see, and is applied to a draft.

They are made by the functions of graph/commands.py, which check a caller's fields. Those of associations and deletions have
rooms of their own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graph import memberships
from graph.applied import Applied, Command
from graph.association_changes import Associate, Dissociate, Part
from graph.deletions import Delete
from graph.drafts import Draft
from graph.entities import Kind, State
from graph.errors import AlreadyExistsError, InvalidError, NotFoundError
from graph.fields import MAXIMA
from graph.reserved import check_update
from graph.working import Needs

__all__ = ["Applied", "Associate", "Command", "Delete", "Dissociate", "Part", "Put", "Update"]


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
        memberships.needs_of(self.arn, dict(self.state.get("tags", ())), needs)

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
            memberships.settle(draft, self.arn, dict(state.get("tags", ())))
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
        """The entity itself, and the collections that its tags name."""
        needs.entity(self.arn, self.valid_from)
        memberships.needs_of(self.arn, self._tags, needs)

    def apply(self, draft: Draft) -> Applied:
        """Change it.

        Raises:
            NotFoundError: it is not there.
            InvalidError: it would then hold too much.
            ConflictError: only the model registry changes such a field of it.
        """
        valid_from = draft.moment(self.valid_from)
        if self.kind not in (None, draft.existing(self.arn)["kind"]):
            raise NotFoundError(f"{self.arn} is no {str(self.kind).lower().replace('_', ' ')}")
        check_update(draft.existing(self.arn), self.fields)
        if self.check is not None:
            self.check(draft.existing(self.arn))
        changed = draft.patch(self.arn, self._change, valid_from)
        memberships.settle(draft, self.arn, self._tags)
        return Applied(self.arn, changed=changed)

    @property
    def _tags(self) -> list[str]:
        """The keys of the tags that may change."""
        return [*(key for key, _ in self.set_pairs.get("tags", ())), *self.remove_keys.get("tags", ())]

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
