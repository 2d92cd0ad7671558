from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.errors import InvalidError
from graph.selection.language import Either, Every, Other, Term, Walked, parse

ARN = "arn:aws:sagemaker:us-east-1:123456789012:context/x"
CHURN = Term("name", "churn")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("churn", CHURN),
        ("  churn ", CHURN),
        ("+churn", Walked(CHURN, None, 0)),
        ("churn+", Walked(CHURN, 0, None)),
        ("2+churn+3", Walked(CHURN, 2, 3)),
        ("+model:churn+2 and type:DataSet", Every((Walked(Term("model", "churn"), None, 2), Term("type", "DataSet")))),
        ("a b or c", Either((Every((Term("name", "a"), Term("name", "b"))), Term("name", "c")))),
        ("not (a or b)", Other(Either((Term("name", "a"), Term("name", "b"))))),
        ("not not a", Term("name", "a")),
        ("NOT a AND b", Every((Other(Term("name", "a")), Term("name", "b")))),
        ("s3://lake/x.parquet+", Walked(Term("uri", "s3://lake/x.parquet"), 0, None)),
        ('name:"my file+2"', Term("name", "my file+2")),
        ("tag:owner=data-team", Term("tag", "owner=data-team")),
        ("a+b", Term("name", "a+b")),
        (
            "arn:aws:sagemaker:us-east-1:123456789012:context/x",
            Term("arn", "arn:aws:sagemaker:us-east-1:123456789012:context/x"),
        ),
        ("arn:context/x", Term("arn", "context/x")),
    ],
)
def test_means(text: str, meaning: object) -> None:
    assert parse(text) == meaning


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is missing at character"),
        ("(a", "a closing parenthesis is missing"),
        ("a)", "closing parenthesis too many at character 2"),
        ("a and", "is missing"),
        ("a or or b", "is missing"),
        ("colour:red", "no key 'colour'; the keys are name, type"),
        ("type:", "type: has no value"),
        ("(" * 60 + "a" + ")" * 60, "deeper than 50"),
        ("a " * 51, "more than 50 terms"),
        ("a" * 2_001, "2001 characters"),
    ],
)
def test_says_what_is_wrong(text: str, why: str) -> None:
    with pytest.raises(InvalidError, match=r"can't be read") as raised:
        parse(text)
    assert why in raised.value.message


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(InvalidError):
        assert parse(text) == parse(f" {text} ")
