"""Artifacts: what lies at a source URI."""

from typing import Any

from api.sagemaker import listings, shapes
from api.sagemaker.calls import Call, Input, Output, operation
from graph import arns, commands
from graph.entities import Entity, Kind
from graph.errors import InvalidError


@operation(
    "CreateArtifact",
    note="An artifact's id is a hash of its source, the same in every account.",
)
async def create_artifact(call: Call, given: Input) -> Output:
    """A new artifact; one with this source is an error."""
    put = commands.create_artifact(
        call.place,
        given["Source"]["SourceUri"],
        name=given.get("ArtifactName"),
        type=given["ArtifactType"] or None,
        source_types=source_types(given["Source"]),
        properties=given.get("Properties"),
        metadata=given.get("MetadataProperties"),
        tags=shapes.tags_given(given.get("Tags")),
        exclusive=True,
    )
    call.arns.append(put.arn)
    await call.write(put)
    return {"ArtifactArn": put.arn}


@operation("DescribeArtifact")
async def describe_artifact(call: Call, given: Input) -> Output:
    """One artifact."""
    entity = await call.entity(shapes.arn_of(call, "artifact", given["ArtifactArn"]))
    return {
        "ArtifactName": shapes.shown_name(entity),
        "ArtifactArn": entity.arn,
        "Source": artifact_source(entity),
        "ArtifactType": entity.type,
        "Properties": dict(entity.properties or {}),
        "MetadataProperties": entity.metadata or None,
        "LineageGroupArn": shapes.group_arn(entity),
        **shapes.described(entity),
    }


@operation("UpdateArtifact")
async def update_artifact(call: Call, given: Input) -> Output:
    """Change its name, replace its properties, then remove some."""
    arn = shapes.arn_of(call, "artifact", given["ArtifactArn"])
    return {"ArtifactArn": await updated(call, arn, Kind.ARTIFACT, given, name=given.get("ArtifactName"))}


@operation("DeleteArtifact", note="SameAs associations end with it; AWS knows none that it makes itself.")
async def delete_artifact(call: Call, given: Input) -> Output:
    """End an artifact, named by its ARN, by its source, or by both (version 3 of the SDK sends both)."""
    named = []
    if (text := given.get("ArtifactArn")) is not None:
        named.append(shapes.arn_of(call, "artifact", text))
    if (wanted := given.get("Source")) is not None:
        named.append(call.place.arn(f"artifact/{arns.artifact_id(wanted['SourceUri'], source_types(wanted))}"))
    if not named:
        raise InvalidError("ArtifactArn or Source must be given")
    arn = named[0]
    if named[-1] != arn:
        raise InvalidError("ArtifactArn and Source name different artifacts")
    call.arns.append(arn)
    await call.write(commands.delete(arn, cascade="SAME_AS"))
    return {"ArtifactArn": arn}


@operation("ListArtifacts")
async def list_artifacts(call: Call, given: Input) -> Output:
    """A page of artifacts."""
    filter_ = listings.filtered(given, type=given.get("ArtifactType"), source_uri=given.get("SourceUri"))
    return await listings.listed(call, given, Kind.ARTIFACT, filter_, "ArtifactSummaries", _summary)


def _summary(entity: Entity) -> dict[str, Any]:
    return {
        "ArtifactArn": entity.arn,
        "ArtifactName": shapes.shown_name(entity),
        "Source": artifact_source(entity),
        "ArtifactType": entity.type,
        **shapes.summarised(entity),
    }


def artifact_source(entity: Entity) -> dict[str, Any]:
    """The source of an artifact."""
    types = [{"SourceIdType": kind, "Value": value} for kind, value in entity.source_types]
    return {"SourceUri": entity.source_uri, "SourceTypes": types}


def source_types(source: dict[str, Any]) -> list[tuple[str, str]]:
    """The source types that a `Source` names."""
    return [(item["SourceIdType"], item["Value"]) for item in source.get("SourceTypes", ())]


async def updated(call: Call, arn: str, kind: Kind, given: Input, **details: Any) -> str:
    """Change an artifact, action or context: `Properties` replaces all, then `PropertiesToRemove` removes some."""
    call.arns.append(arn)
    await call.write(
        commands.update(
            arn,
            kind,
            properties=given.get("Properties"),
            remove_properties=given.get("PropertiesToRemove", ()),
            replace_properties=True,
            **details,
        )
    )
    return arn
