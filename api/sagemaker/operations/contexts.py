"""Contexts: what groups others, such as an endpoint or a model group."""

from typing import Any

from api.sagemaker import listings, shapes
from api.sagemaker.calls import Call, Input, Output, operation
from api.sagemaker.operations.artifacts import updated
from graph import commands
from graph.entities import Entity, Kind


@operation("CreateContext")
async def create_context(call: Call, given: Input) -> Output:
    """A new context; its name is unique."""
    put = commands.create_named(
        call.place,
        Kind.CONTEXT,
        given["ContextName"],
        type=given["ContextType"] or None,
        family="context",
        description=given.get("Description") or None,
        properties=given.get("Properties"),
        tags=shapes.tags_given(given.get("Tags")),
        exclusive=True,
        **shapes.source_given(given),
    )
    call.arns.append(put.arn)
    await call.write(put)
    return {"ContextArn": put.arn}


@operation("DescribeContext")
async def describe_context(call: Call, given: Input) -> Output:
    """One context, by name or ARN."""
    entity = await call.entity(shapes.arn_of(call, "context", given["ContextName"]))
    return {
        "ContextName": entity.name,
        "ContextArn": entity.arn,
        "Source": shapes.source(entity),
        "ContextType": entity.type,
        "Description": entity.description,
        "Properties": dict(entity.properties or {}),
        "LineageGroupArn": shapes.group_arn(entity),
        **shapes.described(entity),
    }


@operation("UpdateContext")
async def update_context(call: Call, given: Input) -> Output:
    """Change its description, replace its properties, then remove some."""
    arn = shapes.arn_of(call, "context", given["ContextName"])
    return {"ContextArn": await updated(call, arn, Kind.CONTEXT, given, description=given.get("Description"))}


@operation("DeleteContext")
async def delete_context(call: Call, given: Input) -> Output:
    """End a context that has no associations."""
    arn = shapes.arn_of(call, "context", given["ContextName"])
    call.arns.append(arn)
    await call.write(commands.delete(arn, cascade="SAME_AS"))
    return {"ContextArn": arn}


@operation("ListContexts")
async def list_contexts(call: Call, given: Input) -> Output:
    """A page of contexts; experiments and trials have lists of their own."""
    filter_ = listings.filtered(
        given, type=given.get("ContextType"), source_uri=given.get("SourceUri"), prefix=call.place.arn("context/")
    )
    return await listings.listed(call, given, Kind.CONTEXT, filter_, "ContextSummaries", _summary)


def _summary(entity: Entity) -> dict[str, Any]:
    return {
        "ContextArn": entity.arn,
        "ContextName": entity.name,
        "Source": shapes.source(entity),
        "ContextType": entity.type,
        **shapes.summarised(entity),
    }
