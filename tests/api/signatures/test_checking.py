"""Whatever is changed after signing is refused; so is what was signed for elsewhere or another time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.signatures import SignedRequest, Verifier, read
from graph.errors import Reason, UnauthenticatedError
from tests.api.signatures.signing import (
    KEY_ID,
    NOW,
    REGION,
    SECRET,
    SERVICE,
    Call,
    header_signer,
    query_signer,
    signed,
    verify,
)

HEADER_SIGNED = signed(Call(path="/groups/a%20b", query=[("name", "x/y"), ("other", "1")]))[0]
QUERY_SIGNED = signed(Call(method="GET", path="/groups/a%20b", query=[("name", "x/y")], body=b""), query_signer())[0]
BOTH = pytest.mark.parametrize("request_", [HEADER_SIGNED, QUERY_SIGNED], ids=["header", "query"])
MISMATCH = "The request signature we calculated does not match the signature you provided."


def refused(
    request: SignedRequest, reason: Reason | None = None, match: str | None = None, **other: Any
) -> UnauthenticatedError:
    with pytest.raises(UnauthenticatedError, match=match) as caught:
        verify(request, **other)
    if reason is not None:
        assert caught.value.reason == reason
    return caught.value


def header(request: SignedRequest, name: str) -> str:
    (value,) = request.values(name.lower().encode())
    return value.decode()


def with_header(request: SignedRequest, name: str, value: str | None) -> SignedRequest:
    """The request with another value in a header; None takes the header away."""
    kept = [
        (given, old if given.lower() != name.lower().encode() else (value or "").encode())
        for given, old in request.headers
        if value is not None or given.lower() != name.lower().encode()
    ]
    return replace(request, headers=kept)


def with_authorization(change: Callable[[str], str]) -> SignedRequest:
    return with_header(HEADER_SIGNED, "Authorization", change(header(HEADER_SIGNED, "Authorization")))


def with_query(change: Callable[[str], str]) -> SignedRequest:
    changed = change(QUERY_SIGNED.query.decode())
    assert changed != QUERY_SIGNED.query.decode()
    return replace(QUERY_SIGNED, query=changed.encode())


@BOTH
def test_untouched_it_is_good(request_: SignedRequest) -> None:
    assert verify(request_).key_id == KEY_ID


@BOTH
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "POS", "POST"])
def test_another_method(request_: SignedRequest, method: str) -> None:
    changed = replace(request_, method=method)
    if method == request_.method:
        assert verify(changed).key_id == KEY_ID
    else:
        refused(changed, Reason.INVALID, MISMATCH)


@BOTH
def test_every_bit_of_the_path(request_: SignedRequest) -> None:
    for position in range(len(request_.path)):
        for bit in range(8):
            path = bytearray(request_.path)
            path[position] ^= 1 << bit
            refused(replace(request_, path=bytes(path)), Reason.INVALID, MISMATCH)


@BOTH
@pytest.mark.parametrize(
    "path", [b"", b"/", b"/groups", b"/groups/a%20b/", b"/groups/a b", b"/groups/a%2520b", b"/x/a%20b"]
)
def test_another_path(request_: SignedRequest, path: bytes) -> None:
    refused(replace(request_, path=path), Reason.INVALID, MISMATCH)


@BOTH
def test_every_bit_of_the_query(request_: SignedRequest) -> None:
    for position in range(len(request_.query)):
        for bit in range(8):
            query = bytearray(request_.query)
            query[position] ^= 1 << bit
            changed = replace(request_, query=bytes(query))
            try:
                signature = read(changed)
                assert signature is not None
                Verifier().check(signature, SECRET, changed, now=NOW, regions=[REGION], services=[SERVICE])
            except UnauthenticatedError:
                continue
            # Only what every reader decodes to the same text is the same: %2F and %2f.
            assert bytes(query).lower() == request_.query.lower(), bytes(query)
            assert b"%" in request_.query[max(0, position - 2) : position]


@BOTH
@pytest.mark.parametrize("more", [b"&x=1", b"&", b"&name=x/y", b"&X-Amz-Signature=" + b"0" * 64, b"&X-Amz-Date=1"])
def test_more_query(request_: SignedRequest, more: bytes) -> None:
    refused(replace(request_, query=request_.query + more))


def test_the_order_of_a_query_means_nothing() -> None:
    assert HEADER_SIGNED.query == b"name=x%2Fy&other=1"
    assert verify(replace(HEADER_SIGNED, query=b"other=1&name=x%2Fy")).key_id == KEY_ID


# Botocore does not sign the user agent.
SIGNED_INDEXES = [index for index, (name, _) in enumerate(HEADER_SIGNED.headers) if name.lower() != b"user-agent"]


@pytest.mark.parametrize("index", SIGNED_INDEXES, ids=lambda index: HEADER_SIGNED.headers[index][0].decode())
def test_each_header(index: int) -> None:
    name, value = HEADER_SIGNED.headers[index]
    headers = list(HEADER_SIGNED.headers)
    for changed in (value + b"x", value[:-1], b"", b"x" + value):
        headers[index] = (name, changed)
        refused_or_missing(replace(HEADER_SIGNED, headers=headers), name)
    headers.pop(index)
    refused_or_missing(replace(HEADER_SIGNED, headers=headers), name)
    refused_or_missing(replace(HEADER_SIGNED, headers=[*HEADER_SIGNED.headers, (name, value)]), name)


def refused_or_missing(request: SignedRequest, name: bytes) -> None:
    """Refused; without a header that names a signature there is none, which the door refuses in its own words."""
    if name.lower() == b"authorization" and not any(value[:4] == b"AWS4" for value in request.values(b"authorization")):
        assert read(request) is None
    else:
        refused(request)


def test_case_and_spacing_of_headers_mean_nothing() -> None:
    headers = [(name.upper(), b"  " + value + b"\t") for name, value in HEADER_SIGNED.headers]
    assert verify(replace(HEADER_SIGNED, headers=headers)).key_id == KEY_ID
    assert verify(replace(HEADER_SIGNED, headers=list(reversed(HEADER_SIGNED.headers)))).key_id == KEY_ID


def test_values_of_a_repeated_header_keep_their_order() -> None:
    request, _ = signed(Call(headers=[("X-Custom", "a"), ("X-Custom", "b")]))
    verify(request)
    headers = [
        (name, {b"a": b"b", b"b": b"a"}.get(value, value) if name == b"X-Custom" else value)
        for name, value in request.headers
    ]
    refused(replace(request, headers=headers), Reason.INVALID, MISMATCH)


def test_every_bit_of_the_body() -> None:
    for position in range(len(HEADER_SIGNED.body)):
        for bit in range(8):
            body = bytearray(HEADER_SIGNED.body)
            body[position] ^= 1 << bit
            refused(replace(HEADER_SIGNED, body=bytes(body)), Reason.INVALID, MISMATCH)
    for other in (b"", HEADER_SIGNED.body + b" ", HEADER_SIGNED.body[:-1]):
        refused(replace(HEADER_SIGNED, body=other), Reason.INVALID, MISMATCH)


def test_a_presigned_request_with_a_body() -> None:
    refused(replace(QUERY_SIGNED, body=b"{}"), Reason.INVALID, MISMATCH)


def test_every_character_of_the_signature() -> None:
    query = QUERY_SIGNED.query.decode()
    for position in range(-64, 0):
        text = header(HEADER_SIGNED, "Authorization")
        refused(with_header(HEADER_SIGNED, "Authorization", flipped(text, position)), Reason.INVALID, MISMATCH)
        refused(replace(QUERY_SIGNED, query=flipped(query, position).encode()), Reason.INVALID, MISMATCH)


def flipped(text: str, position: int) -> str:
    """The text with another hexadecimal digit there."""
    digits = list(text)
    digits[position] = "0" if text[position] != "0" else "1"
    return "".join(digits)


@BOTH
@pytest.mark.parametrize("secret", ["", SECRET[:-1], SECRET + "x", SECRET.lower(), "é"])
def test_another_secret(request_: SignedRequest, secret: str) -> None:
    refused(request_, Reason.INVALID, MISMATCH, secret=secret)


@BOTH
def test_another_service_and_region(request_: SignedRequest) -> None:
    refused(request_, Reason.INVALID, "correct service: 'iam' or 'sts'", services=["sts", "iam"])
    refused(request_, Reason.INVALID, "valid region: 'eu-west-1', not 'us-east-1'", regions=["eu-west-1"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (SERVICE, "sts"),
        (REGION, "eu-west-1"),
        ("20260303/", "20260302/"),
        ("20260303/", "20260304/"),
        (KEY_ID, "AKIDOTHER"),
        ("content-type;host", "host"),
        ("host;x-amz-date", "x-amz-date"),
        (";x-amz-date", ""),
        (";x-amz-target", ""),
        (";x-custom", ""),
        (";x-custom", ";user-agent"),
    ],
)
def test_each_part_of_the_authorization(old: str, new: str) -> None:
    changed = with_authorization(lambda text: text.replace(old, new))
    assert changed != HEADER_SIGNED
    if old == KEY_ID:
        # The key's secret comes from the store: another key has another one.
        assert verify(changed).key_id == new
        refused(changed, Reason.INVALID, secret="another")
    else:
        refused(changed, services=[SERVICE, "sts"], regions=[REGION, "eu-west-1"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (SERVICE, "sts"),
        (REGION, "eu-west-1"),
        ("20260303%2F", "20260302%2F"),
        ("X-Amz-Date=20260303T123015Z", "X-Amz-Date=20260303T123016Z"),
        ("X-Amz-Expires=300", "X-Amz-Expires=301"),
        ("X-Amz-Expires=300", "X-Amz-Expires=0300"),
        ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
        ("name=x%2Fy", "name=x%2Fz"),
        ("content-type%3B", ""),
    ],
)
def test_each_part_of_a_presigned_query(old: str, new: str) -> None:
    refused(with_query(lambda text: text.replace(old, new)), services=[SERVICE, "sts"], regions=[REGION, "eu-west-1"])


@pytest.mark.parametrize("seconds", [-900, -899, -1, 0, 1, 899, 900])
def test_a_clock_that_is_off_a_little(seconds: int) -> None:
    assert verify(HEADER_SIGNED, now=NOW + timedelta(seconds=seconds)).key_id == KEY_ID


@BOTH
@pytest.mark.parametrize("seconds", [901, 3_600, 86_400, 10**9])
def test_a_clock_that_is_behind(request_: SignedRequest, seconds: int) -> None:
    message = refused(
        request_, Reason.INVALID, "Signature not yet current: ", now=NOW - timedelta(seconds=seconds)
    ).message
    if seconds == 901:
        assert message == (
            "Signature not yet current: 20260303T123015Z is still later than 20260303T123014Z (20260303T121514Z + 15 min.)"
        )


@pytest.mark.parametrize("seconds", [901, 3_600, 86_400, 10**9])
def test_a_request_that_is_old(seconds: int) -> None:
    message = refused(
        HEADER_SIGNED, Reason.INVALID, "Signature expired: ", now=NOW + timedelta(seconds=seconds)
    ).message
    if seconds == 901:
        assert message == (
            "Signature expired: 20260303T123015Z is now earlier than 20260303T123016Z (20260303T124516Z - 15 min.)"
        )


def test_a_presigned_request_lives_as_long_as_it_says() -> None:
    for seconds in (-900, 0, 300):
        verify(QUERY_SIGNED, now=NOW + timedelta(seconds=seconds))
    refused(QUERY_SIGNED, Reason.INVALID, "Signature expired", now=NOW + timedelta(seconds=301))
    long, _ = signed(Call(method="GET", body=b""), query_signer(604_800))
    verify(long, now=NOW + timedelta(days=7))
    refused(long, Reason.INVALID, "Signature expired", now=NOW + timedelta(days=7, seconds=1))


@pytest.mark.parametrize("name", ["X-Amz-Target", "Content-Type", "X-Amz-Date"])
def test_headers_that_matter_have_to_be_signed(name: str) -> None:
    kept = [pair for pair in Call().headers if pair[0] != name]
    request, _ = signed(Call(headers=kept))
    if name == "X-Amz-Date":
        # The time may come from the Date header; an X-Amz-Date beside it has to be signed too.
        request, _ = signed(Call(headers=[*kept, ("Date", "")]))
        verify(request)
        text = header(request, "Authorization")
        refused(
            replace(request, headers=[*request.headers, (b"X-Amz-Date", b"20260303T123015Z")]),
            Reason.INVALID,
            "x-amz-date",
        )
        refused(with_header(request, "Authorization", text.replace("date;", "")), Reason.INVALID, "'date' must be")
    else:
        verify(request)
        added = replace(request, headers=[*request.headers, (name.encode(), b"SageMaker.DeleteArtifact")])
        refused(added, Reason.INVALID, f"'{name.lower()}' must be a 'SignedHeader' in the AWS Authorization.")


def test_the_host_has_to_be_signed() -> None:
    refused(
        with_authorization(lambda text: text.replace("host;", "")), Reason.INVALID, "'Host' must be a 'SignedHeader'"
    )
    refused(with_query(lambda text: text.replace("host%3B", "")), Reason.INVALID, "'Host' must be a 'SignedHeader'")


@pytest.mark.parametrize(
    "said", ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"]
)
def test_a_payload_that_is_not_signed(said: str) -> None:
    request, _ = signed(Call(headers=[("X-Amz-Content-SHA256", said)]))
    refused(request, Reason.INVALID, "The payload has to be signed")
    presigned, _ = signed(Call(method="GET", query=[("X-Amz-Content-Sha256", said)], body=b""), query_signer())
    refused(presigned, Reason.INVALID, "The payload has to be signed")


def test_the_hash_that_a_client_shows_has_to_be_right() -> None:
    import hashlib

    right = hashlib.sha256(Call().body).hexdigest()
    verify(signed(Call(headers=[("X-Amz-Content-SHA256", right)]))[0])
    wrong, _ = signed(Call(headers=[("X-Amz-Content-SHA256", "0" * 64)]))
    refused(wrong, Reason.INVALID, "x-amz-content-sha256")


def test_session_tokens() -> None:
    request, _ = signed(Call(token="FwoGZXIvYXdzE"))
    refused(request, Reason.UNKNOWN, "unset AWS_SESSION_TOKEN")
    presigned = replace(QUERY_SIGNED, query=QUERY_SIGNED.query + b"&X-Amz-Security-Token=FwoGZXIvYXdzE")
    refused(presigned, Reason.UNKNOWN, "unset AWS_SESSION_TOKEN")


def test_errors_show_nothing_to_forge_with() -> None:
    from api.signatures import canonical
    from api.signatures.keys import derive

    error = refused(replace(HEADER_SIGNED, body=b"{}"))
    shown = f"{error!r} {error.args} {error.message}"
    assert SECRET not in shown
    assert derive(SECRET, "20260303", REGION, SERVICE).hex() not in shown
    assert "host:" not in shown
    assert canonical.digest(b"") not in shown.encode()
    assert error.__cause__ is None
    good = read(HEADER_SIGNED)
    assert good is not None
    assert good.value not in repr(good)


@given(st.binary(max_size=200), st.text(max_size=40), st.binary(max_size=80))
@settings(max_examples=300, deadline=None)
def test_no_signature_of_one_request_is_good_for_another(body: bytes, secret: str, query: bytes) -> None:
    changed = replace(HEADER_SIGNED, body=body, query=query)
    if (body, query) != (HEADER_SIGNED.body, HEADER_SIGNED.query):
        refused(changed, secret=secret)


def test_a_signer_for_another_region_of_the_same_key() -> None:
    request, _ = signed(Call(), header_signer(region="eu-west-1"))
    verify(request, regions=["eu-west-1"])
    changed = with_header(request, "Authorization", header(request, "Authorization").replace("eu-west-1", REGION))
    refused(changed, Reason.INVALID, MISMATCH)
