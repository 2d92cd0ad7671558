"""Moving and renaming a collection: its path is the value of its members' tags, so all that lies in it changes with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from graph import limits, memberships
from graph.changes import Applied
from graph.commands import Place
from graph.drafts import Draft
from graph.entities import State
from graph.errors import ConflictError, InvalidError, TooExpensiveError
from graph.memberships import RULE
from graph.registry.collections import changes, lists, names, query
from graph.registry.collections.changes import NAME, held
from graph.registry.collections.lists import Group
from graph.store.store import Store
from graph.times import Moment, now_ms
from graph.working import Needs

MOST = 2_000
"""Groups and collections that one move may change."""
COLLECTION = "sagemaker:collection"
"""The tag of every collection."""
PATH = 256
"""Characters of a path: a tag's value."""


@dataclass(frozen=True, slots=True)
class Relocate:
    """Move a collection into another, or to the root, and rename it; made by `relocate`.

    Attributes:
        name: what it is to be called.
        parent: the lineage ARN of the collection that it is to lie in; None for none.
        within: what lies in it, by the lineage ARN of each collection, as it was seen.
    """

    place: Place
    arn: str
    name: str
    parent: str | None
    within: Mapping[str, tuple[str, ...]]

    def needs(self, needs: Needs) -> None:
        """The collection, its new place, and all that lies in it."""
        needs.resources.add(names.resource(self.place, self.name))
        for arn in {self.arn, *self.within, *(member for inner in self.within.values() for member in inner)}:
            needs.entity(arn, None)
            needs.incident.add(arn)
        if self.parent is not None:
            needs.entity(self.parent, None)
            needs.triples.add((self.arn, memberships.ASSOCIATED, self.parent))

    def apply(self, draft: Draft) -> Applied:
        """Move it.

        Raises:
            NotFoundError: it, or its new place, is not there.
            ConflictError: what lies in it has changed since it was looked at.
            AlreadyExistsError: its new name is taken.
            InvalidError: its new path is too long.
        """
        state = held(draft, self.arn)
        for collection, inner in self.within.items():
            if tuple(changes.members(draft, collection)) != inner:
                raise ConflictError("what lies in the collection has changed since it was looked at; try again")
        before = dict(state.get("tags", ()))
        tags = {key: value for key, value in before.items() if not key.startswith(memberships.PREFIX)}
        path = self.name
        if self.parent is None:
            tags[memberships.ROOT] = "true"
        else:
            rule = memberships.rule_of(held(draft, self.parent))
            if rule is None:
                raise InvalidError("a collection lies in a collection only", path="parent", constraint="a collection")
            path = f"{rule[1]}/{self.name}"
            tags[rule[0]] = rule[1]
        draft.rename(self.arn, names.resource(self.place, self.name))
        pairs = limits.tags(tags)
        draft.patch(self.arn, lambda state: {**state, "tags": pairs, "display_name": self.name[:120]}, draft.now)
        for triple in draft.touching(self.arn, draft.now):
            if triple[0] == self.arn and triple[1] == memberships.ASSOCIATED and triple[2] != self.parent:
                draft.disconnect(triple, draft.now)
        if self.parent is not None:
            draft.connect((self.arn, memberships.ASSOCIATED, self.parent), draft.now)
        self._lie(draft, self.arn, path, self.name)
        return Applied(self.arn)

    def payload(self) -> dict[str, Any]:
        """The move that was asked for."""
        return {"relocate": self.arn, "name": self.name, "parent": self.parent}

    def _lie(self, draft: Draft, collection: str, path: str, name: str) -> None:
        """Let a collection lie at a path, and what lies in it below."""
        limits.text(path, "path", minimum=1, maximum=PATH, lines=False)
        specification = orjson.loads(held(draft, collection)["specification"])
        key = specification[RULE][0]
        text = changes.respecified({**specification, NAME: name}, query.of_collection(key, path))
        draft.patch(collection, lambda state: {**state, "specification": text}, draft.now)
        for member in self.within.get(collection, ()):

            def tag(state: State) -> State:
                pairs = {**dict(state.get("tags", ())), key: path}
                return {**state, "tags": [[name, value] for name, value in pairs.items()]}

            draft.patch(member, tag, draft.now)
            if member in self.within:
                inner = orjson.loads(held(draft, member)["specification"])[NAME]
                self._lie(draft, member, f"{path}/{inner}", inner)


def fresh(place: Place, name: str, parent: Group | None = None, description: str | None = None) -> changes.Create:
    """A new collection in another one or at the root, as SageMaker's SDK makes one.

    Raises:
        InvalidError: the name or the path is none.
    """
    key = f"{memberships.PREFIX}{now_ms()}"
    tags, path = {COLLECTION: "true", memberships.ROOT: "true"}, name
    if parent is not None and parent.rule is not None:
        tags, path = {COLLECTION: "true", parent.rule[0]: parent.rule[1]}, f"{parent.rule[1]}/{name}"
    limits.text(path, "path", minimum=1, maximum=PATH, lines=False)
    details = {} if description is None else {"Description": description}
    return changes.create(place, name, query.of_collection(key, path), tags=tags, details=details)


async def relocate(
    store: Store, place: Place, collection: Group, when: Moment, *, name: str | None = None, parent: Group | None = None
) -> Relocate:
    """Move a collection into another, or to the root, and rename it.

    Args:
        store: Where to look what lies in it.
        place: Whose.
        collection: Which.
        when: At which moment to look.
        name: What it is to be called; as it is by default.
        parent: Where it is to lie; None for the root.

    Raises:
        InvalidError: it is no collection, would lie in itself, or the name is none.
        TooExpensiveError: too much lies in it.
    """
    if collection.rule is None or (parent is not None and parent.rule is None):
        raise InvalidError(
            "only a collection can be moved, into a collection", path="collection", constraint="a collection"
        )
    within: dict[str, tuple[str, ...]] = {}
    waiting, count = [collection.entity.arn], 0
    while waiting:
        arn = waiting.pop()
        if arn in within:
            continue
        inner: list[str] = []
        for family in memberships.RESOURCE_TYPES:
            found = await lists.every_member(store, place.account, arn, when, family, most=MOST - count)
            inner += [entity.arn for entity in found]
            waiting += [entity.arn for entity in found if family == memberships.COLLECTION]
        count += len(inner)
        if count > MOST:
            raise TooExpensiveError(f"more than {MOST} groups and collections lie in it; move its parts one by one")
        within[arn] = tuple(sorted(inner))
    if parent is not None and parent.entity.arn in within:
        raise InvalidError("a collection can't lie in itself", path="parent", constraint="a collection outside of it")
    wanted = names.checked(name if name is not None else collection.name)
    return Relocate(place, collection.entity.arn, wanted, None if parent is None else parent.entity.arn, within)
