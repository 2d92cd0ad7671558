"""Model packages: versions of groups, and packages of their own."""

from typing import Any

from api.sagemaker import packages, shapes
from api.sagemaker.calls import Call, Input, Output, operation
from api.sagemaker.operations.model_groups import filtered, find, listed
from graph.entities import Approval
from graph.errors import ConflictError, InvalidError, StemmaError
from graph.registry import lists, names
from graph.registry.amending import REPLACED, amend
from graph.registry.approvals import SHOWN
from graph.registry.names import Package
from graph.registry.standing import standing
from graph.registry.versions import DeletePackage, register


@operation(
    "CreateModelPackage",
    note="Validation is a record: nothing is run, and the package is Completed at once. Approved and Rejected take the "
    "role approver, and Approved has to pass the gates of the group. The lineage of SageMaker is made: creation action, image "
    "and model data.",
)
async def create_model_package(call: Call, given: Input) -> Output:
    """Register a version of a group, or a package of its own."""
    group = given.get("ModelPackageGroupName")
    if group is not None and given.get("Tags"):
        raise InvalidError("Tags can't be given for a version: it uses those of its model package group", path="Tags")
    command = register(
        call.place,
        packages.kept(given),
        group=group,
        name=given.get("ModelPackageName"),
        approval=packages.APPROVAL_OF.get(given.get("ModelApprovalStatus", "")),
        tags=shapes.tags_given(given.get("Tags")),
    )
    outcome = await call.write(command, request_id=given.get("ClientToken"))
    if outcome.repeated and outcome.sequence is not None:
        arn: str | None = (await lists.registered(call.catalog.store, call.account, outcome.sequence))[0]
    else:
        arn = (await call.entity(outcome.applied[0].arn or "")).resource_arn
    call.arns.append(arn or "")
    return {"ModelPackageArn": arn}


@operation(
    "DescribeModelPackage", note="ModelPackageName is the group's name for versions. MetadataOnly leaves the card out."
)
async def describe_model_package(call: Call, given: Input) -> Output:
    """One package, by ARN, by name or as `group/version`."""
    when = await call.catalog.moment(call.account)
    entity = await lists.package(call.catalog.store, call.place, given["ModelPackageName"], when)
    call.arns.append(entity.arn)
    return packages.described(entity, card=given.get("IncludedData") != "MetadataOnly")


@operation(
    "UpdateModelPackage",
    note="Approved and Rejected, and an ApprovalDescription, take the role approver. Approved has to pass the gates of the "
    "group; an approval that alone is not enough is recorded, and answered with ConflictException.",
)
async def update_model_package(call: Call, given: Input) -> Output:
    """Decide on a version, or change what may be changed of a package."""
    command = amend(
        call.place,
        given["ModelPackageArn"],
        approval=packages.APPROVAL_OF.get(given.get("ModelApprovalStatus", "")),
        reason=given.get("ApprovalDescription"),
        replaced={name: given[name] for name in REPLACED if name in given},
        metadata=given.get("CustomerMetadataProperties"),
        removed=given.get("CustomerMetadataPropertiesToRemove", ()),
        more=given.get("AdditionalInferenceSpecificationsToAdd", ()),
    )
    call.arns.append(command.arn)
    outcome = await call.write(command, request_id=given.get("ClientToken"))
    own = names.package_resource(call.place, command.named)
    missing = outcome.applied[0].missing
    if outcome.repeated and given.get("ModelApprovalStatus") == SHOWN[Approval.APPROVED]:
        entity = await call.entity(command.arn)
        if entity.approval is not Approval.APPROVED:
            missing = (await standing(call.catalog.store, call.place, entity)).missing
    if missing:
        # SageMaker's answer has no member for it, and a caller who hears nothing would take the version for approved.
        raise ConflictError(
            f"The approval of {own} by {call.caller.actor} is recorded, and the version is not approved yet; missing: "
            f"{'; '.join(missing)}"
        )
    return {"ModelPackageArn": own}


@operation("DeleteModelPackage", note="Leaves a tombstone; its number is not given again, and its aliases end.")
async def delete_model_package(call: Call, given: Input) -> Output:
    """End a package."""
    command = DeletePackage(call.place, names.package(call.place, given["ModelPackageName"]))
    call.arns.append(command.arn)
    await call.write(command)
    return {}


@operation(
    "ListModelPackages",
    note="Without a group, packages of their own are listed unless ModelPackageType says otherwise. Versions of one group "
    "come in the order of their numbers. NameContains ignores case.",
)
async def list_model_packages(call: Call, given: Input) -> Output:
    """A page of packages."""
    group = given.get("ModelPackageGroupName")
    wanted = given.get("ModelPackageType", "Unversioned" if group is None else "Versioned")
    if group is not None:
        name = names.group_name(call.place, (await find(call, group)).resource_arn or "")
        if wanted == "Unversioned":
            return {"ModelPackageSummaryList": []}
        filter_ = filtered(given, group=name, numbered=True, approval=_approval(given))
    else:
        numbered = {"Versioned": True, "Unversioned": False}.get(wanted)
        filter_ = filtered(given, numbered=numbered, approval=_approval(given))
    return await listed(call, given, names.PACKAGE, filter_, "ModelPackageSummaryList", packages.summary)


@operation("BatchDescribeModelPackage")
async def batch_describe_model_package(call: Call, given: Input) -> Output:
    """Several packages; those that can't be described are named with the reason."""
    named: dict[str, Package] = {}
    errors: dict[str, dict[str, Any]] = {}
    for arn in given["ModelPackageArnList"]:
        try:
            named[arn] = names.package(call.place, arn)
        except StemmaError as error:
            errors[arn] = _error(error.message)
    when = await call.catalog.moment(call.account)
    found = await lists.packages(call.catalog.store, call.place, list(named.values()), when)
    call.arns += [found[package].arn for package in found]
    for arn, package in named.items():
        if package not in found:
            errors[arn] = _error(f"ModelPackage {names.package_resource(call.place, package)} does not exist.")
    return {
        "ModelPackageSummaries": {
            arn: packages.batch(found[package]) for arn, package in named.items() if package in found
        },
        "BatchDescribeModelPackageErrorMap": errors,
    }


def _approval(given: Input) -> Any:
    return packages.APPROVAL_OF.get(given.get("ModelApprovalStatus", ""))


def _error(message: str) -> dict[str, Any]:
    return {"ErrorCode": "ValidationException", "ErrorResponse": message}
