"""Principals, who are people or services, and the access keys that they hold.

A principal belongs to one account and has one role; its keys bear both.
"""

import re
from dataclasses import replace
from typing import Any

from graph import arns
from graph.access import Caller, Permission, Role, require
from graph.access_log import tell
from graph.errors import ConflictError, InvalidError, NotFoundError
from graph.keys import AccessKey, Drawn, KeyState, MadeKey, PrincipalKind, from_row
from graph.sealing import Sealer
from graph.store.store import LostRowsError, Store, Transaction
from graph.times import FOREVER, now_ms

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_+=,.@-]{0,63}", re.ASCII)
USE_MS = 3_600_000
"""Last use is noted at most this often."""


class Principals:
    """Principals and keys of a database.

    Args:
        store: Where they are kept.
        sealer: Seals the secrets.
    """

    def __init__(self, store: Store, sealer: Sealer) -> None:
        self._store = store
        self._sealer = sealer

    async def any_key(self) -> bool:
        """Whether the database holds any key, of whatever state and account."""
        return bool(await self._store.read("principal/any_key", {}))

    async def accounts(self) -> list[str]:
        """Every account that has a principal."""
        return sorted(await self._store.read("principal/accounts", {}))

    async def find(self, key_id: str) -> AccessKey | None:
        """A key by its id, whatever its account and state."""
        found = await self._store.read("principal/key", {"id": key_id})
        return None if found is None else from_row(found)

    async def keys(self, caller: Caller) -> list[AccessKey]:
        """The keys of the caller's account, oldest first.

        Raises:
            ForbiddenError: the caller is no administrator.
        """
        require(caller, Permission.MANAGE_KEYS)
        found = await self._store.read("principal/keys", {"account": caller.account})
        return sorted((from_row(fields) for fields in found), key=lambda key: (key.created_at, key.id))

    def secret(self, key: AccessKey) -> str:
        """The secret of a key.

        Raises:
            SealBrokenError: it was sealed under another secrets key.
        """
        return self._sealer.open(key.sealed, key.id)

    async def check_seal(self) -> None:
        """Look whether the database's keys open with this secrets key.

        Raises:
            SealBrokenError: they were sealed under another one.
        """
        for key_id, sealed in await self._store.read("principal/live_key", {"now": now_ms(), "forever": FOREVER}):
            self._sealer.open(sealed, key_id)

    async def create(
        self,
        caller: Caller,
        name: str,
        *,
        role: Role | None = None,
        kind: PrincipalKind | None = None,
        expires_at: int = FOREVER,
    ) -> MadeKey:
        """A new key of a principal, which is made when the account has none of that name.

        Args:
            caller: An administrator of the account.
            name: The principal's.
            role: Its role; needed for a new principal, and for another it has to be the one that it has.
            kind: Likewise; a person when nothing is said of a new one.
            expires_at: When the key ends, epoch milliseconds.

        Raises:
            ForbiddenError: the caller is no administrator.
            InvalidError: the name or time can't be used, or a new principal has no role.
            ConflictError: the principal has another role or kind.
            SealBrokenError: the database's keys were sealed under another secrets key.
        """
        require(caller, Permission.MANAGE_KEYS)
        _checked(caller.account, name, expires_at)
        await self.check_seal()  # a key sealed otherwise than the others would open no door

        async def work(transaction: Transaction) -> MadeKey:
            where = f"{caller.account}/{name}"
            if role is None:
                found = await transaction.run("principal/read", {"key": where})
                if found is None:
                    raise InvalidError(f"{name} is new in account {caller.account}; say its role", path="role")
            else:
                new = {"key": where, "account": caller.account, "name": name, "actor": caller.actor, "now": now_ms()}
                new |= {"kind": (kind or PrincipalKind.PERSON).value, "role": role.value}
                found = await transaction.run("principal/put", new)
            has_kind, has_role = PrincipalKind(found[0]), Role(found[1])
            if role not in (None, has_role) or kind not in (None, has_kind):
                raise ConflictError(
                    f"{name} is a {has_kind} with the role {has_role} in account {caller.account}; "
                    f"`stemma keys grant {name} --role …` changes the role"
                )
            key = drawn.key(caller.account, caller.actor, name, has_kind, has_role, expires_at)
            await _put(transaction, key)
            await tell(transaction, caller, "CreateKey", key.id, key.actor)
            return MadeKey(key, drawn.secret)

        drawn = Drawn(self._sealer)
        return await self._store.transact(work)

    async def rotate(
        self, caller: Caller, key_id: str, *, valid_for: int, expires_at: int | None = None
    ) -> tuple[MadeKey, AccessKey]:
        """A new key beside an old one, which ends after a while; the new and the old key.

        Args:
            caller: An administrator of the account.
            key_id: The old key, which has to be active.
            valid_for: How long the old key goes on, milliseconds.
            expires_at: When the new key ends; by default it lives as long as the old one was to live.

        Raises:
            ForbiddenError: the caller is no administrator.
            NotFoundError: the account has no such key.
            ConflictError: the key is not active.
        """
        require(caller, Permission.MANAGE_KEYS)
        if valid_for < 0:
            raise InvalidError("the old key can't end in the past", path="validFor", constraint="0 <= validFor")

        async def work(transaction: Transaction) -> tuple[MadeKey, AccessKey]:
            old = _of_account(await transaction.run("principal/key", {"id": key_id}), caller, key_id)
            now = now_ms()
            if old.state(now) is not KeyState.ACTIVE:
                raise ConflictError(f"the key {key_id} is {old.state(now)}; create another one")
            self.secret(old)
            end = expires_at
            if end is None:
                end = FOREVER if old.expires_at == FOREVER else now + old.expires_at - old.created_at
            _checked(caller.account, old.principal, end)
            until = min(old.expires_at, now + valid_for)
            await transaction.run(
                "principal/expire_key", {"id": key_id, "account": caller.account, "expires_at": until}
            )
            key = drawn.key(caller.account, caller.actor, old.principal, old.kind, old.role, end)
            await _put(transaction, key)
            await tell(transaction, caller, "RotateKey", old.id, key.id, key.actor)
            return MadeKey(key, drawn.secret), replace(old, expires_at=until)

        drawn = Drawn(self._sealer)
        return await self._store.transact(work)

    async def revoke(self, caller: Caller, key_id: str) -> AccessKey:
        """End a key now; doing it again changes nothing.

        Raises:
            ForbiddenError: the caller is no administrator.
            NotFoundError: the account has no such key.
        """
        require(caller, Permission.MANAGE_KEYS)

        async def work(transaction: Transaction) -> AccessKey:
            key = _of_account(await transaction.run("principal/key", {"id": key_id}), caller, key_id)
            now = now_ms()
            given = {"id": key_id, "account": caller.account, "now": now, "forever": FOREVER}
            if await transaction.run("principal/revoke_key", given) is not None:
                await tell(transaction, caller, "RevokeKey", key.id, key.actor)
            return replace(key, revoked_at=min(key.revoked_at, now))

        return await self._store.transact(work)

    async def grant(self, caller: Caller, name: str, role: Role) -> PrincipalKind:
        """Give a principal another role, and so all its keys; what kind of principal it is.

        Raises:
            ForbiddenError: the caller is no administrator.
            NotFoundError: the account has no such principal.
        """
        require(caller, Permission.MANAGE_KEYS)

        async def work(transaction: Transaction) -> PrincipalKind:
            given = {"key": f"{caller.account}/{name}", "role": role.value}
            found = await transaction.run("principal/grant", given)
            if found is None:
                raise NotFoundError(f"the principal {name} does not exist in account {caller.account}")
            await tell(transaction, caller, "GrantRole", role, f"{found[0]}/{name}")
            return PrincipalKind(found[0])

        return await self._store.transact(work)

    async def used(self, key_id: str, now: int) -> None:
        """Note that a key is in use, unless that was noted within the hour."""
        await self._store.run("principal/use_key", {"id": key_id, "now": now, "since": now - USE_MS})


async def _put(transaction: Transaction, key: AccessKey) -> None:
    given = {
        "id": key.id,
        "account": key.account,
        "principal": f"{key.account}/{key.principal}",
        "sealed": key.sealed,
        "now": key.created_at,
        "actor": key.created_by,
        "expires_at": key.expires_at,
        "forever": FOREVER,
    }
    if await transaction.run("principal/put_key", given) != key.id:
        raise LostRowsError(f"the key {key.id} was not written")


def _of_account(found: list[Any] | None, caller: Caller, key_id: str) -> AccessKey:
    key = None if found is None else from_row(found)
    if key is None or key.account != caller.account:
        raise NotFoundError(f"the key {key_id} does not exist in account {caller.account}")
    return key


def _checked(account: str, name: str, expires_at: int) -> None:
    if arns.ACCOUNT.fullmatch(account) is None:
        raise InvalidError(f"the account {account!r} does not have 12 digits", path="account", constraint="12 digits")
    if NAME.fullmatch(name) is None:
        raise InvalidError(
            f"the name {name[:80]!r} has to be 1 to 64 letters, digits and _+=,.@- that begin with a letter, digit or _",
            path="principal",
            constraint=NAME.pattern,
        )
    if not now_ms() < expires_at <= FOREVER:
        raise InvalidError("the key has to end in the future", path="expires", constraint="a time in the future")
