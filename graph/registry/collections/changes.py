"""Changes of resource groups: made, described anew, their query and tags set, ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from graph import memberships
from graph.changes import Applied
from graph.commands import Place, create_named
from graph.drafts import Draft
from graph.entities import Kind, State
from graph.errors import AlreadyExistsError, ConflictError, InvalidError
from graph.memberships import ASSOCIATED, RULE, TYPES
from graph.records import present
from graph.registry.collections import names
from graph.registry.collections.query import Query
from graph.working import Needs, Working

NAME, QUERY, DETAILS = "Name", "Query", "Details"
"""In a resource group's specification, which only the registry writes."""


@dataclass(frozen=True, slots=True)
class Create:
    """Make a resource group; made by `create`.

    Attributes:
        details: `Description`, `DisplayName`, `Owner`, `Criticality`, in AWS's words.
        carriers: lineage ARNs of what carries a tag of its key already.
    """

    place: Place
    name: str
    query: Query
    tags: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    carriers: Sequence[str] = ()

    @property
    def _slots(self) -> list[str]:
        rule = self.query.rule
        plain = names.plain(self.place, self.name)
        return [plain] if rule is None else memberships.slots(plain, rule[0])

    def needs(self, needs: Needs) -> None:
        """Where it may go, who has its name, and who is to belong to it, or it to."""
        needs.resources.add(names.resource(self.place, self.name))
        for slot in self._slots:
            needs.entity(slot, None)
            needs.incident.add(slot)
            memberships.needs_of(slot, self.tags, needs)
        for carrier in self.carriers:
            needs.entity(carrier, None)
            memberships.needs_of(carrier, _key(self.query), needs)

    def apply(self, draft: Draft) -> Applied:
        """Make it.

        Raises:
            AlreadyExistsError: there is one of this name.
            ConflictError: there are too many collections of its key.
        """
        free = [arn for arn in self._slots if not is_group(draft.state(arn))]
        if not free:
            if self.query.rule is None:
                raise AlreadyExistsError(f"Cannot create group {self.name}: a group already exists with this name")
            raise ConflictError(
                f"there are {memberships.SLOTS} collections of the key {self.query.rule[0]} already; use another key"
            )
        put = create_named(
            self.place,
            Kind.CONTEXT,
            free[0].rsplit("/", 1)[1],
            type=names.PLAIN_TYPE if self.query.rule is None else memberships.TYPE,
            resource_arn=names.resource(self.place, self.name),
            display_name=self.name[:120],
            description=self.details.get("Description") or None,
            tags=self.tags,
            specification=_specification(self.name, self.query, self.details),
        )
        made = {"created_at": draft.now, "created_by": draft.actor, "modified_at": draft.now}
        state = {**put.state, **made, "modified_by": draft.actor, "account": draft.account}
        try:
            draft.create(put.arn, put.kind, state, draft.now)
        except AlreadyExistsError:
            raise AlreadyExistsError(
                f"Cannot create group {self.name}: a group already exists with this name"
            ) from None
        memberships.settle(draft, put.arn, self.tags)
        for carrier in self.carriers:
            memberships.settle(draft, carrier, _key(self.query))
        return Applied(put.arn, created=True)

    def payload(self) -> dict[str, Any]:
        """The group that was asked for."""
        asked = [dict(self.tags), dict(self.details)]
        return {
            "group": names.resource(self.place, self.name),
            "query": self.query.text,
            "details": orjson.dumps(asked, option=orjson.OPT_SORT_KEYS).decode(),
        }


@dataclass(frozen=True, slots=True)
class Describe:
    """Set details of a resource group: `Description`, `DisplayName`, `Owner`, `Criticality`; None clears one."""

    place: Place
    arn: str
    details: Mapping[str, Any]

    def needs(self, needs: Needs) -> None:
        """The group."""
        needs.entity(self.arn, None)

    def apply(self, draft: Draft) -> Applied:
        """Set them.

        Raises:
            NotFoundError: it is not there.
        """
        specification = orjson.loads(held(draft, self.arn)["specification"])
        merged = {**specification.get(DETAILS, {}), **self.details}
        specification[DETAILS] = {key: value for key, value in merged.items() if value not in (None, "")}
        fields = {
            "specification": orjson.dumps(specification).decode(),
            "description": specification[DETAILS].get("Description"),
        }
        return Applied(self.arn, changed=draft.patch(self.arn, lambda state: {**state, **fields}, draft.now))

    def payload(self) -> dict[str, Any]:
        """The details that were asked for."""
        return {"describe_group": self.arn, "details": orjson.dumps(self.details, option=orjson.OPT_SORT_KEYS).decode()}


@dataclass(frozen=True, slots=True)
class Requery:
    """Set a resource group's query; the key of a collection's tag stays, since it is known by it."""

    place: Place
    arn: str
    query: Query
    carriers: Sequence[str] = ()

    def needs(self, needs: Needs) -> None:
        """The group, and who is to belong to it."""
        needs.entity(self.arn, None)
        needs.incident.add(self.arn)
        for carrier in self.carriers:
            needs.entity(carrier, None)
            memberships.needs_of(carrier, _key(self.query), needs)

    def follow(self, working: Working, needs: Needs) -> None:
        """Who belongs to it until now."""
        for member in _members_in(working, self.place.account, self.arn):
            needs.entity(member, None)
            memberships.needs_of(member, _key(self.query), needs)

    def apply(self, draft: Draft) -> Applied:
        """Set it.

        Raises:
            NotFoundError: it is not there.
            InvalidError: a collection would become none, or another, or a group a collection.
        """
        specification = orjson.loads(held(draft, self.arn)["specification"])
        before: list[str] = (specification.get(RULE) or [""])[:1]
        if before != (self.query.rule or [""])[:1]:
            raise InvalidError(
                "Query not valid: a collection is known by the key of its tag, which can't be changed; make another group",
                path="ResourceQuery",
                constraint=f"the key {before[0]}" if before[0] else "no key of a collection",
            )
        specification |= _rules(self.query)
        text = orjson.dumps(specification).decode()
        changed = draft.patch(self.arn, lambda state: {**state, "specification": text}, draft.now)
        for member in {*members(draft, self.arn), *self.carriers}:
            memberships.settle(draft, member, _key(self.query))
        return Applied(self.arn, changed=changed)

    def payload(self) -> dict[str, Any]:
        """The query that was asked for."""
        return {"requery": self.arn, "query": self.query.text}


@dataclass(frozen=True, slots=True)
class Delete:
    """Let a resource group end; a collection only when it is empty, as Studio has it."""

    place: Place
    arn: str

    def needs(self, needs: Needs) -> None:
        """The group with its edges."""
        needs.entity(self.arn, None)
        needs.incident.add(self.arn)

    def apply(self, draft: Draft) -> Applied:
        """End it.

        Raises:
            NotFoundError: it is not there.
            ConflictError: something belongs to it.
        """
        specification = orjson.loads(held(draft, self.arn)["specification"])
        if count := len(members(draft, self.arn)):
            raise ConflictError(
                f"Collection {specification[NAME]} is not empty: {count} groups or collections belong to it; remove them "
                "first"
            )
        for triple in draft.touching(self.arn, draft.now):
            draft.disconnect(triple, draft.now)
        draft.delete(self.arn, draft.now)
        return Applied(self.arn)

    def payload(self) -> dict[str, Any]:
        """The end that was asked for."""
        return {"delete_group": self.arn}


def create(
    place: Place,
    name: str,
    query: Query,
    *,
    tags: Mapping[str, str] | None = None,
    details: Mapping[str, Any] | None = None,
    carriers: Sequence[str] = (),
) -> Create:
    """A new resource group; its name is unique, whatever the case of its letters.

    Raises:
        InvalidError: a field does not fit.
    """
    names.checked(name)
    made = Create(place, name, query, dict(tags or {}), dict(details or {}), carriers)
    create_named(place, Kind.CONTEXT, "checked", tags=made.tags, description=made.details.get("Description"))
    return made


def held(draft: Draft, arn: str) -> State:
    """The state of a resource group.

    Raises:
        NotFoundError: it is not there.
    """
    state = draft.state(arn)
    if state is None or not is_group(state):
        raise names.missing(arn)
    return state


def is_group(state: State | None) -> bool:
    """Whether a state is a resource group's; whoever may write can make a context that looks like one, but for this."""
    return state is not None and QUERY in orjson.loads(state.get("specification") or "{}")


def members(draft: Draft, arn: str) -> list[str]:
    """What belongs to a collection now; its edges have to be loaded."""
    return sorted(source for source, kind, end in draft.touching(arn, draft.now) if _belongs(source, kind, end, arn))


def respecified(specification: dict[str, Any], query: Query) -> str:
    """A specification with another query."""
    return orjson.dumps({**specification, **_rules(query)}).decode()


def _belongs(source: str, association: str, end: str, collection: str) -> bool:
    """Whether an edge is that of a model group or another collection in a collection."""
    resource = source.split(":", 5)[5]
    member = resource.startswith(memberships.FAMILY) or resource.endswith(f"-aws-{memberships.GROUP}")
    return member and association == ASSOCIATED and end == collection


def _members_in(working: Working, account: str, arn: str) -> list[str]:
    if present(working.pieces.get(arn, ()), account) is None:
        return []
    return [source for source, kind, end in working.touching.get(arn, ()) if _belongs(source, kind, end, arn)]


def _specification(name: str, query: Query, details: Mapping[str, Any]) -> str:
    kept = {key: value for key, value in details.items() if value not in (None, "")}
    return orjson.dumps({NAME: name, **_rules(query), DETAILS: kept}).decode()


def _rules(query: Query) -> dict[str, Any]:
    return {QUERY: query.text, RULE: query.rule, TYPES: query.members}


def _key(query: Query) -> list[str]:
    return [] if query.rule is None else [query.rule[0]]
