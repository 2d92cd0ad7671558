"""Whether a signature is that of the key it names, for this request, this service and this moment."""

import hashlib
import hmac
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from api.signatures import canonical
from api.signatures.keys import SigningKeys
from api.signatures.reading import ALGORITHM, Signature, epoch
from api.signatures.requests import SignedRequest
from graph.errors import Reason, UnauthenticatedError

SKEW = timedelta(minutes=15)
"""how far a client's clock may be off"""

COVERED = ("content-type", "x-amz-date", "x-amz-target")
"""headers that change what a request means: signed whenever they are there"""


class Verifier:
    """Checks signatures; keeps the signing keys of the day.

    Args:
        keys: Where derived keys are kept.
    """

    def __init__(self, keys: SigningKeys | None = None) -> None:
        self.keys = keys or SigningKeys()

    def check(
        self,
        signature: Signature,
        secret: str,
        request: SignedRequest,
        *,
        now: datetime,
        regions: Collection[str],
        services: Collection[str],
    ) -> None:
        """Return when the signature is good.

        Args:
            signature: What `read` found in `request`.
            secret: Of the key that the signature names.
            request: As received.
            now: With a time zone.
            regions: Those that a request may be scoped to.
            services: Those that a request may be scoped to.

        Raises:
            UnauthenticatedError: it is not good. The message says why as AWS does, and nothing that helps to make a good one.
        """
        _scoped(signature, regions, services)
        _timely(signature, now)
        _covered(signature, request)
        query = [pair for pair in canonical.pairs(request.query) if not _is_signature(signature, pair)]
        payload = _payload(request, query)
        form = canonical.request(
            request.method, request.path, query, request.headers, signature.signed_headers, payload
        )
        text = f"{ALGORITHM}\n{signature.time}\n{signature.scope}\n".encode() + canonical.digest(form)
        expected = hmac.digest(self.keys.key(signature, secret), text, "sha256").hex()
        if not hmac.compare_digest(expected, signature.value):
            raise _invalid(
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
                "Access Key and signing method. Consult the service documentation for details."
            )


def _invalid(message: str) -> UnauthenticatedError:
    return UnauthenticatedError(message, reason=Reason.INVALID)


def _is_signature(signature: Signature, pair: canonical.Pair) -> bool:
    return signature.life is not None and pair[0] == canonical.SIGNATURE_PARAMETER


def _scoped(signature: Signature, regions: Collection[str], services: Collection[str]) -> None:
    if signature.region not in regions:
        raise _invalid(f"Credential should be scoped to a valid region: {_listed(regions)}, not '{signature.region}'.")
    if signature.service not in services:
        raise _invalid(f"Credential should be scoped to correct service: {_listed(services)}.")
    if signature.date != signature.time[:8]:
        raise _invalid(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{signature.date}' != '{signature.time[:8]}', from '{signature.time}'."
        )


def _timely(signature: Signature, now: datetime) -> None:
    signed = epoch(signature.time)
    assert signed is not None, "read takes no other"
    seconds = now.timestamp()
    if signed > seconds + SKEW.total_seconds():
        raise _invalid(
            f"Signature not yet current: {signature.time} is still later than {_stamp(now + SKEW)} ({_stamp(now)} + 15 min.)"
        )
    if signature.life is not None:
        if signed + signature.life < seconds:
            raise _invalid(
                f"Signature expired: {signature.time} + {signature.life} s (X-Amz-Expires) is now earlier than {_stamp(now)}"
            )
    elif signed < seconds - SKEW.total_seconds():
        raise _invalid(
            f"Signature expired: {signature.time} is now earlier than {_stamp(now - SKEW)} ({_stamp(now)} - 15 min.)"
        )


def _covered(signature: Signature, request: SignedRequest) -> None:
    there = {name.lower().decode("latin-1") for name, _ in request.headers}
    if "host" not in signature.signed_headers:
        raise _invalid("'Host' must be a 'SignedHeader' in the AWS Authorization.")
    for name in signature.signed_headers:
        if name not in there:
            raise _invalid(f"The signed header '{name[:100]}' is not in the request.")
    needed = {name for name in COVERED if name in there}
    if signature.time_header is not None:
        needed.add(signature.time_header)
    for name in sorted(needed):
        if name not in signature.signed_headers:
            raise _invalid(f"'{name}' must be a 'SignedHeader' in the AWS Authorization.")


def _payload(request: SignedRequest, query: list[canonical.Pair]) -> str:
    """SHA-256 of the body in hex; what the client says of it, in a header or the query, has to agree."""
    payload = hashlib.sha256(request.body).hexdigest()
    in_query = [value for name, value in query if name.lower() == b"x-amz-content-sha256"]
    for said in (*request.values(b"x-amz-content-sha256"), *in_query):
        text = said.strip()
        if text == b"UNSIGNED-PAYLOAD" or text.startswith(b"STREAMING-"):
            raise _invalid("The payload has to be signed: UNSIGNED-PAYLOAD and STREAMING-* are not taken.")
        if text != payload.encode():
            raise _invalid("The provided 'x-amz-content-sha256' does not match what was computed.")
    return payload


def _listed(names: Collection[str]) -> str:
    return " or ".join(f"'{name}'" for name in sorted(names))


def _stamp(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
