"""Signing keys: what signs for one key, day, region and service; derived from a secret by four HMACs."""

import hashlib
import hmac
import secrets
from collections import OrderedDict
from datetime import datetime, timedelta

from api.signatures.reading import TERMINATOR, Signature

LIMIT = 1_024

Scope = tuple[str, str, str, str]


def derive(secret: str, date: str, region: str, service: str) -> bytes:
    """The signing key of a credential scope (32 bytes)."""
    key = ("AWS4" + secret).encode()
    for step in (date, region, service, TERMINATOR):
        key = hmac.digest(key, step.encode(), "sha256")
    return key


class SigningKeys:
    """The signing keys in use: the most recently used ones of the newest day and the day before.

    The secret itself is not kept, only a tag that tells whether it is still the one that a key was derived from, made with
    a key of this process. What is kept signs for one service on one day.

    Args:
        limit: How many.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._tagging = secrets.token_bytes(32)
        self._kept: OrderedDict[Scope, tuple[bytes, bytes]] = OrderedDict()
        self._newest = self._oldest = ""

    def __len__(self) -> int:
        return len(self._kept)

    def key(self, signature: Signature, secret: str) -> bytes:
        """The signing key that `secret` gives for the scope of a signature."""
        scope = (signature.key_id, signature.date, signature.region, signature.service)
        tag = hashlib.blake2b(secret.encode(), key=self._tagging, digest_size=16).digest()
        kept = self._kept.get(scope)
        if kept is not None and hmac.compare_digest(kept[0], tag):
            self._kept.move_to_end(scope)
            return kept[1]
        key = derive(secret, signature.date, signature.region, signature.service)
        self._keep(scope, tag, key)
        return key

    def forget(self, key_id: str) -> None:
        """Keep nothing of a key any longer: it was revoked or rotated."""
        for scope in [scope for scope in self._kept if scope[0] == key_id]:
            del self._kept[scope]

    def _keep(self, scope: Scope, tag: bytes, key: bytes) -> None:
        date = scope[1]
        if date > self._newest:
            self._newest, self._oldest = date, _day_before(date)
            for old in [kept for kept in self._kept if kept[1] < self._oldest]:
                del self._kept[old]
        if date >= self._oldest:
            self._kept[scope] = (tag, key)
            self._kept.move_to_end(scope)
            if len(self._kept) > self._limit:
                self._kept.popitem(last=False)


def _day_before(date: str) -> str:
    return (datetime.strptime(date, "%Y%m%d") - timedelta(days=1)).strftime("%Y%m%d")
