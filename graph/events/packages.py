"""Events of model packages and their groups, from their revisions."""

from collections.abc import Iterator
from typing import Any

import orjson

from graph.entities import Approval, Entity
from graph.events.event import Told, Written, shown
from graph.events.types import EventType
from graph.registry import groups, names
from graph.registry.approvals import SHOWN

DECISIONS = {
    Approval.APPROVED: EventType.MODEL_VERSION_APPROVED,
    Approval.REJECTED: EventType.MODEL_VERSION_REJECTED,
}
COPIED = (
    *("InferenceSpecification", "SourceAlgorithmSpecification", "ValidationSpecification", "ModelMetrics"),
    *("ApprovalDescription", "Domain", "Task", "SamplePayloadUrl", "CustomerMetadataProperties", "DriftCheckBaselines"),
    *("AdditionalInferenceSpecifications", "SourceUri", "ModelLifeCycle", "MetadataProperties"),
)
"""Members of a package's request that its events repeat."""


def packages(written: Written) -> Iterator[Told]:
    """A package was registered; it was approved or rejected, or for another reason; its life cycle changed."""
    named = names.of_arn(written.after.resource_arn or "")
    if named is None:
        return
    held, before = _asked(written.after), None if written.before is None else _asked(written.before)
    types = []
    if before is None:
        types.append(EventType.MODEL_VERSION_CREATED)
    approval, reason = written.after.approval, held.get("ApprovalDescription")
    earlier = None if written.before is None else written.before.approval
    decided = approval is not earlier or (before is not None and reason != before.get("ApprovalDescription"))
    if approval in DECISIONS and decided:
        types.append(DECISIONS[approval])
    if before is not None and held.get("ModelLifeCycle") != before.get("ModelLifeCycle"):
        types.append(EventType.MODEL_VERSION_STAGE_CHANGED)
    group = None if named.number is None else named.name
    detail = detail_of(written.after, held) if types else {}
    for type_ in types:
        yield Told(type_, [written.after.resource_arn or ""], detail, group)


def aliases(written: Written) -> Iterator[Told]:
    """Aliases of a group name other versions, or none any more."""
    old = {} if written.before is None else dict(written.before.aliases or {})
    new = dict(written.after.aliases or {})
    resource = written.after.resource_arn or ""
    name = resource.rsplit("/", 1)[1]
    shown_name = _asked(written.after).get(groups.NAME, name)
    for alias in sorted(old.keys() | new.keys()):
        if old.get(alias) == new.get(alias):
            continue
        number = new.get(alias)
        version = None if number is None else names.package_resource(written.place, names.Package(name, number))
        detail = {
            "ModelPackageGroupName": shown_name,
            "ModelPackageGroupArn": resource,
            "Alias": alias,
            "ModelPackageVersion": number,
            "PreviousModelPackageVersion": old.get(alias),
            "ModelPackageArn": version,
        }
        yield Told(EventType.ALIAS_MOVED, [resource, *([version] if version else [])], _present(detail), name)


def detail_of(package: Entity, held: dict[str, Any]) -> dict[str, Any]:
    """What AWS's event says of a package."""
    named = names.of_arn(package.resource_arn or "")
    group = held.get("ModelPackageGroupName")
    detail = {
        "ModelPackageName": held.get("ModelPackageName") or group,
        "ModelPackageGroupName": group,
        "ModelPackageVersion": None if named is None else named.number,
        "ModelPackageArn": package.resource_arn,
        "ModelPackageDescription": package.description,
        "CreationTime": shown(package.created_at),
        "LastModifiedTime": shown(package.modified_at),
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
        "CertifyForMarketplace": held.get("CertifyForMarketplace", False),
        "ModelApprovalStatus": None if package.approval is None else SHOWN[package.approval],
        **{name: held[name] for name in COPIED if name in held},
    }
    return _present(detail)


def _present(detail: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in detail.items() if value is not None}


def _asked(entity: Entity) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(entity.specification or "{}")
    return found
