"""Resource groups, of which SageMaker's collections are some: made, described, asked for what belongs to them, ended."""

from collections.abc import Mapping
from typing import Any

from api.sagemaker.calls import Call, Input, Output, operation, size
from graph import commands
from graph.entities import Entity, Kind
from graph.errors import InvalidError
from graph.registry.collections import changes, lists, names, query
from graph.registry.collections.lists import Group, group_of
from graph.registry.collections.query import FAMILIES, TAG_FILTERS, Query
from graph.times import Moment

SERVICE = "resource-groups"
DETAILS = ("Description", "Criticality", "Owner", "DisplayName")
PAGE = 50
SUPPORTED = "Queries by tags, over what is kept here; no stacks and no configurations."


@operation("CreateGroup", service=SERVICE, note=SUPPORTED)
async def create_group(call: Call, given: Input) -> Output:
    """A new group; with the query of a collection it is one, and what carries its tag belongs to it."""
    if "ResourceQuery" not in given:
        raise InvalidError("A group needs a ResourceQuery here", path="ResourceQuery", constraint=TAG_FILTERS)
    if "Configuration" in given:
        raise InvalidError("Groups with a Configuration are not supported here", path="Configuration")
    wanted = _query(given)
    arn = names.shown(call.place, given["Name"])
    call.arns.append(arn)
    details = {name: given[name] for name in DETAILS if name in given}
    tags = given.get("Tags") or {}
    await write(call, given["Name"], wanted, tags, details)
    entity = await find(call, {"Group": arn})
    return {"Group": _group(call, entity), "ResourceQuery": _shown(wanted), "Tags": tags}


@operation("GetGroup", service=SERVICE)
async def get_group(call: Call, given: Input) -> Output:
    """One group, by name or ARN."""
    return {"Group": _group(call, await find(call, given))}


@operation("GetGroupQuery", service=SERVICE)
async def get_group_query(call: Call, given: Input) -> Output:
    """The query of a group."""
    group = await find(call, given)
    return {"GroupQuery": {"GroupName": group.name, "ResourceQuery": _shown(group.query)}}


@operation("UpdateGroup", service=SERVICE)
async def update_group(call: Call, given: Input) -> Output:
    """Describe a group anew; a member that is empty clears it."""
    group = await find(call, given)
    details = {name: given[name] for name in DETAILS if name in given}
    await call.write(changes.Describe(call.place, group.entity.arn, details))
    return {"Group": _group(call, await find(call, given))}


@operation("UpdateGroupQuery", service=SERVICE, note="The key of a collection's tag stays.")
async def update_group_query(call: Call, given: Input) -> Output:
    """Set the query of a group."""
    group, wanted = await find(call, given), _query(given)
    carriers = await _carriers(call, wanted)
    await call.write(changes.Requery(call.place, group.entity.arn, wanted, carriers))
    return {"GroupQuery": {"GroupName": group.name, "ResourceQuery": _shown(wanted)}}


@operation("DeleteGroup", service=SERVICE, note="A collection has to be empty, as in Studio.")
async def delete_group(call: Call, given: Input) -> Output:
    """End a group."""
    group = await find(call, given)
    await call.write(changes.Delete(call.place, group.entity.arn))
    return {"Group": _group(call, group)}


@operation("ListGroups", service=SERVICE, note="No filters but owner, display-name and criticality.")
async def list_groups(call: Call, given: Input) -> Output:
    """A page of groups, by name."""
    when, after = await call.page(given)
    wanted = {item["Name"]: item["Values"] for item in given.get("Filters", ())}
    if unknown := set(wanted) & {"resource-type", "configuration-type"}:
        raise InvalidError(f"The filter {min(unknown)} is not supported here", path="Filters")
    found: list[tuple[str, Group]] = []
    more = True
    while more and len(found) <= size(given, PAGE):
        page = await lists.page(*(call.catalog.store, call.account, when), first=100, after=after)
        found += [(key, group) for key, group in page.items if _fits(group, wanted)]
        more, after = page.more, page.items[-1][0] if page.items else after
    shown = found[: size(given, PAGE)]
    place = shown[-1][0] if len(found) > len(shown) else None
    groups = [_group(call, group) for _, group in shown]
    identifiers = [{**{k: v for k, v in group.items() if k != "Name"}, "GroupName": group["Name"]} for group in groups]
    return {"GroupIdentifiers": identifiers, "Groups": groups, **call.next_token(given, when, place)}


@operation("ListGroupResources", service=SERVICE)
async def list_group_resources(call: Call, given: Input) -> Output:
    """A page of what belongs to a group."""
    when, after = await call.page(given)
    group = await find(call, given, when)
    kinds = [kind for item in given.get("Filters", ()) for kind in item["Values"]]
    items, place = await _belonging(call, given, when, group.query, kinds, group.entity if group.rule else None, after)
    return {
        "Resources": [{"Identifier": item} for item in items],
        "ResourceIdentifiers": items,
        **call.next_token(given, when, place),
    }


@operation("SearchResources", service=SERVICE, note=SUPPORTED)
async def search_resources(call: Call, given: Input) -> Output:
    """A page of what a query finds, without a group."""
    when, after = await call.page(given)
    items, place = await _belonging(call, given, when, _query(given), [], None, after)
    return {"ResourceIdentifiers": items, **call.next_token(given, when, place)}


@operation("GetTags", service=SERVICE)
async def get_tags(call: Call, given: Input) -> Output:
    """All tags of a group."""
    group = await find(call, given)
    return {"Arn": names.shown(call.place, group.name), "Tags": dict(group.entity.tags or {})}


@operation("Tag", service=SERVICE)
async def tag(call: Call, given: Input) -> Output:
    """Set tags of a group by key."""
    group = await find(call, given)
    await call.write(commands.update(group.entity.arn, Kind.CONTEXT, tags=given["Tags"]))
    return {"Arn": names.shown(call.place, group.name), "Tags": given["Tags"]}


@operation("Untag", service=SERVICE)
async def untag(call: Call, given: Input) -> Output:
    """Remove tags of a group; keys that are not there are passed over."""
    group = await find(call, given)
    await call.write(commands.update(group.entity.arn, Kind.CONTEXT, remove_tags=given["Keys"]))
    return {"Arn": names.shown(call.place, group.name), "Keys": given["Keys"]}


async def find(call: Call, given: Input, when: Moment | None = None) -> Group:
    """The group that `Group`, `GroupName` or `Arn` names, noted as what the call is about.

    Raises:
        InvalidError: none is named.
        NotFoundError: there is none.
    """
    text = given.get("Group") or given.get("GroupName") or given.get("Arn")
    if text is None:
        raise InvalidError("Group, by name or ARN, has to be given", path="Group", constraint="a group")
    call.arns.append(names.resource(call.place, names.named(call.place, text)))
    moment = when if when is not None else await call.catalog.moment(call.account)
    return await lists.group(call.catalog.store, call.place, text, moment)


async def write(call: Call, name: str, wanted: Query, tags: Mapping[str, str], details: Mapping[str, Any]) -> None:
    """Make a group; what carries its tag already belongs to it."""
    carriers = await _carriers(call, wanted)
    await call.write(changes.create(call.place, name, wanted, tags=tags, details=details, carriers=carriers))


def identifier(entity: Entity, call: Call) -> dict[str, Any]:
    """The ARN and the type of a resource; a group's ARN has the group's name as it was given."""
    group = group_of(entity)
    arn = entity.resource_arn if group is None else names.shown(call.place, group.name)
    return {"ResourceArn": arn, "ResourceType": query.type_of(entity)}


async def _belonging(
    call: Call,
    given: Input,
    when: Moment,
    wanted: Query,
    kinds: list[str],
    collection: Entity | None,
    after: Any,
) -> tuple[list[dict[str, Any]], Any]:
    """One page of what a query finds, of a collection by its associations, and where the next begins."""
    store, count = call.catalog.store, size(given, PAGE)
    families = [
        family
        for family, kind in sorted(FAMILIES.items())
        if (not kinds or kind in kinds) and (query.EVERY in wanted.types or kind in wanted.types)
    ]
    found: list[tuple[str, Entity]] = []
    if collection is None:
        page = await lists.tagged(*(store, call.account, when, wanted.filters, families), first=count, after=after)
        found, more = page.items, page.more
    else:
        more = False
        for family in families:
            if len(found) <= count and (after is None or after < f"{call.account}/{family}0"):
                start = after if after is not None and after.startswith(f"{call.account}/{family}/") else None
                page = await lists.members(
                    *(store, call.account, collection.arn, when, family), first=count, after=start
                )
                found += page.items
                more = more or page.more
        more, found = more or len(found) > count, found[:count]
    place = found[-1][0] if more and found else None
    return [identifier(entity, call) for _, entity in found], place


async def _carriers(call: Call, wanted: Query) -> list[str]:
    if wanted.rule is None:
        return []
    when = await call.catalog.moment(call.account)
    return await lists.carriers(call.catalog.store, call.account, when, wanted.rule[0])


def _query(given: Input) -> Query:
    return query.read(given["ResourceQuery"]["Type"], given["ResourceQuery"]["Query"])


def _shown(wanted: Query) -> dict[str, Any]:
    return {"Type": TAG_FILTERS, "Query": wanted.text}


def _group(call: Call, group: Group) -> dict[str, Any]:
    return {"GroupArn": names.shown(call.place, group.name), "Name": group.name, **group.details}


def _fits(group: Group, wanted: Mapping[str, list[str]]) -> bool:
    held = {
        "owner": group.details.get("Owner"),
        "display-name": group.details.get("DisplayName"),
        "criticality": str(group.details.get("Criticality", "")),
    }
    return all(held[name] in values for name, values in wanted.items())
