"""Entities in the words of SageMaker's models: the members that several operations share."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from api.sagemaker.calls import Call
from graph import arns
from graph.associations import AssociationType
from graph.entities import Entity, Kind, Status
from graph.errors import InvalidError

STATUSES = {
    Status.UNKNOWN: "Unknown",
    Status.IN_PROGRESS: "InProgress",
    Status.COMPLETED: "Completed",
    Status.FAILED: "Failed",
    Status.STOPPING: "Stopping",
    Status.STOPPED: "Stopped",
}
STATUS_OF = {shown: status for status, shown in STATUSES.items()}
ASSOCIATIONS = {
    AssociationType.CONTRIBUTED_TO: "ContributedTo",
    AssociationType.ASSOCIATED_WITH: "AssociatedWith",
    AssociationType.DERIVED_FROM: "DerivedFrom",
    AssociationType.PRODUCED: "Produced",
    AssociationType.SAME_AS: "SameAs",
}
ASSOCIATION_OF = {shown: association for association, shown in ASSOCIATIONS.items()}
LINEAGE_TYPES = {
    Kind.ARTIFACT: "Artifact",
    Kind.ACTION: "Action",
    Kind.CONTEXT: "Context",
    Kind.TRIAL_COMPONENT: "TrialComponent",
}
NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*", re.ASCII)
SOURCE_ARN = re.compile(r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:\d{12}:.*", re.ASCII)


def arn_of(call: Call, family: str, text: str) -> str:
    """The ARN of something named by its name or its ARN.

    Raises:
        InvalidError: it is the ARN of something else.
    """
    if not text.startswith("arn:"):
        return call.place.arn(f"{family}/{text}")
    arn = arns.parse(text)
    if arn.resource.split("/", 1)[0] != family:
        raise InvalidError(f"{text} is not the ARN of {family.replace('-', ' ')}", path="arn")
    return str(arn)


def described(entity: Entity) -> dict[str, Any]:
    """The times and authors of an entity."""
    return {
        "CreationTime": entity.created_at,
        "CreatedBy": author(entity, entity.created_by),
        "LastModifiedTime": entity.modified_at,
        "LastModifiedBy": author(entity, entity.modified_by),
    }


def summarised(entity: Entity) -> dict[str, Any]:
    """The times that summaries have."""
    return {"CreationTime": entity.created_at, "LastModifiedTime": entity.modified_at}


def author(entity: Entity, actor: str) -> dict[str, Any]:
    """Who did something, as IAM would name them."""
    return {"IamIdentity": {"Arn": f"arn:aws:iam::{entity.account}:user/{actor}", "PrincipalId": actor}}


def group_arn(entity: Entity) -> str:
    """The ARN of the account's lineage group, to which all of its entities belong."""
    region = arns.parse(entity.arn).region
    return arns.make(region, entity.account, "lineage-group/sagemaker-default-lineage-group")


def source(entity: Entity) -> dict[str, Any] | None:
    """The source of an action or context."""
    if entity.source_uri is None:
        return None
    return {"SourceUri": entity.source_uri, "SourceType": entity.source_type, "SourceId": entity.source_id}


def source_given(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the graph that a `Source` names."""
    wanted = given.get("Source", {})
    return {
        "source_uri": wanted.get("SourceUri"),
        "source_type": wanted.get("SourceType") or None,
        "source_id": wanted.get("SourceId") or None,
    }


def shown_name(entity: Entity) -> str | None:
    """An artifact's name where SageMaker's pattern admits it: names of our own doors are free."""
    return entity.name if NAME.fullmatch(entity.name) else None


def display_name(entity: Entity) -> str:
    """What an experiment, trial or component is called: its name, where it has no other that SageMaker's pattern admits."""
    shown = entity.display_name
    return shown if shown is not None and NAME.fullmatch(shown) else entity.name


def arn_source(entity: Entity) -> dict[str, Any] | None:
    """What made an experiment, trial or component, such as a training job."""
    arn = entity.source_arn
    if arn is None or len(arn) > 256 or not SOURCE_ARN.fullmatch(arn):
        return None
    return {"SourceArn": arn, "SourceType": None if entity.source_type is None else entity.source_type[:128]}


def tags_given(items: Sequence[Mapping[str, str]] | None) -> dict[str, str] | None:
    """A list of tags as the graph takes it.

    Raises:
        InvalidError: a key is there twice.
    """
    if items is None:
        return None
    found = {item["Key"]: item["Value"] for item in items}
    if len(found) != len(items):
        raise InvalidError("Duplicate tag keys found. Please note that Tag keys are case insensitive.", path="tags")
    return found


def tags_shown(entity: Entity) -> list[dict[str, str]]:
    """An entity's tags."""
    return [{"Key": key, "Value": value} for key, value in (entity.tags or {}).items()]
