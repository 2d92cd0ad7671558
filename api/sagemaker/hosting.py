"""What models, endpoint configurations and endpoints share at this door; the rules are those of `graph/hosting/`."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from api.sagemaker import shapes
from api.sagemaker.calls import Call, Input, Output, size
from api.sagemaker.listings import descending
from graph.entities import Entity
from graph.history import PAGE
from graph.hosting import names, records
from graph.hosting.names import Hosted
from graph.listing import Sort
from graph.registry import lists
from graph.registry.lists import RegistryFilter
from graph.times import to_ms


def own_arn(call: Call, hosted: Hosted, name: str) -> str:
    """The own ARN of what is named, noted as what the call is about."""
    arn = names.resource(call.place, hosted, name)
    call.arns.append(arn)
    return arn


async def create(call: Call, hosted: Hosted, given: Input, name: str) -> str:
    """Make a model or an endpoint configuration; its own ARN."""
    arn = own_arn(call, hosted, name)
    request = {key: value for key, value in given.items() if key != "Tags"}
    tags = shapes.tags_given(given.get("Tags"))
    await call.write(records.create(call.place, hosted, name, request, tags=tags))
    return arn


async def find(call: Call, hosted: Hosted, name: str) -> tuple[Entity, dict[str, Any]]:
    """One, and what it was asked to be.

    Raises:
        NotFoundError: there is none of this name.
    """
    own_arn(call, hosted, name)
    when = await call.catalog.moment(call.account)
    entity = await records.find(call.catalog.store, call.place, hosted, name, when)
    return entity, orjson.loads(entity.specification or "{}")


async def delete(call: Call, hosted: Hosted, name: str) -> None:
    """Let a model or an endpoint configuration end.

    Raises:
        NotFoundError: there is none of this name.
    """
    own_arn(call, hosted, name)
    await call.write(records.Delete(call.place, hosted, name))


async def listed(
    call: Call, given: Input, hosted: Hosted, member: str, summary: Callable[[Entity], Mapping[str, Any]]
) -> Output:
    """One page as the member of an output, by name or creation."""
    when, after = await call.page(given)
    only = RegistryFilter(
        contains=given.get("NameContains"),
        created_after=_ms(given, "CreationTimeAfter"),
        created_before=_ms(given, "CreationTimeBefore"),
    )
    since, until = _ms(given, "LastModifiedTimeAfter"), _ms(given, "LastModifiedTimeBefore")
    changed = since is not None or until is not None
    found: list[tuple[str, Entity]] = []
    wanted, more = size(given), True
    while more and len(found) <= wanted:
        page = await lists.page(
            *(call.catalog.store, call.account, hosted.value, when),
            filter=only,
            sort=Sort.NAME if given.get("SortBy") == "Name" else Sort.CREATED,
            descending=descending(given),
            first=PAGE if changed else wanted,
            after=after,
        )
        found += [
            (key, entity)
            for key, entity in page.items
            if (since is None or entity.modified_at >= since) and (until is None or entity.modified_at < until)
        ]
        more = page.more
        if not changed:
            break
        after = page.items[-1][0] if page.items else after
    rest = more or len(found) > wanted
    found = found[:wanted]
    place = found[-1][0] if rest and found else None
    return {member: [summary(entity) for _, entity in found], **call.next_token(given, when, place)}


def _ms(given: Input, name: str) -> int | None:
    return None if given.get(name) is None else to_ms(given[name])
