"""Cursors: where a page ended, in which list, at which moment; opaque to callers.

A later page reads at the moment of the first, so a list does not shift while others write. A cursor names its list (account,
kind, filter, order, the arguments of time), so one of another list, or an altered one, is refused.
"""

import base64
import hashlib
from typing import Any

import orjson

from graph.errors import InvalidError
from graph.times import FOREVER, Moment

VERSION = 1
CHECK = 6
LONGEST = 8_192


def identity(*parts: Any) -> str:
    """A short name of a list, made of all that makes it this list."""
    return hashlib.sha256(orjson.dumps(parts, default=str)).hexdigest()[:16]


def encode(list_: str, when: Moment, key: str) -> str:
    """The cursor of an item."""
    body = orjson.dumps([VERSION, list_, when.at, when.known, when.sequence, key])
    return base64.urlsafe_b64encode(hashlib.sha256(body).digest()[:CHECK] + body).decode()


def decode(cursor: str, list_: str) -> tuple[Moment, str]:
    """The moment and the key of a cursor.

    Raises:
        InvalidError: it is not one of this list.
    """
    try:
        if len(cursor) > LONGEST:
            raise ValueError
        raw = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
        check, body = raw[:CHECK], raw[CHECK:]
        if hashlib.sha256(body).digest()[:CHECK] != check or base64.urlsafe_b64encode(raw).decode() != cursor:
            raise ValueError
        version, made_for, *times, key = orjson.loads(body)
        if version != VERSION or made_for != list_ or not isinstance(key, str):
            raise ValueError
        at, known, sequence = times
        if not all(isinstance(time, int) and -FOREVER <= time <= FOREVER for time in (at, known, sequence)):
            raise ValueError
    except (ValueError, TypeError):
        raise InvalidError(
            "the cursor does not belong to this list; pass an endCursor of the same list with the same arguments",
            path="after",
            constraint="a cursor of this list",
        ) from None
    return Moment(at, known, sequence), key
