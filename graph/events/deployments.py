"""Events of what runs, from the actions that say so."""

from collections.abc import Iterator

from graph.events.event import Told, Written, shown
from graph.events.types import EventType
from graph.hosting.production import deployment
from graph.registry import names


def deployed(written: Written) -> Iterator[Told]:
    """A variant of an endpoint, or a batch, began to run."""
    found = deployment(written.after)
    detail = {
        **_said(written),
        "ModelPackageArns": list(found.versions),
        "StartTime": shown(found.started),
        "EndTime": None if found.ended is None else shown(found.ended),
    }
    yield _told(EventType.MODEL_VERSION_DEPLOYED, written, found.versions, detail)


def replaced(written: Written) -> Iterator[Told]:
    """A variant of an endpoint runs another model."""
    said = written.after.properties or {}
    versions = [own for name in ("Replacement", "Replaced") if ":model-package/" in (own := said.get(name, ""))]
    yield _told(EventType.MODEL_VERSION_REPLACED, written, versions, _said(written))


def _said(written: Written) -> dict[str, object]:
    """What the action's properties say, by the names that SageMaker has for it."""
    action = written.after
    said = dict(action.properties or {})
    renamed = {"Endpoint": "EndpointName", "EndpointConfig": "EndpointConfigName", "Variant": "VariantName"}
    renamed |= {"Model": "ModelName", "ModelPackage": "ModelPackageArn"}
    return {
        **{renamed.get(name, name): value for name, value in said.items()},
        "EndpointArn": action.source_uri if action.source_type == "Endpoint" else None,
        "ActionArn": action.arn,
        "Reason": action.description,
    }


def _told(
    type_: EventType, written: Written, versions: "tuple[str, ...] | list[str]", detail: dict[str, object]
) -> Told:
    endpoint = written.after.source_uri
    resources = [*versions, *([endpoint] if endpoint else []), written.after.arn]
    found = next((named for own in versions if own.count(":") >= 5 and (named := names.of_arn(own))), None)
    group = None if found is None or found.number is None else found.name
    if found is not None and found.number is not None:
        detail |= {"ModelPackageGroupName": found.name, "ModelPackageVersion": found.number}
    return Told(type_, resources, {name: value for name, value in detail.items() if value is not None}, group)
