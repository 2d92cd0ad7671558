"""What was in production at a time, and where and how long a model version ran."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from graph import history, listing
from graph.associations import AssociationType
from graph.entities import Entity, Status, from_body
from graph.errors import InvalidError
from graph.history import PAGE
from graph.hosting.names import DEPLOYMENT_TYPE
from graph.listing import Page, first_within
from graph.store.running import running_ranges
from graph.store.store import Store
from graph.times import Moment

ROUNDS = 500


@dataclass(frozen=True, slots=True)
class Deployment:
    """A variant of an endpoint, or a batch, that runs or ran from `started` until before `ended`; epoch milliseconds.

    Attributes:
        endpoint: the endpoint's own ARN, or whatever an action made by hand has as its source.
        versions: own ARNs of the model packages that it runs.
        address: where a self-hosted model answers.
        cause: `Create`, `Update`, `Weights` or `Rollback`.
    """

    action: Entity
    endpoint: str | None
    versions: tuple[str, ...]
    started: int
    ended: int | None

    def told(self, name: str) -> str | None:
        """What the action's properties say: `Variant`, `Model`, `Weight`, `Address`, `Cause` and more."""
        return (self.action.properties or {}).get(name)


def deployment(action: Entity) -> Deployment:
    """What an action of the type `ModelDeployment` says."""
    kept: Mapping[str, Any] = {}
    if action.specification is not None and action.source_type == "Endpoint":
        kept = orjson.loads(action.specification)
    versions = tuple(kept.get("Versions", ())) or ((action.source_id,) if action.source_id else ())
    started = action.created_at if action.started_at is None else action.started_at
    ended = action.ended_at
    if ended is None and action.status is not Status.IN_PROGRESS:
        ended = action.modified_at
    return Deployment(action, action.source_uri, versions, started, ended)


async def at(
    store: Store,
    account: str,
    when: Moment,
    *,
    endpoint: str | None = None,
    group: str | None = None,
    first: int = 50,
    after: str | None = None,
) -> Page[Deployment]:
    """What ran at a moment, what began last first.

    Args:
        store: Where to look.
        account: Whose.
        when: At which moment; `when.at` may be any time.
        endpoint: An endpoint's own ARN: only what ran there.
        group: A model package group's own ARN: only what ran versions of it.
        first: How many, 1 to 500.
        after: The key of an item: only what follows it.

    Raises:
        InvalidError: `first` is out of its range, or the cursor is another list's.
    """
    first_within(first)
    prefix = f"{account}/ACTION/"
    if after is not None and not after.startswith(prefix):
        raise InvalidError("the cursor belongs to another list", path="after", constraint="a cursor of this list")
    # "…:model-package-group/churn" has the versions "…:model-package/churn/7".
    versions = None if group is None else group.replace(":model-package-group/", ":model-package/", 1) + "/"
    found: list[tuple[str, Deployment]] = []
    before = f"{prefix[:-1]}0" if after is None else after
    while True:
        rows = await _rows(store, account, when, endpoint, before, first + 1 if versions is None else ROUNDS)
        for key, body in rows:
            item = deployment(from_body(body))
            if versions is None or any(own.startswith(versions) for own in item.versions):
                found.append((key, item))
        if len(found) > first or versions is None or len(rows) < ROUNDS:
            return Page(found[:first], len(found) > first)
        before = rows[-1][0]


async def exposure(
    store: Store, account: str, arn: str, when: Moment, *, first: int = 50, after: str | None = None
) -> Page[Deployment]:
    """Where a model or a version of one ran, first deployment first.

    Args:
        store: Where to look.
        account: Whose.
        arn: The model's or version's lineage ARN.
        when: At which moment it is looked at.
        first: How many, 1 to 500.
        after: The key of an item: only what follows it.
    """
    first_within(first)
    found: list[tuple[str, Deployment]] = []
    async for keys, actions in _contributed(store, account, arn, when, after):
        found += [
            (key, deployment(actions[action]))
            for key, action in keys
            if action in actions and actions[action].type == DEPLOYMENT_TYPE
        ]
        if len(found) > first:
            break
    return Page(found[:first], len(found) > first)


async def _contributed(
    store: Store, account: str, arn: str, when: Moment, after: str | None
) -> AsyncIterator[tuple[list[tuple[str, str]], dict[str, Entity]]]:
    """The actions that something contributed to, in slices: their associations' keys and ARNs, and themselves."""
    more = True
    while more:
        page = await listing.associations(
            *(store, account, arn, when),
            outgoing=True,
            types=[AssociationType.CONTRIBUTED_TO],
            first=PAGE,
            after=after,
        )
        keys = [(key, item.destination) for key, item in page.items if ":action/" in item.destination]
        yield keys, await history.entities(store, account, [action for _, action in keys], when)
        more = page.more
        after = page.items[-1][0] if page.items else after


async def _rows(
    store: Store, account: str, when: Moment, endpoint: str | None, before: str, limit: int
) -> list[list[str]]:
    parameters = {"at": when.at, "known": when.known, "source": endpoint, "before": before, "limit": limit}
    pages = await asyncio.gather(
        *(
            store.read("hosting/running", {**parameters, "from": low, "to": high})
            for low, high in running_ranges(account, when.at)
        )
    )
    # What another revision took the place of after the moment was believed at it. It is read last, so that nothing is missed.
    past = {"from": f"{account}/{when.known:016d}0", "to": f"{account}0"}
    pages.append(await store.read("hosting/superseded", {**parameters, **past}))
    found = {key: [key, body] for page in pages for key, body in page}
    return sorted(found.values(), reverse=True)[:limit]
