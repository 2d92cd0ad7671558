"""Model package groups and model packages in the words of SageMaker's models."""

from typing import Any

import orjson

from api.sagemaker import shapes
from api.sagemaker.calls import Input
from graph.entities import Approval, Entity
from graph.registry import groups, names
from graph.registry.approvals import SHOWN

APPROVAL_OF = {shown: approval for approval, shown in SHOWN.items()}
COMPLETED = "Completed"
"""A record is complete once it is made."""
LEFT_OUT = ("ClientToken", "Tags", "ModelApprovalStatus")
"""What is not kept of a request, because it is kept elsewhere or not of the package."""
REPEATED = (
    *("InferenceSpecification", "SourceAlgorithmSpecification", "ValidationSpecification", "MetadataProperties"),
    *("ModelMetrics", "ApprovalDescription", "Domain", "Task", "SamplePayloadUrl", "CustomerMetadataProperties"),
    *("DriftCheckBaselines", "AdditionalInferenceSpecifications", "SkipModelValidation", "SourceUri", "SecurityConfig"),
    *("ModelCard", "ModelLifeCycle", "ModelPackageRegistrationType", "ManagedStorageType"),
)
CARD = "ModelCard"


def asked(entity: Entity) -> dict[str, Any]:
    """What an entity was asked to be."""
    found: dict[str, Any] = orjson.loads(entity.specification or "{}")
    return found


def kept(given: Input) -> dict[str, Any]:
    """What is kept of the request for a package."""
    return {name: value for name, value in given.items() if name not in LEFT_OUT}


def group(entity: Entity) -> dict[str, Any]:
    """A group, as summaries and descriptions have it."""
    held = asked(entity)
    return {
        "ModelPackageGroupName": held[groups.NAME],
        "ModelPackageGroupArn": entity.resource_arn,
        "ModelPackageGroupDescription": entity.description,
        "CreationTime": entity.created_at,
        "ModelPackageGroupStatus": COMPLETED,
        "ManagedConfiguration": held.get("ManagedConfiguration"),
    }


def summary(entity: Entity, held: dict[str, Any] | None = None) -> dict[str, Any]:
    """A package, as lists have it: versions without a name."""
    held = asked(entity) if held is None else held
    named = names.of_arn(entity.resource_arn or "")
    return {
        "ModelPackageName": held.get("ModelPackageName"),
        "ModelPackageGroupName": held.get("ModelPackageGroupName"),
        "ModelPackageVersion": None if named is None else named.number,
        "ModelPackageArn": entity.resource_arn,
        "ModelPackageDescription": entity.description,
        "CreationTime": entity.created_at,
        "ModelPackageStatus": COMPLETED,
        "ModelApprovalStatus": None if entity.approval is None else SHOWN[Approval(entity.approval)],
        "ModelLifeCycle": held.get("ModelLifeCycle"),
        "ModelPackageRegistrationType": held.get("ModelPackageRegistrationType"),
    }


def batch(entity: Entity) -> dict[str, Any]:
    """A package, as BatchDescribeModelPackage has it."""
    held = asked(entity)
    shown = summary(entity, held)
    del shown["ModelPackageName"], shown["ModelLifeCycle"]
    return {
        **shown,
        "ModelPackageGroupName": held.get("ModelPackageGroupName") or held["ModelPackageName"],
        "InferenceSpecification": held.get("InferenceSpecification", {"Containers": []}),
    }


def described(entity: Entity, *, card: bool = True) -> dict[str, Any]:
    """Everything of a package."""
    held = asked(entity)
    shown = summary(entity, held)
    shown["ModelPackageName"] = held.get("ModelPackageName") or held["ModelPackageGroupName"]
    return {
        **shown,
        **{name: held[name] for name in REPEATED if name in held and (card or name != CARD)},
        "CertifyForMarketplace": held.get("CertifyForMarketplace", False),
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
        **shapes.described(entity),
    }
