"""The tagging service: resources by their tags, and tags on several resources at once."""

from collections.abc import Awaitable, Callable
from typing import Any

from api.sagemaker import shapes
from api.sagemaker.calls import Call, Input, Output, operation
from graph import commands
from graph.entities import Entity
from graph.errors import ForbiddenError, InvalidError, StemmaError
from graph.registry.collections import lists, names, query
from graph.registry.collections.lists import group_of
from graph.registry.collections.query import FAMILIES
from graph.times import Moment

SERVICE = "resourcegroupstaggingapi"
PAGE, MOST = 50, 100
GROUPS, SAGEMAKER = "resource-groups", "sagemaker"
LISTED = "Of model groups, packages and cards, models, endpoints with their configurations, and resource groups."
NEXT = "PaginationToken"


@operation("GetResources", service=SERVICE, note=f"{LISTED} Compliance is not judged.")
async def get_resources(call: Call, given: Input) -> Output:
    """A page of resources with their tags."""
    when, after = await call.page(given)
    filters = [(item.get("Key", ""), item.get("Values", ())) for item in given.get("TagFilters", ())]
    if any(not key for key, _ in filters):
        raise InvalidError("A tag filter needs a Key", path="TagFilters", constraint="a key")
    families = _families(given.get("ResourceTypeFilters"))
    if "ResourceARNList" in given:
        if filters or families is not None:
            raise InvalidError("ResourceARNList goes with no filters", path="ResourceARNList", constraint="alone")
        found = await _named(call, given["ResourceARNList"], when)
        return {"ResourceTagMappingList": found, NEXT: ""}
    count = given.get("ResourcesPerPage", PAGE)
    if not 1 <= count <= MOST:
        raise InvalidError(f"ResourcesPerPage is {count}; it may be 1 to {MOST}", path="ResourcesPerPage")
    page = await lists.tagged(*(call.catalog.store, call.account, when, filters, families), first=count, after=after)
    place = page.items[-1][0] if page.more else None
    return {
        "ResourceTagMappingList": [_mapping(call, entity) for _, entity in page.items],
        NEXT: "",
        **call.next_token(given, when, place, NEXT),
    }


@operation("GetTagKeys", service=SERVICE, note=LISTED)
async def get_tag_keys(call: Call, given: Input) -> Output:
    """All keys of tags."""
    when, _ = await call.page(given)
    return {"TagKeys": sorted({key for entity in await _every(call, when) for key in entity.tags or ()}), NEXT: ""}


@operation("GetTagValues", service=SERVICE, note=LISTED)
async def get_tag_values(call: Call, given: Input) -> Output:
    """All values of a tag."""
    when, _ = await call.page(given)
    key = given["Key"]
    found = {(entity.tags or {})[key] for entity in await _every(call, when, key)}
    return {"TagValues": sorted(found), NEXT: ""}


@operation("TagResources", service=SERVICE, note="Any ARN, also of lineage entities and jobs.")
async def tag_resources(call: Call, given: Input) -> Output:
    """Set tags by key on several resources, each by itself."""

    async def tag(entity: Entity) -> None:
        await call.write(commands.update(entity.arn, entity.kind, tags=given["Tags"]))

    return await _each(call, given, tag)


@operation("UntagResources", service=SERVICE, note="Any ARN, also of lineage entities and jobs.")
async def untag_resources(call: Call, given: Input) -> Output:
    """Remove tags from several resources, each by itself; keys that are not there are passed over."""

    async def untag(entity: Entity) -> None:
        await call.write(commands.update(entity.arn, entity.kind, remove_tags=given["TagKeys"]))

    return await _each(call, given, untag)


async def _each(call: Call, given: Input, change: Callable[[Entity], Awaitable[None]]) -> Output:
    failed: dict[str, Any] = {}
    for text in given["ResourceARNList"]:
        try:
            await change(await call.entity(await call.arn(text)))
        except ForbiddenError:
            raise
        except StemmaError as error:
            if error.http_status >= 500:
                raise
            code = "InvalidParameterException"
            failed[text] = {"StatusCode": 400, "ErrorCode": code, "ErrorMessage": error.message}
    return {"FailedResourcesMap": failed}


async def _named(call: Call, texts: list[str], when: Moment) -> list[dict[str, Any]]:
    """What some ARNs name, and has tags; the others are passed over, as AWS does."""
    found = []
    for text in dict.fromkeys(texts):
        try:
            entity = await call.entity((await call.catalog.lineage_arns(call.account, [text], when))[0], when)
        except StemmaError:
            continue
        if entity.tags:
            found.append(_mapping(call, entity))
    return found


async def _every(call: Call, when: Moment, key: str | None = None) -> list[Entity]:
    filters: list[tuple[str, tuple[str, ...]]] = [] if key is None else [(key, ())]
    found: list[Entity] = []
    after, more = None, True
    while more:
        page = await lists.tagged(*(call.catalog.store, call.account, when, filters), first=lists.PAGE, after=after)
        found += [entity for _, entity in page.items]
        more, after = page.more, page.items[-1][0] if page.items else None
    return found


def _families(kinds: list[str] | None) -> list[str] | None:
    """What the own ARNs of some types begin with: `sagemaker:endpoint`, or `sagemaker` for all of a service."""
    if kinds is None:
        return None
    found = []
    for family in FAMILIES:
        service = GROUPS if family == names.FAMILY else SAGEMAKER
        if service in kinds or f"{service}:{family}" in kinds:
            found.append(family)
    return found


def _mapping(call: Call, entity: Entity) -> dict[str, Any]:
    group = group_of(entity) if query.family_of(entity) == names.FAMILY else None
    arn = entity.resource_arn or entity.arn
    return {
        "ResourceARN": arn if group is None else names.shown(call.place, group.name),
        "Tags": shapes.tags_shown(entity),
    }
