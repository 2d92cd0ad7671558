"""Requests signed by botocore, as they look on the wire."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from unittest import mock
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from api.signatures import Signature, SignedRequest, Verifier, read

KEY_ID = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
REGION = "us-east-1"
SERVICE = "sagemaker"
NOW = datetime(2026, 3, 3, 12, 30, 15, tzinfo=UTC)
HOST = "127.0.0.1:8440"


@dataclass
class Call:
    """A request before it is signed; `query` are plain names and values, `path` is percent-encoded."""

    method: str = "POST"
    path: str = "/"
    query: Sequence[tuple[str, str]] = ()
    headers: Sequence[tuple[str, str]] = (
        ("X-Amz-Target", "SageMaker.DescribeArtifact"),
        ("Content-Type", "application/x-amz-json-1.1"),
        ("User-Agent", "Boto3/1.40"),
        ("X-Custom", "a,b"),
    )
    body: bytes = b'{"ArtifactArn":"arn:aws:sagemaker:us-east-1:123456789012:artifact/0123"}'
    host: str = HOST
    token: str | None = None


@contextmanager
def botocore_at(when: datetime) -> Iterator[None]:
    """Botocore's signer at another time."""
    with mock.patch("botocore.auth.get_current_datetime", return_value=when.replace(tzinfo=None)):
        yield


def header_signer(
    service: str = SERVICE, region: str = REGION, secret: str = SECRET, token: str | None = None
) -> SigV4Auth:
    return SigV4Auth(Credentials(KEY_ID, secret, token), service, region)


def query_signer(expires: int = 300, service: str = SERVICE, region: str = REGION) -> SigV4QueryAuth:
    return SigV4QueryAuth(Credentials(KEY_ID, SECRET), service, region, expires=expires)


def signed(call: Call, signer: SigV4Auth | None = None, when: datetime = NOW) -> tuple[SignedRequest, str]:
    """A call as it goes over the wire, signed, and botocore's canonical request for it."""
    signer = signer or header_signer(token=call.token)
    request = AWSRequest(call.method, f"http://{call.host}{call.path}", params=dict(call.query) or None, data=call.body)
    for name, value in call.headers:
        request.headers.add_header(name, value)
    canonical: list[str] = []
    original = signer.canonical_request

    def kept(request: AWSRequest) -> str:
        canonical.append(original(request))
        return canonical[0]

    with botocore_at(when), mock.patch.object(signer, "canonical_request", kept):
        signer.add_auth(request)
    prepared = request.prepare()
    target = urlsplit(prepared.url)
    # Not those of `prepared`, which keeps one of each name.
    headers = [(name.encode(), value.encode()) for name, value in request.headers.items()]
    headers.append((b"Host", call.host.encode()))
    body = prepared.body or b""
    assert isinstance(body, bytes)
    return SignedRequest(call.method, target.path.encode(), target.query.encode(), headers, body), canonical[0]


def verify(
    request: SignedRequest,
    *,
    secret: str = SECRET,
    now: datetime = NOW,
    regions: Sequence[str] = (REGION,),
    services: Sequence[str] = (SERVICE,),
) -> Signature:
    """Read and check, as the door does."""
    signature = read(request)
    assert signature is not None
    Verifier().check(signature, secret, request, now=now, regions=regions, services=services)
    return signature
