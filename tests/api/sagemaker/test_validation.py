"""Requests against the models of the installed botocore, in AWS's words."""

from datetime import UTC, datetime
from typing import Any

import pytest

from api.sagemaker.failures import ProtocolError
from api.sagemaker.model import SERVICES, service
from api.sagemaker.validation import check_of, validate

SOURCE = {"SourceUri": "s3://b/k"}
ARTIFACT = {"Source": SOURCE, "ArtifactType": "DataSet"}


def checked(operation: str, given: Any) -> dict[str, Any]:
    model = service("sagemaker").operation(operation)
    assert model is not None
    return validate(model.input_shape, given)


def refused(operation: str, given: Any) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        checked(operation, given)
    return caught.value


def test_what_fits_passes_and_unknown_or_null_members_are_left_out() -> None:
    given = {**ARTIFACT, "Nothing": 1, "ArtifactName": None, "Tags": [{"Key": "ключ/é", "Value": ""}]}
    assert checked("CreateArtifact", given) == {**ARTIFACT, "Tags": [{"Key": "ключ/é", "Value": ""}]}


@pytest.mark.parametrize("moment", [1_700_000_000.125, "2023-11-14T22:13:20.125Z", "2023-11-14T23:13:20.125+01:00"])
def test_times_are_epoch_seconds_or_iso(moment: object) -> None:
    found = checked("ListArtifacts", {"CreatedAfter": moment})
    assert found["CreatedAfter"] == datetime(2023, 11, 14, 22, 13, 20, 125_000, UTC)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"ArtifactType": "x"}, "Value null at 'source' failed to satisfy constraint: Member must not be null"),
        (
            {**ARTIFACT, "Source": {}},
            "Value null at 'source.sourceUri' failed to satisfy constraint: Member must not be null",
        ),
        (
            {**ARTIFACT, "ArtifactName": "x" * 121},
            f"Value '{'x' * 121}' at 'artifactName' failed to satisfy constraint: "
            "Member must have length less than or equal to 120",
        ),
        (
            {**ARTIFACT, "ArtifactName": ""},
            "Value '' at 'artifactName' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1",
        ),
        (
            {**ARTIFACT, "ArtifactName": "a_b"},
            "Value 'a_b' at 'artifactName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,119}",
        ),
        (
            {**ARTIFACT, "Tags": [{"Key": "a|b", "Value": "v"}]},
            "Value 'a|b' at 'tags.1.member.key' failed to satisfy constraint: "
            r"Member must satisfy regular expression pattern: ([\p{L}\p{Z}\p{N}_.:/=+\-@]*)",
        ),
        (
            {**ARTIFACT, "Properties": {"k": "v" * 4097}},
            "at 'properties' failed to satisfy constraint: "
            "Map value must satisfy constraint: [Member must have length less than or equal to 4096]",
        ),
        (
            {**ARTIFACT, "Properties": {str(n): "" for n in range(31)}},
            "at 'properties' failed to satisfy constraint: Member must have length less than or equal to 30",
        ),
        (
            {**ARTIFACT, "Source": {**SOURCE, "SourceTypes": [{"SourceIdType": "Sha", "Value": "v"}]}},
            "Value 'Sha' at 'source.sourceTypes.1.member.sourceIdType' failed to satisfy constraint: "
            "Member must satisfy enum value set: [MD5Hash, S3ETag, S3Version, Custom]",
        ),
    ],
)
def test_what_does_not_fit_is_named_as_aws_does(given: dict[str, Any], problem: str) -> None:
    error = refused("CreateArtifact", given)
    assert error.code == "ValidationException"
    assert error.message.startswith("1 validation error detected: ")
    assert problem in error.message


def test_all_problems_are_named_at_once() -> None:
    error = refused("ListArtifacts", {"MaxResults": 101, "SortBy": "Size", "SourceUri": ""})
    assert error.message.startswith("3 validation errors detected: ")
    assert (
        "Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 100"
        in (error.message)
    )


def test_members_of_a_list_are_checked() -> None:
    error = refused("QueryLineage", {"Filters": {"Types": ["x" * 41]}})
    assert "at 'filters.types' failed to satisfy constraint: Member must satisfy constraint: [" in error.message


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("CreateArtifact", []),
        ("CreateArtifact", {**ARTIFACT, "ArtifactName": 1}),
        ("CreateArtifact", {**ARTIFACT, "Tags": {}}),
        ("CreateArtifact", {**ARTIFACT, "Tags": [None]}),
        ("CreateArtifact", {**ARTIFACT, "Properties": []}),
        ("ListArtifacts", {"MaxResults": "5"}),
        ("ListArtifacts", {"MaxResults": True}),
        ("ListArtifacts", {"MaxResults": 2**31}),
        ("ListArtifacts", {"CreatedAfter": "yesterday"}),
        ("ListArtifacts", {"CreatedAfter": 1e300}),
        ("QueryLineage", {"IncludeEdges": "yes"}),
    ],
)
def test_values_of_another_type_can_not_be_read(operation: str, given: Any) -> None:
    assert refused(operation, given).code == "SerializationException"


def test_every_shape_of_every_model_compiles() -> None:
    for name in SERVICES:
        for operation in service(name).names:
            model = service(name).model.operation_model(operation)
            if model.input_shape is not None:
                check_of(model.input_shape)(dict.fromkeys(model.input_shape.members), "", [])


def test_a_pattern_that_takes_too_long_does_not_hold() -> None:
    error = refused("CreateArtifact", {**ARTIFACT, "ArtifactName": "a" * 119 + "!"})
    assert "pattern" in error.message
