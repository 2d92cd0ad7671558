"""Model groups: made, ended, with a policy that is kept and aliases of their versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from graph.access import Permission
from graph.associations import AssociationType
from graph.changes import Applied, Put
from graph.commands import Place, create_named
from graph.drafts import Draft
from graph.entities import Kind, State
from graph.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from graph.registry import names
from graph.registry.names import Package
from graph.working import Needs

ALIASES = 50
NAME, POLICY, GATES = "ModelPackageGroupName", "ResourcePolicy", "Gates"
"""In a group's specification, which only the registry writes."""
ANY = -1
"""An alias may be moved from whatever version it names."""


def create(
    place: Place,
    name: str,
    *,
    description: str | None = None,
    tags: Mapping[str, str] | None = None,
    specification: Mapping[str, Any] | None = None,
    exclusive: bool = True,
) -> Put:
    """A new model group; its name is unique, whatever the case of its letters.

    Raises:
        InvalidError: a field does not fit.
    """
    resource = names.group_resource(place, names.checked(name))
    return create_named(
        place,
        Kind.CONTEXT,
        names.context_name(name),
        type=names.GROUP_TYPE,
        family="context",
        resource_arn=resource,
        source_uri=resource,
        display_name=name,
        description=description,
        tags=tags,
        specification=orjson.dumps({NAME: name, **(specification or {})}).decode(),
        exclusive=exclusive,
    )


def held(draft: Draft, place: Place, name: str) -> State:
    """The state of a group.

    Raises:
        NotFoundError: there is none of this name.
    """
    state = draft.state(names.group_arn(place, name))
    resource = names.group_resource(place, name)
    if state is None or state.get("resource_arn") != resource:
        raise NotFoundError(f"ModelPackageGroup {resource} does not exist.")
    return state


def shown(state: State) -> str:
    """A group's name, as it was given; what people call it may be changed by whoever may write."""
    name: str = orjson.loads(state["specification"])[NAME]
    return name


def prefix(place: Place, name: str) -> str:
    """What the keys of a group's versions begin with."""
    return f"{place.account}/{names.PACKAGE}/{name}/"


@dataclass(frozen=True, slots=True)
class DeleteGroup:
    """Let a group without versions end; its other associations end with it."""

    place: Place
    name: str

    @property
    def arn(self) -> str:
        """The group's lineage ARN."""
        return names.group_arn(self.place, self.name)

    def needs(self, needs: Needs) -> None:
        """The group, all its edges, and which versions it may have."""
        needs.entity(self.arn, None)
        needs.incident.add(self.arn)
        needs.numbered.add(prefix(self.place, self.name))

    def apply(self, draft: Draft) -> Applied:
        """End it.

        Raises:
            NotFoundError: it is not there.
            ConflictError: it has versions.
            ForbiddenError: it has gates, which would end with it, and the caller may not set any.
        """
        state = held(draft, self.place, self.name)
        if GATES in orjson.loads(state["specification"]) and not draft.role.may(Permission.SET_GATES):
            raise ForbiddenError(
                f"{names.group_resource(self.place, self.name)} has gates, and {draft.actor} may not {Permission.SET_GATES}; "
                "an administrator can delete it"
            )
        triples = draft.touching(self.arn, draft.now)
        last = draft.working.numbers.get(prefix(self.place, self.name), 0)
        versions = {names.package_arn(self.place, Package(self.name, number)) for number in range(1, last + 1)}
        member = (AssociationType.ASSOCIATED_WITH.value, self.arn)
        if count := sum(1 for source, *rest in triples if source in versions and tuple(rest) == member):
            raise ConflictError(
                f"Cannot delete ModelPackageGroup {names.group_resource(self.place, self.name)}: it has {count} model "
                "packages; delete them first"
            )
        for triple in triples:
            draft.disconnect(triple, draft.now)
        draft.delete(self.arn, draft.now)
        return Applied(self.arn)

    def payload(self) -> dict[str, Any]:
        """The end that was asked for."""
        return {"delete_group": self.arn}


@dataclass(frozen=True, slots=True)
class SetPolicy:
    """Keep a policy with a group, or none."""

    place: Place
    name: str
    policy: str | None

    @property
    def arn(self) -> str:
        """The group's lineage ARN."""
        return names.group_arn(self.place, self.name)

    def needs(self, needs: Needs) -> None:
        """The group."""
        needs.entity(self.arn, None)

    def apply(self, draft: Draft) -> Applied:
        """Keep it.

        Raises:
            NotFoundError: the group is not there.
        """
        held(draft, self.place, self.name)

        def change(state: State) -> State:
            kept = {**orjson.loads(state.get("specification") or "{}"), POLICY: self.policy}
            kept = {key: value for key, value in kept.items() if value is not None}
            return {**state, "specification": orjson.dumps(kept).decode()}

        return Applied(self.arn, changed=draft.patch(self.arn, change, draft.now))

    def payload(self) -> dict[str, Any]:
        """The policy that was given."""
        return {"policy_of": self.arn, "policy": self.policy}


@dataclass(frozen=True, slots=True)
class SetAlias:
    """Let an alias name a version of its group; made by `set_alias`.

    Attributes:
        number: which version; None for none any more.
        expected: which it has to name until then, None for none; ANY for whatever.
    """

    place: Place
    name: str
    alias: str
    number: int | None
    expected: int | None = ANY

    @property
    def arn(self) -> str:
        """The group's lineage ARN."""
        return names.group_arn(self.place, self.name)

    def needs(self, needs: Needs) -> None:
        """The group, and the version."""
        needs.entity(self.arn, None)
        if self.number is not None:
            needs.entity(names.package_arn(self.place, Package(self.name, self.number)), None)

    def apply(self, draft: Draft) -> Applied:
        """Move it.

        Raises:
            NotFoundError: the group or the version is not there.
            ConflictError: somebody else moved the alias.
            InvalidError: the group would have too many.
        """
        aliases = dict(held(draft, self.place, self.name).get("aliases", ()))
        current = aliases.get(self.alias)
        if self.expected not in (ANY, current):
            named = "no version" if current is None else f"version {current}"
            raise ConflictError(
                f"the alias {self.alias} of {self.name} names {named} by now; look again before moving it"
            )
        if self.number is None:
            aliases.pop(self.alias, None)
        else:
            version = Package(self.name, self.number)
            if (draft.state(names.package_arn(self.place, version)) or {}).get("resource_arn") is None:
                raise NotFoundError(f"ModelPackage {names.package_resource(self.place, version)} does not exist.")
            aliases[self.alias] = self.number
        if len(aliases) > ALIASES:
            raise InvalidError(
                f"{self.name} would have {len(aliases)} aliases; at most {ALIASES} are allowed",
                path="alias",
                constraint=f"size <= {ALIASES}",
            )
        pairs = [[alias, number] for alias, number in sorted(aliases.items())]
        changed = draft.patch(self.arn, lambda state: {**state, "aliases": pairs}, draft.now)
        return Applied(self.arn, changed=changed)

    def payload(self) -> dict[str, Any]:
        """The move that was asked for."""
        return {"alias": self.alias, "of": self.arn, "number": self.number, "expected": self.expected}


def set_alias(place: Place, group: str, alias: str, number: int | None, *, expected: int | None = ANY) -> SetAlias:
    """Let an alias such as `champion` name a version of a group.

    Raises:
        InvalidError: the alias is no name, or only digits, or a word that look-ups have.
    """
    names.checked(alias, "alias")
    if alias.isdigit() or alias.lower() in ("latest", "latestapproved"):
        raise InvalidError(
            f"{alias!r} can't be an alias: it means a version already", path="alias", constraint="no number, not latest"
        )
    if number is not None and number < 1:
        raise InvalidError(f"version {number} can't be", path="version", constraint="1 <= version")
    return SetAlias(place, names.group_name(place, group), alias, number, expected)
