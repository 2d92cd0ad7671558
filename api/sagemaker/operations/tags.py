"""Tags, on whatever has an ARN."""

from api.sagemaker import shapes
from api.sagemaker.calls import Call, Input, Output, operation
from graph import commands
from graph.entities import Entity


@operation("AddTags")
async def add_tags(call: Call, given: Input) -> Output:
    """Set tags by key; the answer has all tags."""
    entity = await _tagged(call, given)
    await call.write(commands.update(entity.arn, entity.kind, tags=shapes.tags_given(given["Tags"])))
    return {"Tags": shapes.tags_shown(await call.entity(entity.arn))}


@operation("ListTags")
async def list_tags(call: Call, given: Input) -> Output:
    """All tags; there are never more than 50, so there is one page."""
    await call.page(given)
    return {"Tags": shapes.tags_shown(await _tagged(call, given))}


@operation("DeleteTags")
async def delete_tags(call: Call, given: Input) -> Output:
    """Remove tags; keys that are not there are passed over."""
    entity = await _tagged(call, given)
    await call.write(commands.update(entity.arn, entity.kind, remove_tags=given["TagKeys"]))
    return {}


async def _tagged(call: Call, given: Input) -> Entity:
    return await call.entity(await call.arn(given["ResourceArn"]))
