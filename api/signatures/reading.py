"""Finding and parsing the signature of a request, in its `Authorization` header or in its query."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from api.signatures import canonical
from api.signatures.requests import SignedRequest
from graph.errors import Reason, UnauthenticatedError

ALGORITHM = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"
LONGEST_LIFE = 7 * 24 * 3600
"""seconds that a presigned request may be valid, as AWS has it"""

STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z", re.ASCII)
KEY_ID = re.compile(r"[!-~]{1,128}", re.ASCII)
SCOPE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
HEADER_NAMES = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+(?:;[a-z0-9!#$%&'*+.^_`|~-]+)*", re.ASCII)
HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
LIFE = re.compile(r"\d{1,6}", re.ASCII)

HEADER_PARTS = ("Credential", "Signature", "SignedHeaders")
QUERY_PARTS = ("Algorithm", "Credential", "Signature", "SignedHeaders", "Date", "Expires")
ONCE = (b"host", b"x-amz-date", b"x-amz-target", b"x-amz-content-sha256")
"""headers whose repetition would let two readers see two things"""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a request says about its own signature; nothing of it is proved before `check`.

    Attributes:
        key_id: of the key that signed.
        date: of the credential scope, `YYYYMMDD`.
        region: of the credential scope.
        service: of the credential scope, such as `sagemaker`.
        time: when the request was signed, `YYYYMMDDTHHMMSSZ`.
        signed_headers: their names in lower case, sorted.
        value: 64 lower-case hex digits.
        life: seconds that a presigned request is valid; None for one that is signed in its header.
        time_header: the header that `time` was read from; None when it was in the query.
    """

    key_id: str
    date: str
    region: str
    service: str
    time: str
    signed_headers: tuple[str, ...]
    value: str = field(repr=False)
    life: int | None = None
    time_header: str | None = None

    @property
    def scope(self) -> str:
        """The credential scope without the key."""
        return f"{self.date}/{self.region}/{self.service}/{TERMINATOR}"


def read(request: SignedRequest) -> Signature | None:
    """The signature that a request carries, or None when it carries none.

    Raises:
        UnauthenticatedError: there is one, but it is malformed or of a kind that is not taken.
    """
    shown = request.values(b"authorization")
    query = [(name, value) for name, value in canonical.pairs(request.query) if name.startswith(b"X-Amz-")]
    in_header = any(value.lstrip()[:4].upper() == b"AWS4" for value in shown)
    in_query = any(name in (b"X-Amz-Algorithm", b"X-Amz-Credential", b"X-Amz-Signature") for name, _ in query)
    if not in_header and not in_query:
        return None
    if (in_header and in_query) or len(shown) > (1 if in_header else 0):
        raise incomplete(
            "Only one authentication is allowed: an Authorization header or the X-Amz-Algorithm query parameter."
        )
    for name in ONCE:
        if len(request.values(name)) > 1:
            raise incomplete(f"The header '{name.decode()}' may be sent once only.")
    if request.values(b"x-amz-security-token") or any(name == b"X-Amz-Security-Token" for name, _ in query):
        raise UnauthenticatedError(
            "The security token included in the request is invalid. Session tokens are not issued here: "
            "unset AWS_SESSION_TOKEN and use the key id and secret alone.",
            reason=Reason.UNKNOWN,
        )
    return _from_header(request, shown[0]) if in_header else _from_query(query)


@lru_cache(1_000)
def epoch(stamp: str) -> int | None:
    """Seconds since 1970 of a time such as `20150830T123600Z`; None when it is none."""
    found = STAMP.fullmatch(stamp)
    if found is None:
        return None
    try:
        return int(datetime(*(int(part) for part in found.groups()), tzinfo=UTC).timestamp())  # type: ignore[misc,arg-type]
    except ValueError:
        return None


def incomplete(message: str) -> UnauthenticatedError:
    """The error for what is malformed."""
    return UnauthenticatedError(message, reason=Reason.INCOMPLETE)


def _from_header(request: SignedRequest, shown: bytes) -> Signature:
    algorithm, _, rest = shown.decode("latin-1").strip().partition(" ")
    if algorithm != ALGORITHM:
        raise incomplete(f"Unsupported AWS 'algorithm': the Authorization header has to begin with {ALGORITHM}.")
    parts: dict[str, str] = {}
    for piece in rest.split(","):
        name, equals, value = piece.strip(" \t").partition("=")
        if not equals:
            raise incomplete("A part of the Authorization header is not a valid key=value pair (missing equal-sign).")
        if name not in HEADER_PARTS:
            raise incomplete("The Authorization header takes 'Credential', 'SignedHeaders' and 'Signature' only.")
        if name in parts:
            raise incomplete(f"Authorization header has '{name}' twice.")
        parts[name] = value
    missing = [f"Authorization header requires '{name}' parameter." for name in HEADER_PARTS if not parts.get(name)]
    stamp, header = _time(request)
    if stamp is None:
        missing.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if stamp is None or missing:
        raise incomplete(" ".join(missing))
    return _signature(parts, stamp, header, None)


def _from_query(query: Iterable[canonical.Pair]) -> Signature:
    parts: dict[str, str] = {}
    for name, value in query:
        part = name[len(b"X-Amz-") :].decode("latin-1")
        if part in QUERY_PARTS:
            if part in parts:
                raise incomplete(f"AWS query-string parameters have 'X-Amz-{part}' twice.")
            parts[part] = value.decode("latin-1")
    missing = [
        f"AWS query-string parameters must include 'X-Amz-{part}'." for part in QUERY_PARTS if not parts.get(part)
    ]
    if missing:
        raise incomplete(" ".join([*missing, "Re-examine the query-string parameters."]))
    if parts["Algorithm"] != ALGORITHM:
        raise incomplete(f"Unsupported AWS 'algorithm': X-Amz-Algorithm has to be {ALGORITHM}.")
    life = int(parts["Expires"]) if LIFE.fullmatch(parts["Expires"]) else 0
    if not 1 <= life <= LONGEST_LIFE:
        raise incomplete(f"X-Amz-Expires must be a number of seconds between 1 and {LONGEST_LIFE}.")
    if epoch(parts["Date"]) is None:
        raise incomplete("X-Amz-Date must be in the ISO8601 basic format YYYYMMDD'T'HHMMSS'Z'.")
    return _signature(parts, parts["Date"], None, life)


def _signature(parts: dict[str, str], stamp: str, header: str | None, life: int | None) -> Signature:
    elements = parts["Credential"].split("/")
    if len(elements) != 5:
        raise incomplete(
            f"Credential must have exactly 5 slash-delimited elements (keyid/date/region/service/term), got {len(elements)}."
        )
    key_id, date, region, service, terminator = elements
    if terminator != TERMINATOR:
        raise incomplete(f"Credential should be scoped with a valid terminator: '{TERMINATOR}'.")
    if not (KEY_ID.fullmatch(key_id) and epoch(f"{date}T000000Z") is not None):
        raise incomplete("Credential has a malformed key id, or a date that is not YYYYMMDD.")
    if not (SCOPE_NAME.fullmatch(region) and SCOPE_NAME.fullmatch(service)):
        raise incomplete("Credential has a malformed region or service.")
    names = parts["SignedHeaders"]
    signed = tuple(names.split(";"))
    if not HEADER_NAMES.fullmatch(names) or list(signed) != sorted(set(signed)):
        raise incomplete("SignedHeaders must be names of headers in lower case, sorted, each once, separated by ';'.")
    if not HEX.fullmatch(parts["Signature"]):
        raise incomplete("Signature must be 64 lower-case hexadecimal digits.")
    return Signature(key_id, date, region, service, stamp, signed, parts["Signature"], life, header)


def _time(request: SignedRequest) -> tuple[str | None, str | None]:
    """The time of a request signed in its header, and the header that says it."""
    for name in (b"x-amz-date", b"date"):
        values = request.values(name)
        if not values:
            continue
        text = values[0].decode("latin-1").strip()
        stamp = text if epoch(text) is not None else _from_http(text) if name == b"date" else None
        if stamp is None or len(values) > 1:
            raise incomplete(
                "Date must be in ISO-8601 'basic format'. "
                "See http://en.wikipedia.org/wiki/ISO_8601 (YYYYMMDD'T'HHMMSS'Z', in the header 'X-Amz-Date')."
            )
        return stamp, name.decode()
    return None, None


def _from_http(text: str) -> str | None:
    """A date of HTTP, such as `Sun, 30 Aug 2015 12:36:00 GMT`, as a stamp."""
    try:
        when = parsedate_to_datetime(text)
        # "-0000" is UTC of unknown origin: it comes back without a zone.
        return (when if when.tzinfo is None else when.astimezone(UTC)).strftime("%Y%m%dT%H%M%SZ")
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
