"""The check of answers finds what it is there to find."""

import json
from typing import Any

import pytest
from botocore.model import OperationModel

from tests.conformance.responses import asked_for, problems, service_model

HEADERS = {"x-amzn-requestid": "0"}
ARN = "arn:aws:sagemaker:us-east-1:123456789012:artifact/" + "0" * 32
GOOD: dict[str, Any] = {
    "ArtifactArn": ARN,
    "ArtifactName": "train",
    "ArtifactType": "DataSet",
    "Source": {"SourceUri": "s3://lake/train", "SourceTypes": [{"SourceIdType": "Custom", "Value": "1"}]},
    "Properties": {"rows": "12"},
    "CreationTime": 1700000000.123,
    "CreatedBy": {"UserProfileName": "ana"},
}


def operation(name: str, service: str = "sagemaker") -> OperationModel:
    return service_model(service).operation_model(name)


def found(name: str, document: Any, status: int = 200) -> list[str]:
    return problems(operation(name), status, HEADERS, json.dumps(document).encode())


def test_a_good_answer_passes() -> None:
    assert found("DescribeArtifact", GOOD) == []
    assert found("DeleteAction", {}) == []
    assert problems(operation("UpdateDevices"), 200, HEADERS, b"") == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"Colour": "red"}, ".Colour: no member"),
        ({"Source": {"SourceTypes": []}}, ".Source.SourceUri: is required"),
        ({"Source": {"SourceUri": "s3://x", "Kind": 1}}, ".Source.Kind: no member"),
        ({"ArtifactName": "-bad"}, "does not fit"),
        ({"ArtifactType": "a" * 257}, "above 256"),
        ({"ArtifactName": None}, "not a string"),
        ({"ArtifactName": 7}, "not a string"),
        ({"ArtifactArn": "artifact/1"}, "does not fit"),
        ({"CreationTime": "2026-01-01T00:00:00Z"}, "not epoch seconds"),
        ({"CreationTime": 1700000000.12345}, "not epoch seconds"),
        ({"Properties": {"rows": 12}}, ".Properties.rows: not a string"),
        ({"Properties": [1]}, "not a map"),
        ({"Source": {"SourceUri": "s3://x", "SourceTypes": [{"SourceIdType": "Sha", "Value": "1"}]}}, "not one of"),
    ],
)
def test_what_does_not_fit_is_named(changed: dict[str, Any], said: str) -> None:
    (problem,) = found("DescribeArtifact", GOOD | changed)
    assert said in problem


def test_numbers_lists_and_metrics_are_checked() -> None:
    metric = {"MetricName": "loss", "Min": 0.5, "TimeStamp": 1, "Count": 3}
    assert found("DescribeTrialComponent", {"Metrics": [metric]}) == []
    assert "not an integer" in found("DescribeTrialComponent", {"Metrics": [metric | {"Count": 3.0}]})[0]
    assert "not a number" in found("DescribeTrialComponent", {"Metrics": [metric | {"Min": "low"}]})[0]
    assert "not a list" in found("DescribeTrialComponent", {"Metrics": {}})[0]
    assert "not JSON" in problems(operation("ListActions"), 200, HEADERS, b'{"x": NaN}')[0]
    assert problems(operation("ListActions"), 200, {}, b"{}") == ["the header x-amzn-requestid is missing"]
    assert problems(operation("ListActions"), 201, HEADERS, b"{}") == ["status 201"]


def test_errors_are_of_the_model_or_common() -> None:
    def error(code: str, status: int = 400, **more: Any) -> list[str]:
        return found("DescribeAction", {"__type": code, "message": "no"} | more, status)

    assert error("ResourceNotFound") == error("ThrottlingException") == []
    assert "neither" in error("ConflictException")[0]
    assert error("InternalFailure", 500) != []
    assert error("ValidationException", 500) == ["status 500"]
    assert "message" in error("ValidationException", message="")[0]
    assert found("DescribeAction", {"message": "no"}, 400) == ["an error without __type"]


REFUSED = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>no</Message></Error>"
    "<RequestId>1</RequestId></ErrorResponse>"
)
IDENTITY = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>{}'
    "</GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
)


def test_xml_is_checked_too() -> None:
    sts = operation("GetCallerIdentity", "sts")

    def xml(inner: str) -> list[str]:
        return problems(sts, 200, HEADERS, IDENTITY.format(inner).encode())

    assert xml("<Account>123456789012</Account><Arn>arn:aws:iam::123456789012:user/ana</Arn>") == []
    assert "no member" in xml("<Colour>red</Colour>")[0]
    assert "twice" in xml("<Account>1</Account><Account>2</Account>")[0]
    assert "not XML" in problems(sts, 200, HEADERS, b"{}")[0]
    assert "root" in problems(sts, 200, HEADERS, b"<A><ResponseMetadata/><GetCallerIdentityResult/></A>")[0]
    assert problems(sts, 403, HEADERS, REFUSED.format("SignatureDoesNotMatch").encode()) == []
    assert "neither" in problems(sts, 400, HEADERS, REFUSED.format("Oops").encode())[0]


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "name"),
    [
        ("POST", "/", {"x-amz-target": "SageMaker.AddTags"}, b"{}", "AddTags"),
        ("POST", "/", {"x-amz-target": "Logs_20140328.GetLogEvents"}, b"{}", "GetLogEvents"),
        ("PUT", "/BatchPutMetrics", {}, b"{}", "BatchPutMetrics"),
        ("POST", "/groups", {}, b"{}", "CreateGroup"),
        ("POST", "/", {}, b"Action=GetCallerIdentity&Version=2011-06-15", "GetCallerIdentity"),
        ("POST", "/graphql", {}, b"{}", None),
        ("POST", "/", {"x-amz-target": "SageMaker.Nothing"}, b"{}", None),
    ],
)
def test_the_operation_is_told_from_the_request(
    method: str, path: str, headers: dict[str, str], body: bytes, name: str | None
) -> None:
    scope = {"method": method, "path": path, "headers": [(k.encode(), v.encode()) for k, v in headers.items()]}
    asked = asked_for(scope, body)
    assert (asked.name if asked else None) == name
