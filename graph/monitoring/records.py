"""Schedules and job definitions as entities: made, changed, deleted and looked up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from graph import history, limits
from graph.associations import AssociationType
from graph.changes import Applied, Put
from graph.commands import Place, create_named
from graph.drafts import Draft
from graph.entities import Entity, Kind, State
from graph.errors import AlreadyExistsError, ConflictError
from graph.monitoring import names
from graph.store.store import Store
from graph.times import Moment
from graph.working import Needs

ASSOCIATED = AssociationType.ASSOCIATED_WITH.value
Specification = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Create:
    """Make a schedule or a job definition; made by the functions of `schedules` and `definitions`.

    Attributes:
        uses: job definitions that have to be there: their families and names.
    """

    place: Place
    family: str
    name: str
    put: Put
    uses: tuple[tuple[str, str], ...] = ()

    def needs(self, needs: Needs) -> None:
        """It, and what it uses."""
        self.put.needs(needs)
        needs.incident.add(self.put.arn)
        for family, name in self.uses:
            needs.entity(names.lineage(self.place, family, name), None)

    def apply(self, draft: Draft) -> Applied:
        """Make it.

        Raises:
            AlreadyExistsError: there is one of this name.
            NotFoundError: what it uses is not there.
        """
        held_already = draft.state(self.put.arn)
        if held_already is not None and held_already.get("resource_arn") is not None:
            own = names.resource(self.place, self.family, self.name)
            raise AlreadyExistsError(f"Cannot create already existing {shown(self.family)} {own}")
        made = {
            "created_at": draft.now,
            "created_by": draft.actor,
            "modified_at": draft.now,
            "modified_by": draft.actor,
            "account": draft.account,
        }
        draft.create(self.put.arn, self.put.kind, {**self.put.state, **made}, draft.now)
        for used in _used(draft, self.place, self.uses):
            draft.connect((used, ASSOCIATED, self.put.arn), draft.now, existing={used})
        return Applied(self.put.arn, created=True)

    def payload(self) -> dict[str, Any]:
        """The state that was asked for."""
        return {"monitor": self.put.payload()}


@dataclass(frozen=True, slots=True)
class Change:
    """Change what a schedule is told to do.

    Attributes:
        change: gives the specification that follows the one held.
        uses: job definitions that it uses from now on; None for those that it uses already.
    """

    place: Place
    name: str
    change: Callable[[Specification], Specification]
    told: Mapping[str, Any]
    uses: tuple[tuple[str, str], ...] | None = None

    @property
    def arn(self) -> str:
        """The schedule's lineage ARN."""
        return names.lineage(self.place, names.SCHEDULE, self.name)

    def needs(self, needs: Needs) -> None:
        """It with its edges, and what it uses."""
        needs.entity(self.arn, None)
        needs.incident.add(self.arn)
        for family, name in self.uses or ():
            needs.entity(names.lineage(self.place, family, name), None)

    def apply(self, draft: Draft) -> Applied:
        """Change it.

        Raises:
            NotFoundError: it, or what it uses, is not there.
        """
        state = held(draft, self.place, names.SCHEDULE, self.name)
        after = self.change(orjson.loads(state["specification"]))
        text = limits.specification(orjson.dumps(after).decode())
        changed = draft.patch(self.arn, lambda old: {**old, "specification": text}, draft.now)
        if self.uses is not None:
            wanted = _used(draft, self.place, self.uses)
            for triple in _users(draft, self.arn):
                if triple[0] not in wanted:
                    draft.disconnect(triple, draft.now)
            for used in wanted:
                changed |= draft.connect((used, ASSOCIATED, self.arn), draft.now, existing={used})
        return Applied(self.arn, changed=changed)

    def payload(self) -> dict[str, Any]:
        """The change that was asked for."""
        return {"monitor": self.arn, "change": orjson.dumps(self.told, option=orjson.OPT_SORT_KEYS).decode()}


@dataclass(frozen=True, slots=True)
class Delete:
    """Let a schedule or a job definition end; executions stay."""

    place: Place
    family: str
    name: str

    @property
    def arn(self) -> str:
        """Its lineage ARN."""
        return names.lineage(self.place, self.family, self.name)

    def needs(self, needs: Needs) -> None:
        """It and all its edges."""
        needs.entity(self.arn, None)
        needs.incident.add(self.arn)

    def apply(self, draft: Draft) -> Applied:
        """End it.

        Raises:
            NotFoundError: it is not there.
            ConflictError: a schedule uses it.
        """
        held(draft, self.place, self.family, self.name)
        touching = draft.touching(self.arn, draft.now)
        suffix = f"-aws-{names.SCHEDULE}"
        users = [end for start, _, end in touching if start == self.arn and end.endswith(suffix)]
        if self.family != names.SCHEDULE and users:
            used = ", ".join(user.rpartition("/")[2].removesuffix(suffix) for user in users)
            raise ConflictError(
                f"{names.resource(self.place, self.family, self.name)} is in use by schedule(s): {used}"
            )
        for triple in touching:
            draft.disconnect(triple, draft.now)
        draft.delete(self.arn, draft.now)
        return Applied(self.arn)

    def payload(self) -> dict[str, Any]:
        """The end that was asked for."""
        return {"unmonitor": self.arn}


def entity(
    place: Place,
    family: str,
    name: str,
    type_: str,
    specification: Specification,
    tags: Mapping[str, str] | None,
) -> Put:
    """The entity of a schedule or a job definition."""
    names.checked(name)
    own = names.resource(place, family, name)
    return create_named(
        place,
        Kind.CONTEXT,
        names.context_name(family, name),
        type=type_,
        resource_arn=own,
        source_uri=own,
        display_name=name,
        specification=limits.specification(orjson.dumps(specification).decode()),
        tags=tags,
        exclusive=True,
    )


def held(draft: Draft, place: Place, family: str, name: str) -> State:
    """The state of a schedule or a job definition.

    Raises:
        NotFoundError: there is none of this name.
    """
    state = draft.state(names.lineage(place, family, name))
    if state is None or state.get("resource_arn") != names.resource(place, family, name):
        raise names.missing(place, family, name)
    return state


async def find(store: Store, place: Place, family: str, name: str, when: Moment) -> Entity:
    """A schedule or a job definition, at a moment.

    Raises:
        NotFoundError: there is none of this name.
    """
    arn = names.lineage(place, family, name)
    found = (await history.entities(store, place.account, [arn], when)).get(arn)
    if found is None or found.resource_arn != names.resource(place, family, name):
        raise names.missing(place, family, name)
    return found


def specification(found: Entity) -> Specification:
    """What it was told to do."""
    told: Specification = orjson.loads(found.specification or "{}")
    return told


def shown(family: str) -> str:
    """What messages call one of a family."""
    return "Monitoring Schedule" if family == names.SCHEDULE else "job definition"


def _used(draft: Draft, place: Place, uses: Sequence[tuple[str, str]]) -> list[str]:
    for family, name in uses:
        held(draft, place, family, name)
    return [names.lineage(place, family, name) for family, name in uses]


def _users(draft: Draft, arn: str) -> list[tuple[str, str, str]]:
    return [
        triple
        for triple in draft.touching(arn, draft.now)
        if triple[2] == arn and triple[1] == ASSOCIATED and triple[0].endswith("-job-definition")
    ]
