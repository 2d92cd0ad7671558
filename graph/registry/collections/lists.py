"""Resource groups and collections as they were at a moment: one, pages of them, what belongs to one, and where one belongs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from graph import commands, history, listing, memberships
from graph.associations import AssociationType
from graph.commands import Command, Place
from graph.entities import Entity, Kind, from_body
from graph.listing import Page, Sort, first_within
from graph.memberships import RULE
from graph.registry import lists
from graph.registry.collections import names, query
from graph.registry.collections.changes import DETAILS, NAME, QUERY
from graph.registry.collections.query import FAMILIES, TAG_FILTERS, Query
from graph.registry.lists import RegistryFilter
from graph.store.store import Store
from graph.times import Moment

PAGE = 500
TAGGED = '"tags":'
"""What the state of whatever has tags holds."""


@dataclass(frozen=True, slots=True)
class Group:
    """A resource group.

    Attributes:
        name: as it was given.
        rule: the key and the value of the tag that makes a member, where it is a collection.
    """

    entity: Entity
    name: str
    query: Query
    rule: list[str] | None
    details: dict[str, Any]

    @property
    def path(self) -> str:
        """Where a collection lies, by its tag: `risk/churn`."""
        return self.name if self.rule is None else self.rule[1]


def group_of(entity: Entity) -> Group | None:
    """The resource group that an entity is; None when it is none."""
    held = orjson.loads(entity.specification or "{}")
    if QUERY not in held:
        return None
    return Group(entity, held[NAME], query.read(TAG_FILTERS, held[QUERY]), held[RULE], held.get(DETAILS, {}))


async def group(store: Store, place: Place, text: str, when: Moment) -> Group:
    """A resource group by its name or ARN, also the lineage ARN of a collection.

    Raises:
        NotFoundError: there is none.
    """
    if text.startswith(f"{place.arn('')}{memberships.FAMILY}"):
        found, resource = [text], None
    else:
        resource = names.resource(place, names.named(place, text))
        found = list((await history.resolve(store, place.account, [resource], when)).values())
    entities = await history.entities(store, place.account, found, when)
    for entity in entities.values():
        # A name that it had once is not its name.
        if resource in (None, entity.resource_arn) and (held := group_of(entity)) is not None:
            return held
    raise names.missing(text)


async def collection(store: Store, place: Place, text: str, when: Moment) -> Group:
    """A collection by its name or ARN.

    Raises:
        NotFoundError: there is none.
    """
    found = await group(store, place, text, when)
    if found.rule is None:
        raise names.missing(text)
    return found


async def belonging(
    store: Store, place: Place, held: Group, groups: Sequence[str], when: Moment, *, belong: bool
) -> list[Command]:
    """The commands that let model groups, by name or ARN, belong to a collection, or no longer.

    Raises:
        NotFoundError: one is not there.
    """
    key, path = held.rule or ("", "")
    changed = {"tags": {key: path}} if belong else {"remove_tags": [key]}
    found = [await lists.group(store, place, text, when) for text in dict.fromkeys(groups)]
    return [commands.update(entity.arn, Kind.CONTEXT, **changed) for entity in found]


async def page(
    store: Store,
    account: str,
    when: Moment,
    *,
    collections: bool | None = None,
    contains: str | None = None,
    first: int = 50,
    after: str | None = None,
) -> Page[Group]:
    """One page of resource groups by name; of collections alone, of others alone, or of all.

    Raises:
        InvalidError: `first` is out of its range, or the cursor belongs to another list.
    """
    found: list[tuple[str, Group]] = []
    more = True
    while more and len(found) < first:
        rows = await lists.page(
            *(store, account, names.FAMILY, when),
            filter=RegistryFilter(contains=contains),
            sort=Sort.NAME,
            descending=False,
            first=first,
            after=after,
        )
        groups = [(key, group) for key, entity in rows.items if (group := group_of(entity)) is not None]
        found += [(key, group) for key, group in groups if collections in (None, group.rule is not None)]
        more, after = rows.more, rows.items[-1][0] if rows.items else after
    return Page(found[:first], more or len(found) > first)


async def members(
    store: Store, account: str, collection: str, when: Moment, family: str, *, first: int = 50, after: str | None = None
) -> Page[Entity]:
    """One page of what belongs to a collection, by its lineage ARN: of a family, such as `model-package-group`, by name."""
    first_within(first)
    low, high = _range(account, family, after)
    parameters = {"arn": collection, "account": account, "at": when.at, "known": when.known}
    found = await store.read("registry/members", {**parameters, "from": low, "to": high, "limit": first + 1})
    return Page([(key, from_body(body)) for key, body in found[:first]], len(found) > first)


async def every_member(
    store: Store, account: str, collection: str, when: Moment, family: str, *, most: int
) -> list[Entity]:
    """All that belongs to a collection, of a family; a few more than `most` at most."""
    found: list[Entity] = []
    after, more = None, True
    while more and len(found) <= most:
        page = await members(store, account, collection, when, family, first=PAGE, after=after)
        found += [entity for _, entity in page.items]
        more, after = page.more, page.items[-1][0] if page.items else None
    return found


async def tagged(
    store: Store,
    account: str,
    when: Moment,
    filters: Sequence[tuple[str, Sequence[str]]] = (),
    families: Sequence[str] | None = None,
    *,
    first: int = 50,
    after: str | None = None,
) -> Page[Entity]:
    """One page of resources with tags that fit every filter, by family and name; see `query.tagged`.

    Args:
        store: Where to look.
        account: Whose.
        when: At which moment.
        filters: Tags' keys with the values of which one has to fit; none for any tag.
        families: What their own ARNs begin with; None for all that are listed.
        first: How many.
        after: The key of an item: only what follows it.
    """
    first_within(first)
    found: list[tuple[str, Entity]] = []
    text = orjson.dumps(filters[0][0]).decode() if filters else TAGGED
    low, high = (
        _range(account, families[0], after)
        if families is not None and len(families) == 1
        else (after or f"{account}/", f"{account}0")
    )
    more = True
    while more and len(found) <= first:
        parameters = {"from": low, "to": high, "at": when.at, "known": when.known, "text": text, "limit": PAGE}
        rows = await store.read("registry/tagged", parameters)
        for key, body in rows:
            entity = from_body(body)
            family = query.family_of(entity)
            wanted = family in FAMILIES if families is None else family in families
            if wanted and entity.tags and query.tagged(entity.tags, filters):
                found.append((key, entity))
        more = len(rows) == PAGE
        low = rows[-1][0] if rows else low
    return Page(found[:first], more or len(found) > first)


async def carriers(store: Store, account: str, when: Moment, key: str) -> list[str]:
    """The lineage ARNs of the model groups and collections that carry a tag of a key."""
    found: list[str] = []
    after, more = None, True
    while more:
        rows = await tagged(
            store, account, when, [(key, ())], (memberships.GROUP, memberships.COLLECTION), first=PAGE, after=after
        )
        found += [entity.arn for _, entity in rows.items]
        more, after = rows.more, rows.items[-1][0] if rows.items else None
    return found


async def holding(store: Store, account: str, member: str, when: Moment) -> list[Group]:
    """The collections that a model group or collection belongs to, by path."""
    edges = await listing.associations(
        *(store, account, member, when), outgoing=True, types=(AssociationType.ASSOCIATED_WITH,), first=PAGE
    )
    arns = [edge.destination for _, edge in edges.items]
    entities = await history.entities(store, account, arns, when)
    groups = [group for entity in entities.values() if (group := group_of(entity)) is not None]
    return sorted((group for group in groups if group.rule is not None), key=lambda group: group.path)


def _range(account: str, family: str, after: str | None) -> tuple[str, str]:
    low = f"{account}/{family}/"
    return after or low, f"{low[:-1]}0"
