"""What a signature may look like; whatever else is shown is refused as incomplete, never with another error."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.signatures import SignedRequest, Verifier, read
from graph.errors import Reason, UnauthenticatedError
from tests.api.signatures.signing import NOW, REGION, SECRET, SERVICE, Call, query_signer, signed

VALUE = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
CREDENTIAL = "Credential=AKIDEXAMPLE/20260303/us-east-1/sagemaker/aws4_request"
NAMES = "SignedHeaders=host;x-amz-date"
GOOD = f"AWS4-HMAC-SHA256 {CREDENTIAL}, {NAMES}, Signature={VALUE}"
DATE = (b"X-Amz-Date", b"20260303T123015Z")
QUERY = signed(Call(method="GET", body=b""), query_signer())[0].query.decode()


def request(
    *authorizations: str | bytes, headers: tuple[tuple[bytes, bytes], ...] = (DATE,), query: bytes = b""
) -> SignedRequest:
    shown = [(b"Authorization", text if isinstance(text, bytes) else text.encode()) for text in authorizations]
    return SignedRequest("POST", b"/", query, [(b"Host", b"localhost"), *headers, *shown], b"")


def incomplete(given: SignedRequest, match: str | None = None) -> str:
    with pytest.raises(UnauthenticatedError, match=match) as caught:
        read(given)
    assert caught.value.reason == Reason.INCOMPLETE
    return caught.value.message


def test_the_parts() -> None:
    signature = read(request(GOOD))
    assert signature is not None
    assert signature.key_id == "AKIDEXAMPLE"
    assert signature.scope == "20260303/us-east-1/sagemaker/aws4_request"
    assert signature.signed_headers == ("host", "x-amz-date")
    assert (signature.value, signature.time, signature.life) == (VALUE, "20260303T123015Z", None)


@pytest.mark.parametrize(
    "text",
    [
        f"AWS4-HMAC-SHA256 {CREDENTIAL},{NAMES},Signature={VALUE}",
        f"AWS4-HMAC-SHA256  Signature={VALUE} ,\t{NAMES} , {CREDENTIAL} ",
    ],
)
def test_order_and_spacing_are_free(text: str) -> None:
    assert read(request(text)) == read(request(GOOD))


@pytest.mark.parametrize("text", ["Bearer abc", "Basic AWS4", "", "aws abc", "Digest x=AWS4-HMAC-SHA256"])
def test_other_kinds_of_authorization(text: str) -> None:
    assert read(request(text)) is None


def test_nothing_is_shown() -> None:
    assert read(request()) is None
    assert read(request(query=b"X-Amz-Date=20260303T123015Z&x-amz-signature=1&name=X-Amz-Algorithm")) is None


def test_what_is_missing_is_named_as_aws_does() -> None:
    assert incomplete(request("AWS4-HMAC-SHA256 Credential=,Signature=,SignedHeaders=", headers=())) == (
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. "
        "Authorization header requires 'SignedHeaders' parameter. "
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
    )
    assert incomplete(request(query=b"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=5")) == (
        "AWS query-string parameters must include 'X-Amz-Credential'. "
        "AWS query-string parameters must include 'X-Amz-Signature'. "
        "AWS query-string parameters must include 'X-Amz-SignedHeaders'. "
        "AWS query-string parameters must include 'X-Amz-Date'. "
        "Re-examine the query-string parameters."
    )


@pytest.mark.parametrize(
    "text",
    [
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 ",
        "AWS4-HMAC-SHA256 ,",
        "AWS4-HMAC-SHA256 Credential",
        "AWS4-HMAC-SHA1 " + GOOD[17:],
        "AWS4-ECDSA-P256-SHA256 " + GOOD[17:],
        "aws4-hmac-sha256 " + GOOD[17:],
        "AWS4" + GOOD[17:],
        GOOD + ",",
        GOOD + f", Signature={VALUE}",
        GOOD + ", Other=1",
        GOOD.upper(),
        GOOD.replace("Credential", "credential"),
        GOOD.replace(", ", " "),
        GOOD.replace(", ", "; "),
        GOOD[:-1],
        GOOD + "0",
        GOOD + " 0",
        GOOD[:-64] + VALUE.upper(),
        GOOD[:-64] + "g" * 64,
        GOOD[:-64] + "٠" * 64,
        GOOD.replace("host;x-amz-date", "x-amz-date;host"),
        GOOD.replace("host;x-amz-date", "host;host;x-amz-date"),
        GOOD.replace("host;x-amz-date", "Host;x-amz-date"),
        GOOD.replace("host;x-amz-date", ";host"),
        GOOD.replace("host;x-amz-date", "host;"),
        GOOD.replace("host;x-amz-date", "ho st"),
        GOOD.replace("host;x-amz-date", "hôst"),
        GOOD.replace("aws4_request", "aws4"),
        GOOD.replace("/aws4_request", ""),
        GOOD.replace("/aws4_request", "/aws4_request/"),
        GOOD.replace("AKIDEXAMPLE", ""),
        GOOD.replace("AKIDEXAMPLE", "AKID/EXAMPLE"),
        GOOD.replace("AKIDEXAMPLE", "A" * 129),
        GOOD.replace("AKIDEXAMPLE", "AKID\x00"),
        GOOD.replace("20260303", "20260332"),
        GOOD.replace("20260303", "00000303"),
        GOOD.replace("20260303", "2026-03-03"),
        GOOD.replace("us-east-1", ""),
        GOOD.replace("us-east-1", "us east"),
        GOOD.replace("sagemaker", "sage\nmaker"),
    ],
)
def test_malformed_headers(text: str) -> None:
    incomplete(request(text))


@pytest.mark.parametrize(
    "headers",
    [
        ((b"X-Amz-Date", b"2026-03-03T12:30:15Z"),),
        ((b"X-Amz-Date", b"20260303T123015"),),
        ((b"X-Amz-Date", b"20260303T126015Z"),),
        ((b"X-Amz-Date", b"Tue, 03 Mar 2026 12:30:15 GMT"),),
        ((b"X-Amz-Date", b""),),
        ((b"X-Amz-Date", "2026٠303T123015Z".encode()),),
        ((b"Date", b"yesterday"),),
        ((b"Date", b"Tue, 99 Mar 2026 12:30:15 GMT"),),
        ((b"Date", b"Tue, 03 Mar 99999999999 12:30:15 GMT"),),
        ((b"Date", b"Fri, 31 Dec 9999 23:59:59 -2359"),),
        ((b"Date", b"Tue, 03 Mar 2026 12:30:15 GMT"), (b"Date", b"Tue, 03 Mar 2026 12:30:15 GMT")),
        (DATE, DATE),
        (DATE, (b"host", b"other")),
        (DATE, (b"x-amz-target", b"a"), (b"x-amz-target", b"b")),
        (DATE, (b"x-amz-content-sha256", b"a"), (b"x-amz-content-sha256", b"b")),
    ],
)
def test_dates_and_repeated_headers(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    incomplete(request(GOOD, headers=headers))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm=AWS4-HMAC-SHA512"),
        ("X-Amz-Algorithm=AWS4-HMAC-SHA256&", ""),
        ("X-Amz-Expires=300", "X-Amz-Expires=0"),
        ("X-Amz-Expires=300", "X-Amz-Expires=604801"),
        ("X-Amz-Expires=300", "X-Amz-Expires=-1"),
        ("X-Amz-Expires=300", "X-Amz-Expires=1e3"),
        ("X-Amz-Expires=300", "X-Amz-Expires=" + "9" * 5_000),
        ("X-Amz-Expires=300", "X-Amz-Expires=%D9%A3"),
        ("X-Amz-Expires=300", "X-Amz-Expires="),
        ("X-Amz-Expires=300", "X-Amz-Expires=300&X-Amz-Expires=300"),
        ("X-Amz-Date=2026", "X-Amz-Date=226"),
        ("aws4_request", "aws5_request"),
    ],
)
def test_malformed_queries(old: str, new: str) -> None:
    assert old in QUERY
    incomplete(request(query=QUERY.replace(old, new).encode(), headers=()))


def test_one_authentication_only() -> None:
    incomplete(request(GOOD, GOOD), "Only one")
    incomplete(request(GOOD, "Bearer abc"), "Only one")
    incomplete(request(GOOD, query=QUERY.encode()), "Only one")
    incomplete(request("Bearer abc", query=QUERY.encode()), "Only one")


def only_ours(given: SignedRequest) -> None:
    try:
        signature = read(given)
        if signature is None:
            return
        Verifier().check(signature, SECRET, given, now=NOW, regions=[REGION], services=[SERVICE])
    except UnauthenticatedError:
        return
    raise AssertionError("this can't be good")


PIECES = st.one_of(
    st.sampled_from(
        [
            "Credential=",
            "SignedHeaders=",
            "Signature=",
            ",",
            ", ",
            "/",
            ";",
            "=",
            "host",
            "aws4_request",
            VALUE,
            GOOD[17:],
        ]
    ),
    st.text(max_size=8),
)


@given(st.lists(PIECES, max_size=12).map("".join), st.binary(max_size=30), st.booleans())
@settings(max_examples=2_000, deadline=None)
def test_any_authorization_header(text: str, date: bytes, other: bool) -> None:
    shown = b"AWS4-HMAC-SHA256 " + text.encode("utf-8", "surrogatepass")
    only_ours(request(shown, headers=((b"Date" if other else b"X-Amz-Date", date),)))
    only_ours(request(shown))


@given(
    st.lists(st.binary(max_size=200), max_size=3),
    st.lists(st.tuples(st.binary(max_size=20), st.binary(max_size=40)), max_size=4),
)
@settings(max_examples=500, deadline=None)
def test_any_bytes(shown: list[bytes], headers: list[tuple[bytes, bytes]]) -> None:
    only_ours(request(*shown, *[b"AWS4" + text for text in shown], headers=tuple(headers)))


QUERY_PARTS = QUERY.split("&")


@given(
    st.lists(
        st.one_of(st.sampled_from(QUERY_PARTS), st.text(max_size=8).map(lambda text: "X-Amz-Expires=" + text)),
        max_size=9,
    ),
    st.binary(max_size=20),
)
@settings(max_examples=1_000, deadline=None)
def test_any_query(parts: list[str], more: bytes) -> None:
    only_ours(request(query="&".join(parts).encode("utf-8", "surrogatepass") + more, headers=()))
