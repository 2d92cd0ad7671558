"""Access keys as AWS clients take them: an id of 20 characters and a secret of 40; and who holds them."""

import re
import secrets
import string
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from graph.access import Role
from graph.sealing import Sealer
from graph.times import FOREVER, now_ms

PREFIX = "STMA"
KEY_ID = re.compile(rf"{PREFIX}[A-Z2-7]{{16}}", re.ASCII)
SECRET_LENGTH = 40
ID_LETTERS = string.ascii_uppercase + "234567"
SECRET_LETTERS = string.ascii_letters + string.digits


class PrincipalKind(StrEnum):
    """What holds keys."""

    PERSON = "person"
    SERVICE = "service"


class KeyState(StrEnum):
    """Whether a key opens the doors."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An access key and whose it is; times in epoch milliseconds, `FOREVER` for never, `last_used_at` 0 for not yet."""

    id: str
    account: str
    principal: str
    kind: PrincipalKind
    role: Role
    created_at: int
    created_by: str
    expires_at: int
    revoked_at: int
    last_used_at: int
    sealed: str = field(repr=False)

    @property
    def actor(self) -> str:
        """Who acts with this key, as revisions and the ledger say it: the same for all keys of a principal."""
        return f"{self.kind}/{self.principal}"

    def state(self, now: int) -> KeyState:
        """What the key is at a time."""
        if self.revoked_at <= now:
            return KeyState.REVOKED
        return KeyState.EXPIRED if self.expires_at <= now else KeyState.ACTIVE


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key with its secret, which is shown this once."""

    key: AccessKey
    secret: str = field(repr=False)


class Drawn:
    """A random id and secret; drawn before the transaction, so that doing that again makes no second key."""

    def __init__(self, sealer: Sealer) -> None:
        self.id = PREFIX + "".join(secrets.choice(ID_LETTERS) for _ in range(16))
        self.secret = "".join(secrets.choice(SECRET_LETTERS) for _ in range(SECRET_LENGTH))
        self.sealed = sealer.seal(self.secret, self.id)

    def key(self, account: str, actor: str, name: str, kind: PrincipalKind, role: Role, expires_at: int) -> AccessKey:
        """The key as it will be kept."""
        made = (now_ms(), actor, expires_at, FOREVER, 0)
        return AccessKey(self.id, account, name, kind, role, *made, self.sealed)


def from_row(fields: list[Any]) -> AccessKey:
    """The key of a row that `principal/key` and `principal/keys` return."""
    id_, account, principal, kind, role, *rest = fields
    return AccessKey(id_, account, principal, PrincipalKind(kind), Role(role), *rest)
