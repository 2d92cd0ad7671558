"""Principals and their keys, on both databases."""

import asyncio
import base64
from dataclasses import replace
from pathlib import Path

import pytest

from graph.access import Caller, Role
from graph.access_log import AccessFilter
from graph.catalog import Catalog
from graph.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError, SettingError
from graph.keys import KEY_ID, KeyState, PrincipalKind
from graph.principals import Principals
from graph.sealing import SealBrokenError, Sealer
from graph.times import FOREVER, now_ms

HOUR = 3_600_000


@pytest.fixture
def sealer(secrets_key_file: Path) -> Sealer:
    return Sealer.from_file(secrets_key_file)


@pytest.fixture
def principals(catalog: Catalog, sealer: Sealer) -> Principals:
    return Principals(catalog.store, sealer)


@pytest.fixture
def admin(account: str) -> Caller:
    return Caller(account, "operator", "test", Role.ADMIN)


async def test_a_key_is_kept_sealed_and_found_again(principals: Principals, catalog: Catalog, admin: Caller) -> None:
    made = await principals.create(admin, "ana", role=Role.WRITER)
    assert KEY_ID.fullmatch(made.key.id)
    assert len(made.secret) == 40
    assert made.secret not in repr(made)
    found = await principals.find(made.key.id)
    assert found == made.key
    assert principals.secret(found) == made.secret
    assert made.secret not in found.sealed
    assert (found.actor, found.role, found.state(now_ms())) == ("person/ana", Role.WRITER, KeyState.ACTIVE)
    assert await principals.any_key()
    assert admin.account in await principals.accounts()
    # Nothing in the database holds the secret as it is.
    stored = await catalog.store.read("principal/key", {"id": made.key.id})
    assert made.secret not in str(stored)
    assert await principals.find("STMA" + "A" * 16) is None


async def test_keys_of_a_principal_share_its_role(principals: Principals, admin: Caller) -> None:
    first = await principals.create(admin, "trainer", role=Role.READER, kind=PrincipalKind.SERVICE)
    second = await principals.create(admin, "trainer")
    third = await principals.create(admin, "trainer", role=Role.READER)
    assert {key.id for key in await principals.keys(admin)} == {first.key.id, second.key.id, third.key.id}
    for wrong in ({"role": Role.ADMIN}, {"kind": PrincipalKind.PERSON}):
        with pytest.raises(ConflictError, match="stemma keys grant trainer"):
            await principals.create(admin, "trainer", **wrong)
    await principals.grant(admin, "trainer", Role.APPROVER)
    assert {key.role for key in await principals.keys(admin)} == {Role.APPROVER}
    with pytest.raises(NotFoundError):
        await principals.grant(admin, "nobody", Role.ADMIN)


async def test_a_new_principal_needs_a_role_and_leaves_nothing_without(principals: Principals, admin: Caller) -> None:
    with pytest.raises(InvalidError, match="say its role"):
        await principals.create(admin, "ana")
    assert await principals.keys(admin) == []
    assert admin.account not in await principals.accounts()


@pytest.mark.parametrize("name", ["", "a b", "-a", "a/b", "x" * 65, "é", "a\n"])
async def test_names_that_are_refused(principals: Principals, admin: Caller, name: str) -> None:
    with pytest.raises(InvalidError):
        await principals.create(admin, name, role=Role.READER)


async def test_rotating_leaves_the_old_key_a_while(principals: Principals, admin: Caller) -> None:
    old = await principals.create(admin, "ana", role=Role.WRITER)
    before = now_ms()
    fresh, ended = await principals.rotate(admin, old.key.id, valid_for=HOUR)
    assert fresh.key.id != old.key.id
    assert fresh.secret != old.secret
    assert (fresh.key.principal, fresh.key.role, fresh.key.expires_at) == ("ana", Role.WRITER, FOREVER)
    assert before + HOUR <= ended.expires_at <= now_ms() + HOUR
    assert await principals.find(old.key.id) == ended
    assert ended.state(ended.expires_at - 1) is KeyState.ACTIVE
    assert ended.state(ended.expires_at) is KeyState.EXPIRED
    # Rotating again can't prolong it, and a key with an end passes its length of life on.
    _, again = await principals.rotate(admin, old.key.id, valid_for=9 * HOUR)
    assert again.expires_at == ended.expires_at
    short = await principals.create(admin, "ana", expires_at=now_ms() + HOUR)
    next_, _ = await principals.rotate(admin, short.key.id, valid_for=0)
    lives = [each.key.expires_at - each.key.created_at for each in (short, next_)]
    assert abs(lives[0] - lives[1]) < 2_000
    with pytest.raises(ConflictError, match="is expired"):
        await principals.rotate(admin, short.key.id, valid_for=0)


async def test_revoking_is_final_and_may_be_repeated(principals: Principals, admin: Caller) -> None:
    made = await principals.create(admin, "ana", role=Role.WRITER)
    first = await principals.revoke(admin, made.key.id)
    assert first.state(now_ms()) is KeyState.REVOKED
    assert (await principals.revoke(admin, made.key.id)).revoked_at == first.revoked_at
    assert await principals.find(made.key.id) == first
    with pytest.raises(ConflictError, match="is revoked"):
        await principals.rotate(admin, made.key.id, valid_for=0)


async def test_keys_of_another_account_look_like_missing_ones(principals: Principals, admin: Caller) -> None:
    made = await principals.create(admin, "ana", role=Role.WRITER)
    stranger = replace(admin, account=f"{int(admin.account) ^ 1:012d}")
    missing = "STMA" + "B" * 16
    for act in (principals.revoke, lambda who, key: principals.rotate(who, key, valid_for=0)):
        texts = []
        for key in (made.key.id, missing):
            with pytest.raises(NotFoundError) as refused:
                await act(stranger, key)
            texts.append(str(refused.value).replace(key, "KEY"))
        assert texts[0] == texts[1]
    assert await principals.keys(stranger) == []
    assert await principals.find(made.key.id) == made.key


@pytest.mark.parametrize("role", [Role.READER, Role.WRITER, Role.APPROVER])
async def test_only_administrators_manage_keys(principals: Principals, admin: Caller, role: Role) -> None:
    made = await principals.create(admin, "ana", role=role)
    caller = replace(admin, role=role)
    for act in (
        principals.keys(caller),
        principals.create(caller, "bob", role=Role.ADMIN),
        principals.rotate(caller, made.key.id, valid_for=0),
        principals.revoke(caller, made.key.id),
        principals.grant(caller, "ana", Role.ADMIN),
    ):
        with pytest.raises(ForbiddenError, match="manage keys"):
            await act
    assert await principals.keys(admin) == [made.key]


async def test_what_is_done_to_keys_is_in_the_access_log(
    principals: Principals, catalog: Catalog, admin: Caller
) -> None:
    made = await principals.create(admin, "ana", role=Role.WRITER)
    fresh, _ = await principals.rotate(admin, made.key.id, valid_for=0)
    await principals.grant(admin, "ana", Role.READER)
    await principals.revoke(admin, fresh.key.id)
    await principals.revoke(admin, fresh.key.id)
    page, more = await catalog.access_log.page(admin, AccessFilter(), first=10)
    assert not more
    assert [(record.operation, record.named) for record in reversed(page)] == [
        ("CreateKey", (made.key.id, "person/ana")),
        ("RotateKey", (made.key.id, fresh.key.id, "person/ana")),
        ("GrantRole", ("reader", "person/ana")),
        ("RevokeKey", (fresh.key.id, "person/ana")),
    ]
    assert {(record.principal, record.door) for record in page} == {("operator", "test")}
    assert made.secret not in str(page)


async def test_last_use_is_noted_once_an_hour(principals: Principals, admin: Caller) -> None:
    made = await principals.create(admin, "ana", role=Role.WRITER)
    now = now_ms()
    for at in (now, now + 1, now + HOUR - 1):
        await principals.used(made.key.id, at)
    found = await principals.find(made.key.id)
    assert found is not None
    assert found.last_used_at == now
    await principals.used(made.key.id, now + HOUR + 1)
    found = await principals.find(made.key.id)
    assert found is not None
    assert found.last_used_at == now + HOUR + 1


async def test_creating_at_once_makes_one_principal(principals: Principals, admin: Caller) -> None:
    made = await asyncio.gather(*(principals.create(admin, "ana", role=Role.WRITER) for _ in range(8)))
    assert len({each.key.id for each in made}) == 8
    assert sorted(key.id for key in await principals.keys(admin)) == sorted(each.key.id for each in made)


async def test_another_secrets_key_is_noticed(
    principals: Principals, catalog: Catalog, admin: Caller, tmp_path: Path
) -> None:
    made = await principals.create(admin, "ana", role=Role.WRITER)
    other = Principals(catalog.store, Sealer.from_file(tmp_path / "other" / "secrets.key"))
    for act in (other.create(admin, "bob", role=Role.READER), other.rotate(admin, made.key.id, valid_for=0)):
        with pytest.raises(SealBrokenError, match="STEMMA_SECRETS_KEY_FILE"):
            await act
    assert await principals.keys(admin) == [made.key]


def test_a_sealed_secret_opens_for_its_key_only(tmp_path: Path) -> None:
    sealer = Sealer.from_file(tmp_path / "keys" / "secrets.key")
    sealed = sealer.seal("s" * 40, "STMA1")
    assert sealer.open(sealed, "STMA1") == "s" * 40
    assert sealer.seal("s" * 40, "STMA1") != sealed
    raw = base64.b64decode(sealed[3:])
    for broken in (
        *("v1." + base64.b64encode(raw[:i] + bytes([raw[i] ^ 1]) + raw[i + 1 :]).decode() for i in range(len(raw))),
        "v1.",
        "",
        sealed[3:],
        "v1.é",
    ):
        with pytest.raises(SealBrokenError):
            sealer.open(broken, "STMA1")
    with pytest.raises(SealBrokenError):
        sealer.open(sealed, "STMA2")
    file = tmp_path / "keys" / "secrets.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert Sealer.from_text(file.read_text(), "STEMMA_SECRETS_KEY").open(sealed, "STMA1") == "s" * 40
    file.chmod(0o640)
    with pytest.raises(SettingError, match="chmod 600"):
        Sealer.from_file(file).seal("x", "y")
    for text in ("", "short", base64.b64encode(b"x" * 31).decode(), "é" * 44):
        with pytest.raises(SettingError, match="32 random bytes"):
            Sealer.from_text(text, "STEMMA_SECRETS_KEY").seal("x", "y")
