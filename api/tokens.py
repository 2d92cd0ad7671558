"""Tokens that say something for a time: JSON in base64url, and an HMAC-SHA256 over it under a key of the token's purpose."""

import base64
import binascii
import hmac
from functools import cached_property
from typing import Any

import orjson

from graph.sealing import Sealer
from graph.times import now_ms

LONGEST = 2_048


class Tokens:
    """Makes and reads the tokens of one purpose; those of another do not pass.

    Args:
        sealer: Holds the key that all keys are derived from.
        purpose: What the tokens are for.
    """

    def __init__(self, sealer: Sealer, purpose: str) -> None:
        self._sealer = sealer
        self._purpose = purpose

    def make(self, said: list[Any], expires_at: int) -> str:
        """A token that says something until a time in epoch milliseconds."""
        body = _encode(orjson.dumps([*said, expires_at]))
        return f"{body}.{_encode(self._sign(body))}"

    def read(self, token: str) -> list[Any]:
        """What a token says, and, at the end, until when.

        Raises:
            ValueError: it is no token of this purpose, or has ended.
        """
        body, _, signature = token.partition(".")
        if len(token) > LONGEST or not hmac.compare_digest(_encode(self._sign(body)).encode(), signature.encode()):
            raise ValueError("no token of this purpose")
        try:
            said: list[Any] = orjson.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        except binascii.Error as error:
            raise ValueError("no base64") from error
        if said[-1] < now_ms():
            raise ValueError("it has ended")
        return said

    def _sign(self, body: str) -> bytes:
        return hmac.digest(self._key, body.encode(), "sha256")

    @cached_property
    def _key(self) -> bytes:
        return self._sealer.derive(self._purpose)


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
