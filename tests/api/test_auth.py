"""Keys of two accounts over real HTTP, on both databases: who gets in, as whom, and what each may do."""

import asyncio
from typing import Any

import pytest
from botocore.exceptions import ClientError

from api import auth, keyring
from api.settings import load
from graph.access import Caller, Role
from graph.access_log import AccessFilter, Outcome
from graph.catalog import Catalog
from graph.errors import SettingError
from graph.principals import Principals
from graph.sealing import SealBrokenError, Sealer
from graph.store.provider import EmbeddedProvider
from graph.times import now_ms
from tests.api.keys import WHO, Keys, sagemaker

WRITE = "mutation($name: String!) { createContext(input: {name: $name}) { entity { arn createdBy { id kind } } } }"


async def test_a_key_is_its_principal_in_its_account(keys: Keys) -> None:
    made = await keys.make()
    viewer = (await keys.post(keys.as_(made))).json()["data"]["viewer"]
    assert viewer == {
        "account": keys.admin.account,
        "actor": {"id": "person/ana", "name": "ana", "kind": "person"},
    }
    entity = (await keys.post(keys.as_(made), WRITE, name="a")).json()["data"]["createContext"]["entity"]
    assert entity["createdBy"] == {"id": "person/ana", "kind": "person"}
    assert f":{keys.admin.account}:context/a" in entity["arn"]
    assert (await keys.post(keys.as_(made).replace("Bearer", "bEARER"))).status_code == 200


async def test_what_does_not_open_is_refused_with_one_and_the_same_message(
    keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "LIFE_SECONDS", 0.0)
    made = await keys.make()
    revoked, rotated, short = await keys.make(), await keys.make(), await keys.make(expires_at=now_ms() + 60_000)
    await keys.principals.revoke(keys.admin, revoked.key.id)
    await keys.principals.rotate(keys.admin, rotated.key.id, valid_for=0)
    assert (await keys.post(keys.as_(short))).status_code == 200
    monkeypatch.setattr(auth, "now_ms", lambda: now_ms() + 60_001)
    other = await keys.make("bob")
    key, secret = made.key.id, made.secret
    shown = [
        *(keys.as_(each) for each in (revoked, rotated, short)),
        f"Bearer {key}:{other.secret}",
        f"Bearer {key}:{secret[:-1]}",
        f"Bearer {key}:{secret}x",
        f"Bearer {key}:{secret.swapcase()}",
        f"Bearer {key}:",
        f"Bearer {key}",
        f"Bearer {secret}",
        f"Bearer {key.lower()}:{secret}",
        f"Bearer STMA{'A' * 16}:{secret}",
        f"Bearer STMA{'A' * 16}:",
        "Bearer :",
        "Bearer",
        f"Basic {key}:{secret}",
        f"{key}:{secret}",
        f"Bearer {key}:é",
        "Bearer " + "x" * 10_000,
        None,
    ]
    answers = set()
    for authorization in shown:
        response = await keys.post(authorization)
        body = response.json()
        assert body.pop("requestId") == response.headers["x-request-id"]
        answers.add((response.status_code, response.headers["www-authenticate"], str(body)))
        assert secret not in response.text
    assert len(answers) == 1
    assert answers.pop()[:2] == (401, "Bearer")
    assert (await keys.post(keys.as_(made))).status_code == 200
    for path in ("/metrics", "/graphql", "/nope"):
        assert (await keys.service.client.get(path)).status_code == 401
    # Pages: a browser can't send a key with them, and nothing of anybody's is in them.
    for path in ("/livez", "/readyz", "/", "/ui/", "/ui/session"):
        assert (await keys.service.client.get(path)).status_code == 200


async def test_readers_read_and_do_not_write(keys: Keys) -> None:
    reader, writer = await keys.make("reader", Role.READER), await keys.make("writer")
    arn = (await keys.post(keys.as_(writer), WRITE, name="a")).json()["data"]["createContext"]["entity"]["arn"]
    read = "query($arn: ID!) { entity(arn: $arn) { name } }"
    assert (await keys.post(keys.as_(reader), read, arn=arn)).json()["data"] == {"entity": {"name": "a"}}
    refused = (await keys.post(keys.as_(reader), WRITE, name="b")).json()["errors"][0]
    assert refused["extensions"]["code"] == "FORBIDDEN"
    assert "reader" in refused["message"]
    assert (await keys.service.catalog.moment(keys.admin.account)).sequence == 1
    assert (
        "person/reader",
        reader.key.id,
        "graphql",
        "createContext",
        Outcome.REFUSED,
        "FORBIDDEN",
    ) in await keys.log()


async def test_a_revocation_and_a_new_role_hold_within_two_seconds_on_every_server(keys: Keys) -> None:
    made = await keys.make(role=Role.READER)
    assert (await keys.post(keys.as_(made))).status_code == 200
    await keys.principals.grant(keys.admin, "ana", Role.WRITER)
    await asyncio.sleep(keyring.LIFE_SECONDS + 0.1)
    assert "errors" not in (await keys.post(keys.as_(made), WRITE, name="a")).json()
    await keys.principals.revoke(keys.admin, made.key.id)
    await asyncio.sleep(keyring.LIFE_SECONDS + 0.1)
    assert (await keys.post(keys.as_(made))).status_code == 401
    assert keyring.LIFE_SECONDS <= 2


async def test_a_key_is_looked_up_once_for_many_requests(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await keys.make()
    read, looked = keys.service.catalog.store.read, []

    async def counted(name: str, *rest: Any, **given: Any) -> Any:
        if name.startswith("principal/"):
            looked.append(name)
        return await read(name, *rest, **given)

    monkeypatch.setattr(keys.service.catalog.store, "read", counted)
    answers = await asyncio.gather(*(keys.post(keys.as_(made)) for _ in range(40)))
    assert {answer.status_code for answer in answers} == {200}
    assert looked.count("principal/key") <= 3


async def test_last_use_shows(keys: Keys) -> None:
    made = await keys.make()
    before = now_ms()
    await keys.post(keys.as_(made))
    for _ in range(100):
        found = await keys.principals.find(made.key.id)
        assert found is not None
        if found.last_used_at:
            assert before <= found.last_used_at <= now_ms()
            return
        await asyncio.sleep(0.05)
    pytest.fail("the use did not show")


async def test_the_access_log_knows_who_did_what(keys: Keys) -> None:
    made = await keys.make()
    arn = keys.service.arn("context/a")
    await keys.post(keys.as_(made), WRITE, name="a")
    fragment = "query Q($arn: ID!) { ...F } fragment F on Query { entity(arn: $arn) { name } }"
    await keys.post(keys.as_(made), fragment, arn=arn)
    literal = f'{{ entity(arn: "{arn.replace("/a", "/b")}") {{ name }} viewer {{ account }} }}'
    await keys.post(keys.as_(made), literal)
    await keys.post(keys.as_(made), "{ nope }")
    await keys.post(f"Bearer {made.key.id}:wrong")
    await keys.post(None)
    await keys.service.client.get("/livez")
    who = ("person/ana", made.key.id, "graphql")
    assert (await keys.log())[1:] == [
        (*who, "createContext", Outcome.OK, None),
        (*who, "entity", Outcome.OK, None),
        (*who, "entity,viewer", Outcome.ERROR, "NOT_FOUND"),
        (*who, "POST /graphql", Outcome.ERROR, "INVALID"),
        ("person/ana", made.key.id, "http", "POST /graphql", Outcome.REFUSED, "UNAUTHENTICATED"),
        (None, None, "http", "POST /graphql", Outcome.REFUSED, "UNAUTHENTICATED"),
    ]
    page, _ = await keys.service.catalog.access_log.page(keys.admin, AccessFilter(), first=500)
    assert [record.named for record in reversed(page)][1:4] == [(), (arn,), (arn.replace("/a", "/b"),)]
    assert made.secret not in str(page)


async def test_the_same_key_signs_for_aws_clients(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "LIFE_SECONDS", 0.0)
    made = await keys.make()

    async def call(client: Any) -> Any:
        given = {"ContextName": "c", "ContextType": "t", "Source": {"SourceUri": "u"}}
        return await asyncio.to_thread(lambda: client.create_context(**given))

    arn = (await call(sagemaker(keys, made.key.id, made.secret)))["ContextArn"]
    assert f":{keys.admin.account}:" in arn
    codes = []
    for client in (
        sagemaker(keys, made.key.id, "x" * 40),
        sagemaker(keys, "STMA" + "A" * 16, made.secret),
        sagemaker(keys, made.key.id, made.secret, aws_session_token="t"),
    ):
        with pytest.raises(ClientError) as refused:
            await call(client)
        codes.append(refused.value.response["Error"]["Code"])
    reader = await keys.make("reader", Role.READER)
    with pytest.raises(ClientError, match="AccessDenied"):
        await call(sagemaker(keys, reader.key.id, reader.secret))
    await keys.principals.revoke(keys.admin, made.key.id)
    with pytest.raises(ClientError) as refused:
        await call(sagemaker(keys, made.key.id, made.secret))
    codes.append(refused.value.response["Error"]["Code"])
    assert codes == [
        "InvalidSignatureException",
        "UnrecognizedClientException",
        "UnrecognizedClientException",
        "UnrecognizedClientException",
    ]
    log = await keys.log()
    assert ("person/ana", made.key.id, "sagemaker", "sagemaker:CreateContext", Outcome.OK, None) in log
    assert (
        "person/reader",
        reader.key.id,
        "sagemaker",
        "sagemaker:CreateContext",
        Outcome.REFUSED,
        "AccessDeniedException",
    ) in log


async def test_a_signature_does_not_open_the_other_doors(keys: Keys) -> None:
    signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=STMAX/20260101/us-east-1/sagemaker/aws4_request"}
    for path in ("/graphql", "/graphql?X-Amz-Algorithm=AWS4-HMAC-SHA256"):
        response = await keys.service.client.post(path, json={"query": WHO}, headers=signed)
        assert response.status_code == 401


async def test_keys_are_asked_for_as_soon_as_there_is_one(tmp_path: Any, account: str) -> None:
    settings = load(account=account, data_dir=tmp_path)
    catalog = await Catalog.open(EmbeddedProvider(tmp_path), tmp_path)
    try:
        authenticator = auth.Authenticator(settings, lambda: catalog)
        local = await authenticator.identify(None)
        assert (local.account, local.actor, local.role) == (account, auth.LOCAL_ADMIN, Role.ADMIN)
        beyond = load(account=account, data_dir=tmp_path, host="0.0.0.0")
        required = load(account=account, data_dir=tmp_path, keys="required")
        await auth.check(settings, catalog)
        for refused in (beyond, required):
            with pytest.raises(SettingError, match="stemma keys create"):
                await auth.check(refused, catalog)
        with pytest.raises(SettingError, match="STEMMA_KEYS is off"):
            await auth.check(load(host="0.0.0.0", keys="off"), catalog)
        assert await auth.Authenticator(load(host="0.0.0.0", keys="off"), lambda: catalog).required()

        admin = Caller("999999999999", "operator", "cli", Role.ADMIN)
        made = await auth.principals(settings, catalog).create(admin, "root", role=Role.ADMIN)
        await asyncio.sleep(keyring.LIFE_SECONDS + 0.1)
        with pytest.raises(auth.RefusedError):
            await authenticator.identify(None)
        for ready in (settings, beyond, required):
            await auth.check(ready, catalog)
        who = await authenticator.identify(f"Bearer {made.key.id}:{made.secret}")
        assert who == auth.Identity("999999999999", "person/root", Role.ADMIN, made.key.id)
        # Without its last key the service does not fall back to letting everybody in.
        await auth.principals(settings, catalog).revoke(admin, made.key.id)
        assert await auth.Authenticator(settings, lambda: catalog).required()
        await auth.check(beyond, catalog)
        # Another secrets key would open none of the keys: that is said at the start.
        await auth.principals(settings, catalog).create(admin, "root")
        other = load(account=account, data_dir=tmp_path, secrets_key_file=tmp_path / "other.key")
        with pytest.raises(SealBrokenError):
            await auth.check(other, catalog)
        with pytest.raises(SealBrokenError):
            await Principals(catalog.store, Sealer.from_file(tmp_path / "other.key")).create(admin, "root")
        await authenticator.close()
    finally:
        await catalog.close()
