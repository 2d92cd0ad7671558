"""Events of approvals whose evidence changed, from the actions that say so."""

from collections.abc import Iterator

import orjson

from graph.events.event import Told, Written, shown
from graph.events.types import EventType
from graph.registry import names


def became_stale(written: Written) -> Iterator[Told]:
    """The evidence of an approval changed after it."""
    action = written.after
    named = names.of_arn(action.source_uri or "") if (action.source_uri or "").count(":") >= 5 else None
    if named is None:
        return  # anybody who may write can make an action of this type
    kept = orjson.loads(action.specification or "{}")
    detail = {
        "ModelPackageArn": action.source_uri,
        "ModelPackageGroupName": named.name if named.number is not None else None,
        "ModelPackageVersion": named.number,
        "ApprovalArn": kept.get("Approval"),
        "ReasonCount": kept.get("Count"),
        "Reasons": kept.get("Reasons"),
        "Since": None if action.started_at is None else shown(action.started_at),
        "ActionArn": action.arn,
    }
    group = None if named.number is None else named.name
    resources = [action.source_uri or "", action.arn]
    present = {name: value for name, value in detail.items() if value is not None}
    yield Told(EventType.MODEL_VERSION_APPROVAL_STALE, resources, present, group)
