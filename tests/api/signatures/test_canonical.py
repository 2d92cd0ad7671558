"""Our canonical form is that of botocore's signer, and that of AWS's published examples."""

import hashlib
import string
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.signatures import SignedRequest, Verifier, canonical, read
from api.signatures.reading import Signature
from tests.api.signatures.signing import (
    KEY_ID,
    REGION,
    SECRET,
    SERVICE,
    Call,
    header_signer,
    query_signer,
    signed,
    verify,
)

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
SEGMENTS = st.one_of(TEXT, st.sampled_from(["", ".", "..", "%", "a b", "~", "+", "é", "%2F", "BatchPutMetrics"]))
PATHS = st.lists(SEGMENTS, max_size=6).map(lambda parts: "/" + "/".join(quote(part, safe="~") for part in parts))
QUERIES = st.lists(
    st.tuples(TEXT.filter(lambda name: name and not name.startswith("X-Amz-")), TEXT),
    max_size=5,
    unique_by=lambda pair: pair[0],
)
# Header values: visible text and the two kinds of white space that a wire carries.
VALUES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], include_characters=" \t"), max_size=20)
NAMES = st.one_of(
    st.text(string.ascii_letters + string.digits + "!#$%&'*+.^_`|~-", min_size=1, max_size=10),
    st.sampled_from(
        ["X-Amz-Target", "Content-Type", "user-agent", "x-amz-custom", "Accept", "Content-Encoding", "Cookie"]
    ),
).filter(
    lambda name: (
        name.lower() not in ("authorization", "host", "date", "x-amz-date", "content-length", "transfer-encoding")
    )
)
# What may not be repeated is generated once.
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=6).filter(
    lambda pairs: sum(name.lower() == "x-amz-target" for name, _ in pairs) < 2
)
METHODS = st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"])
HOSTS = st.sampled_from(["127.0.0.1:8440", "localhost:8440", "stemma.example.org", "[::1]:8440"])
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
CALLS = st.builds(Call, METHODS, PATHS, QUERIES, HEADERS, st.binary(max_size=64), HOSTS)


def ours(request: SignedRequest, signature: Signature) -> str:
    query = [pair for pair in canonical.pairs(request.query) if pair[0] != canonical.SIGNATURE_PARAMETER]
    payload = hashlib.sha256(request.body).hexdigest()
    return canonical.request(
        request.method, request.path, query, request.headers, signature.signed_headers, payload
    ).decode()


@given(CALLS, TIMES, st.sampled_from([SERVICE, "sts", "resource-groups"]), st.sampled_from([REGION, "cn-north-1"]))
@settings(max_examples=1_500, deadline=None)
def test_signed_in_the_header(call: Call, when: datetime, service: str, region: str) -> None:
    request, theirs = signed(call, header_signer(service, region), when)
    signature = read(request)
    assert signature is not None
    assert ours(request, signature) == theirs
    assert verify(request, now=when, regions=[region], services=[service]).key_id == KEY_ID


@given(CALLS, TIMES, st.integers(1, 604_800))
@settings(max_examples=1_000, deadline=None)
def test_signed_in_the_query(call: Call, when: datetime, expires: int) -> None:
    # Botocore moves a form's body into the query when it presigns; ours has none to move.
    call.body = b""
    request, theirs = signed(call, query_signer(expires), when)
    signature = read(request)
    assert signature is not None
    assert ours(request, signature) == theirs
    assert verify(request, now=when + timedelta(seconds=expires - 1)).life == expires


@given(
    st.binary(max_size=40), st.binary(max_size=40), st.lists(st.tuples(st.binary(max_size=9), st.binary(max_size=9)))
)
@settings(max_examples=500, deadline=None)
def test_any_bytes_have_a_canonical_form(path: bytes, query: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    form = canonical.request("GET", path, canonical.pairs(query), headers, ("host",), "0" * 64)
    lines = form.split(b"\n")
    assert len(lines) == 7
    assert canonical.uri(path).isascii()


def test_a_date_header_stands_for_the_amz_one() -> None:
    request, _ = signed(Call(headers=[("Date", "replaced by botocore")]))
    assert verify(request).time == "20260303T123015Z"
    assert request.values(b"date") == [b"Tue, 03 Mar 2026 12:30:15 -0000"]
    headers = [
        (name, b"Tue, 03 Mar 2026 12:30:15 GMT" if name == b"Date" else value) for name, value in request.headers
    ]
    again = SignedRequest(request.method, request.path, request.query, headers, request.body)
    signature = read(again)
    assert signature is not None
    assert signature.time == "20260303T123015Z"


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        (b"a=b c", b"a=b%20c"),
        (b"a=b+c", b"a=b%20c"),
        (b"a=b%20c", b"a=b%20c"),
        (b"a=b%2bc", b"a=b%2Bc"),
        (b"a:b=/", b"a%3Ab=%2F"),
        (b"b&a=&a", b"a=&a=&b="),
        (b"a=\xff&a=%zz", b"a=%25zz&a=%FF"),
        ("ሴ=bar".encode(), b"%E1%88%B4=bar"),
        (b"", b""),
    ],
)
def test_queries_that_are_encoded_otherwise(raw: bytes, form: bytes) -> None:
    assert canonical.query_string(canonical.pairs(raw)) == form


EXAMPLES = [
    # AWS's public test suite (aws-sig-v4-test-suite): credentials AKIDEXAMPLE, 2015-08-30T12:36:00Z, us-east-1, "service".
    ("GET", "/", "", [], b"", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ("POST", "/", "", [], b"", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    (
        "GET",
        "/",
        "Param2=value2&Param1=value1",
        [],
        b"",
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ),
    ("GET", "/", "Param1=value1", [], b"", "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
    ("GET", "/ሴ", "", [], b"", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
    ("GET", "/example space/", "", [], b"", "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
    ("GET", "//example//", "", [], b"", "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
    ("GET", "/example/..", "", [], b"", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    (
        "GET",
        "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        "",
        [],
        b"",
        "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
    ),
    (
        "GET",
        "/",
        "",
        [("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")],
        b"",
        "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
    ),
    (
        "GET",
        "/",
        "",
        [("My-Header1", " value1"), ("My-Header2", ' "a   b   c"')],
        b"",
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    ),
    (
        "POST",
        "/",
        "",
        [("Content-Type", "application/x-www-form-urlencoded")],
        b"Param1=value1",
        "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
    ),
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example[0]} {example[1][:20]}?{example[2]}")
def test_published_examples(example: tuple[str, str, str, list[tuple[str, str]], bytes, str]) -> None:
    method, path, query, given_headers, body, value = example
    headers = [("Host", "example.amazonaws.com"), *given_headers, ("X-Amz-Date", "20150830T123600Z")]
    names = ";".join(sorted({name.lower() for name, _ in headers}))
    scope = f"{KEY_ID}/20150830/us-east-1/service/aws4_request"
    headers.append(("Authorization", f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={value}"))
    # The suite signs paths that are not encoded yet, and so encodes them once only.
    request = SignedRequest(method, path.encode(), query.encode(), [(n.encode(), v.encode()) for n, v in headers], body)
    signature = read(request)
    assert signature is not None
    now = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
    Verifier().check(signature, SECRET, request, now=now, regions=["us-east-1"], services=["service"])


def test_the_example_of_the_iam_documentation() -> None:
    headers = [
        (b"Host", b"iam.amazonaws.com"),
        (b"Content-Type", b"application/x-www-form-urlencoded; charset=utf-8"),
        (b"X-Amz-Date", b"20150830T123600Z"),
        (
            b"Authorization",
            b"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
            b"SignedHeaders=content-type;host;x-amz-date, "
            b"Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        ),
    ]
    request = SignedRequest("GET", b"/", b"Action=ListUsers&Version=2010-05-08", headers, b"")
    verify(request, now=datetime(2015, 8, 30, 12, 40, tzinfo=UTC), services=["iam"])
