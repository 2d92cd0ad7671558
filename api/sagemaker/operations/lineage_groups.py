"""The lineage group: each account has one, the default group, to which all of its entities belong."""

from typing import Any

from api.sagemaker.calls import Call, Input, Output, operation
from graph.errors import NotFoundError
from graph.times import to_ms

NAME = "sagemaker-default-lineage-group"
SINCE = 1_609_459_200_000
"""2021-01-01: the group is older than whatever belongs to it."""


@operation("DescribeLineageGroup")
async def describe_lineage_group(call: Call, given: Input) -> Output:
    """The account's default group."""
    _known(call, given["LineageGroupName"])
    return _group(call)


@operation("ListLineageGroups")
async def list_lineage_groups(call: Call, given: Input) -> Output:
    """The account's one group, where its creation lies in the range that is asked for."""
    await call.page(given)
    after, before = given.get("CreatedAfter"), given.get("CreatedBefore")
    shown = (after is None or to_ms(after) <= SINCE) and (before is None or to_ms(before) > SINCE)
    return {"LineageGroupSummaries": [_group(call)] if shown else []}


@operation("GetLineageGroupPolicy", note="Nothing is shared across accounts, so no group has a policy.")
async def get_lineage_group_policy(call: Call, given: Input) -> Output:
    """The group, without a policy."""
    _known(call, given["LineageGroupName"])
    return {"LineageGroupArn": call.place.arn(f"lineage-group/{NAME}")}


def _known(call: Call, name: str) -> None:
    if name.lower() not in (NAME, call.place.arn(f"lineage-group/{NAME}")):
        raise NotFoundError(f"{call.place.arn(f'lineage-group/{name}')} does not exist")


def _group(call: Call) -> dict[str, Any]:
    return {
        "LineageGroupName": NAME,
        "LineageGroupArn": call.place.arn(f"lineage-group/{NAME}"),
        "DisplayName": NAME,
        "CreationTime": SINCE,
        "LastModifiedTime": SINCE,
    }
