import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph import arns
from graph.errors import InvalidError

ARN = "arn:aws:sagemaker:us-east-1:123456789012:artifact/0a"


def test_parts() -> None:
    arn = arns.parse(ARN)
    assert (arn.partition, arn.service, arn.region, arn.account, arn.resource) == (
        *("aws", "sagemaker", "us-east-1"),
        *("123456789012", "artifact/0a"),
    )
    assert str(arn) == ARN


def test_normal_form_is_lower_case() -> None:
    assert arns.normal(ARN.upper()) == ARN
    assert (
        arns.make("us-east-1", "123456789012", "context/Churn")
        == "arn:aws:sagemaker:us-east-1:123456789012:context/churn"
    )


def test_other_partitions_and_services_are_arns() -> None:
    assert arns.parse("arn:aws-cn:resource-groups::123456789012:group/a:b").resource == "group/a:b"


@pytest.mark.parametrize(
    "text",
    [
        *("", "arn", "s3://bucket/key", ARN[:-11], ARN + " ", ARN + "\n", " " + ARN, "x" + ARN),
        *(ARN.replace("123456789012", "12345678901"), ARN.replace("123456789012", "١٢٣٤٥٦٧٨٩٠١٢"), ARN + "x" * 3000),
        *("arn:aws:sagemaker:us-east-1:123456789012:", "arn::::::", "arn:aws:sage maker:us-east-1:123456789012:a/b"),
    ],
)
def test_anything_else_is_not_an_arn(text: str) -> None:
    with pytest.raises(InvalidError) as caught:
        arns.parse(text)
    assert caught.value.path == "arn"
    assert len(caught.value.message) < 300


@given(st.text())
def test_any_text_is_parsed_or_invalid(text: str) -> None:
    with pytest.raises(InvalidError):
        arns.parse(text)


def test_artifact_id_is_of_the_uri_and_the_sorted_source_types() -> None:
    first, second = ("MD5Hash", "a"), ("S3ETag", "b")
    assert arns.artifact_id("s3://b/k", [first, second]) == arns.artifact_id("s3://b/k", [second, first])
    ids = [arns.artifact_id("s3://b/k", []), arns.artifact_id("s3://b/k", [first]), arns.artifact_id("s3://b/K", [])]
    assert len(set(ids)) == 3
    assert all(len(found) == 32 and set(found) <= set("0123456789abcdef") for found in ids)
