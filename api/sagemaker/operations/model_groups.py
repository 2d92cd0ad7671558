"""Model package groups: made, described, listed, deleted, and the policies that are kept with them."""

from typing import Any

from api.sagemaker import packages, shapes
from api.sagemaker.calls import Call, Input, Output, operation, size
from api.sagemaker.listings import descending
from graph.entities import Entity
from graph.errors import AlreadyExistsError, NotFoundError
from graph.listing import Sort
from graph.registry import groups, lists, names
from graph.registry.groups import DeleteGroup, SetPolicy
from graph.registry.lists import RegistryFilter
from graph.times import to_ms

POLICY = "Kept and given back; what callers may do is said by their roles."


@operation("CreateModelPackageGroup")
async def create_model_package_group(call: Call, given: Input) -> Output:
    """A new group; its name is unique."""
    name = given["ModelPackageGroupName"]
    configuration = given.get("ManagedConfiguration")
    put = groups.create(
        call.place,
        name,
        description=given.get("ModelPackageGroupDescription") or None,
        tags=shapes.tags_given(given.get("Tags")),
        specification=None if configuration is None else {"ManagedConfiguration": configuration},
    )
    arn = names.group_resource(call.place, name)
    call.arns.append(arn)
    try:
        await call.write(put)
    except AlreadyExistsError:
        raise AlreadyExistsError(f"Model Package Group already exists: {arn}") from None
    return {"ModelPackageGroupArn": arn}


@operation("DescribeModelPackageGroup")
async def describe_model_package_group(call: Call, given: Input) -> Output:
    """One group, by name or ARN."""
    entity = await find(call, given["ModelPackageGroupName"])
    return {**packages.group(entity), "CreatedBy": shapes.author(entity, entity.created_by)}


@operation("DeleteModelPackageGroup")
async def delete_model_package_group(call: Call, given: Input) -> Output:
    """End a group that has no model packages."""
    name = names.group_name(call.place, given["ModelPackageGroupName"])
    call.arns.append(names.group_resource(call.place, name))
    await call.write(DeleteGroup(call.place, name))
    return {}


@operation("ListModelPackageGroups", note="NameContains ignores case.")
async def list_model_package_groups(call: Call, given: Input) -> Output:
    """A page of groups."""
    if given.get("CrossAccountFilterOption") == "CrossAccount":
        return {"ModelPackageGroupSummaryList": []}
    return await listed(call, given, names.GROUP, filtered(given), "ModelPackageGroupSummaryList", packages.group)


@operation("PutModelPackageGroupPolicy", note=POLICY)
async def put_model_package_group_policy(call: Call, given: Input) -> Output:
    """Keep a policy with a group."""
    return {"ModelPackageGroupArn": await _policy(call, given, given["ResourcePolicy"])}


@operation("GetModelPackageGroupPolicy", note=POLICY)
async def get_model_package_group_policy(call: Call, given: Input) -> Output:
    """The policy that was kept."""
    return {"ResourcePolicy": await _kept_policy(call, given)}


@operation("DeleteModelPackageGroupPolicy", note=POLICY)
async def delete_model_package_group_policy(call: Call, given: Input) -> Output:
    """Keep no policy any more."""
    await _kept_policy(call, given)
    await _policy(call, given, None)
    return {}


async def find(call: Call, text: str) -> Entity:
    """A group by its name or ARN.

    Raises:
        NotFoundError: there is none.
    """
    entity = await lists.group(call.catalog.store, call.place, text, await call.catalog.moment(call.account))
    call.arns.append(entity.resource_arn or entity.arn)
    return entity


def filtered(given: Input, **fields: Any) -> RegistryFilter:
    """The filter that a list's input asks for; `fields` are those of `RegistryFilter` beside the times and the name."""
    after, before = given.get("CreationTimeAfter"), given.get("CreationTimeBefore")
    return RegistryFilter(
        contains=given.get("NameContains") or None,
        created_after=None if after is None else to_ms(after),
        created_before=None if before is None else to_ms(before),
        **fields,
    )


async def listed(call: Call, given: Input, family: str, filter_: RegistryFilter, member: str, shown: Any) -> Output:
    """One page of groups or packages as the member of an output."""
    when, after = await call.page(given)
    page = await lists.page(
        *(call.catalog.store, call.account, family, when),
        filter=filter_,
        sort=Sort.NAME if given.get("SortBy") == "Name" else Sort.CREATED,
        descending=descending(given),
        first=size(given),
        after=after,
    )
    last = page.items[-1][0] if page.more else None
    return {member: [shown(entity) for _, entity in page.items], **call.next_token(given, when, last)}


async def _policy(call: Call, given: Input, policy: str | None) -> str:
    name = names.group_name(call.place, given["ModelPackageGroupName"])
    await call.write(SetPolicy(call.place, name, policy))
    arn = names.group_resource(call.place, name)
    call.arns.append(arn)
    return arn


async def _kept_policy(call: Call, given: Input) -> str:
    entity = await find(call, given["ModelPackageGroupName"])
    policy: str | None = packages.asked(entity).get(groups.POLICY)
    if policy is None:
        raise NotFoundError(f"ModelPackageGroup {entity.resource_arn} does not have a resource policy.")
    return policy
