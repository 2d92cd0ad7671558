"""Actions: what was done, such as an approval or a deployment."""

from typing import Any

from api.sagemaker import listings, shapes
from api.sagemaker.calls import Call, Input, Output, operation
from api.sagemaker.operations.artifacts import updated
from graph import commands
from graph.entities import Entity, Kind


@operation("CreateAction")
async def create_action(call: Call, given: Input) -> Output:
    """A new action; its name is unique."""
    put = commands.create_named(
        call.place,
        Kind.ACTION,
        given["ActionName"],
        type=given["ActionType"] or None,
        description=given.get("Description") or None,
        status=_status(given),
        properties=given.get("Properties"),
        metadata=given.get("MetadataProperties"),
        tags=shapes.tags_given(given.get("Tags")),
        exclusive=True,
        **shapes.source_given(given),
    )
    call.arns.append(put.arn)
    await call.write(put)
    return {"ActionArn": put.arn}


@operation("DescribeAction")
async def describe_action(call: Call, given: Input) -> Output:
    """One action, by name or ARN."""
    entity = await call.entity(shapes.arn_of(call, "action", given["ActionName"]))
    return {
        "ActionName": entity.name,
        "ActionArn": entity.arn,
        "Source": shapes.source(entity),
        "ActionType": entity.type,
        "Description": entity.description,
        "Status": shapes.STATUSES[entity.status] if entity.status is not None else None,
        "Properties": dict(entity.properties or {}),
        "MetadataProperties": entity.metadata or None,
        "LineageGroupArn": shapes.group_arn(entity),
        **shapes.described(entity),
    }


@operation("UpdateAction")
async def update_action(call: Call, given: Input) -> Output:
    """Change its description and status, replace its properties, then remove some."""
    arn = shapes.arn_of(call, "action", given["ActionName"])
    details = {"description": given.get("Description"), "status": _status(given)}
    return {"ActionArn": await updated(call, arn, Kind.ACTION, given, **details)}


@operation("DeleteAction")
async def delete_action(call: Call, given: Input) -> Output:
    """End an action that has no associations."""
    arn = shapes.arn_of(call, "action", given["ActionName"])
    call.arns.append(arn)
    await call.write(commands.delete(arn, cascade="SAME_AS"))
    return {"ActionArn": arn}


@operation("ListActions")
async def list_actions(call: Call, given: Input) -> Output:
    """A page of actions."""
    filter_ = listings.filtered(given, type=given.get("ActionType"), source_uri=given.get("SourceUri"))
    return await listings.listed(call, given, Kind.ACTION, filter_, "ActionSummaries", _summary)


def _summary(entity: Entity) -> dict[str, Any]:
    return {
        "ActionArn": entity.arn,
        "ActionName": entity.name,
        "Source": shapes.source(entity),
        # The model's pattern for summaries admits fewer characters than the one for creating.
        "ActionType": entity.type[:64] if entity.type is not None else None,
        "Status": shapes.STATUSES[entity.status] if entity.status is not None else None,
        **shapes.summarised(entity),
    }


def _status(given: Input) -> str | None:
    status = given.get("Status")
    return None if status is None else shapes.STATUS_OF[status].value
