"""The canonical form of a request: what both sides hash, whatever a client or a proxy did to order and spacing.

Bytes in, bytes out. Header values are taken as the bytes they are, so a client that signs other bytes than it sends (text
beyond ASCII, signed as UTF-8 and sent as Latin-1) is refused.
"""

import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

Pair = tuple[bytes, bytes]

SIGNATURE_PARAMETER = b"X-Amz-Signature"


def request(
    method: str,
    path: bytes,
    query: Iterable[Pair],
    headers: Sequence[Pair],
    signed: Sequence[str],
    payload: str,
) -> bytes:
    """The canonical request.

    Args:
        method: Of HTTP.
        path: As received.
        query: The decoded pairs of the query, without the signature itself.
        headers: As received.
        signed: Names of the signed headers, in lower case and sorted.
        payload: SHA-256 of the body in lower-case hex.
    """
    names = [name.encode() for name in signed]
    lines = [method.upper().encode(), uri(path), query_string(query)]
    lines += header_lines(headers, names)
    lines += [b"", b";".join(names), payload.encode()]
    return b"\n".join(lines)


def digest(canonical: bytes) -> bytes:
    """SHA-256 in lower-case hex."""
    return hashlib.sha256(canonical).hexdigest().encode()


@lru_cache(maxsize=256)
def uri(path: bytes) -> bytes:
    """A path without empty and dot segments (RFC 3986, 5.2.4), its percent signs encoded once more.

    Example:
        >>> uri(b"/a//./b/../c%20d/")
        b'/a/c%2520d/'
    """
    if path in (b"", b"/"):
        return b"/"
    kept: list[bytes] = []
    for segment in path.split(b"/"):
        if segment == b"..":
            if kept:
                kept.pop()
        elif segment not in (b"", b"."):
            kept.append(segment)
    normal = b"/".join(kept)
    if path.startswith(b"/"):
        normal = b"/" + normal
    if path.endswith(b"/") and kept:
        normal += b"/"
    return quote(normal, safe="/~").encode()


def pairs(query: bytes) -> list[Pair]:
    """The names and values of a query, decoded; `+` is a space, as for everyone who reads the query later."""
    if not query:
        return []
    split = (piece.partition(b"=") for piece in query.split(b"&"))
    return [(_decoded(name), _decoded(value)) for name, _, value in split]


def query_string(query: Iterable[Pair]) -> bytes:
    """Pairs encoded in one way (RFC 3986) and sorted by encoded name, then value."""
    encoded = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in query)
    return "&".join(f"{name}={value}" for name, value in encoded).encode()


def header_lines(headers: Sequence[Pair], names: Sequence[bytes]) -> list[bytes]:
    """A line for each signed header: values trimmed, runs of white space made one space, repeated headers joined by commas."""
    found: dict[bytes, list[bytes]] = {name: [] for name in names}
    for given, value in headers:
        values = found.get(given.lower())
        if values is not None:
            values.append(b" ".join(value.split()))
    return [name + b":" + b",".join(found[name]) for name in names]


def _decoded(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))
