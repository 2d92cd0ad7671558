"""`stemma keys` and `stemma access`, as a person uses them."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from graph.keys import KEY_ID
from tests.api.cli.conftest import Stemma


@pytest.mark.parametrize(("role", "kind"), [("reader", "person"), ("admin", "service")])
def test_a_key_s_life(stemma: Stemma, role: str, kind: str) -> None:
    made = stemma.ok("keys", "create", "--principal", "ana", "--role", role, "--kind", kind)
    assert KEY_ID.fullmatch(made["accessKeyId"])
    assert re.fullmatch(r"[A-Za-z0-9]{40}", made["secretAccessKey"])
    assert (made["role"], made["kind"], made["account"], made["state"]) == (role, kind, stemma.account, "active")
    assert (made["expiresAt"], made["revokedAt"], made["lastUsedAt"]) == (None, None, None)

    rotated = stemma.ok("keys", "rotate", made["accessKeyId"], "--valid-for", "2h")
    old = rotated.pop("rotated")
    ends = datetime.fromisoformat(old["expiresAt"]) - datetime.now(UTC)
    assert timedelta(hours=1, minutes=50) < ends <= timedelta(hours=2)
    assert rotated["secretAccessKey"] != made["secretAccessKey"]

    assert stemma.ok("keys", "revoke", made["accessKeyId"])["state"] == "revoked"
    assert stemma.ok("keys", "grant", "ana", "--role", "approver")["role"] == "approver"
    listed = {row["accessKeyId"]: row for row in stemma.ok("keys", "list", "--account", stemma.account)}
    assert {key: (row["state"], row["role"]) for key, row in listed.items()} == {
        made["accessKeyId"]: ("revoked", "approver"),
        rotated["accessKeyId"]: ("active", "approver"),
    }
    shown = stemma("keys", "list").out
    assert made["accessKeyId"] in shown
    assert made["secretAccessKey"] not in shown
    log = stemma.ok("access")
    assert [row["operation"] for row in log] == ["GrantRole", "RevokeKey", "RotateKey", "CreateKey"]
    assert {row["door"] for row in log} == {"cli"}
    assert [row["operation"] for row in stemma.ok("access", "--operation", "RevokeKey", "--since", "2026-01-01")] == [
        "RevokeKey"
    ]
    assert stemma.ok("access", "--until", "2026-01-01") == []
    shown = stemma("access", "--first", "2", "--outcome", "ok", "--principal", log[0]["principal"]).out
    assert "GrantRole" in shown
    assert "CreateKey" not in shown


def test_a_key_is_shown_as_clients_take_it(stemma: Stemma) -> None:
    done = stemma("keys", "create", "--principal", "ci", "--role", "writer", "--expires", "90d")
    assert done.code == 0
    first, key, secret = done.out.splitlines()
    assert first.startswith(f"person/ci, writer of account {stemma.account}, until ")
    assert re.fullmatch(r"AWS_ACCESS_KEY_ID=STMA[A-Z2-7]{16}", key)
    assert re.fullmatch(r"AWS_SECRET_ACCESS_KEY=[A-Za-z0-9]{40}", secret)


def test_keys_of_other_accounts(stemma: Stemma) -> None:
    other = f"{int(stemma.account) ^ 1:012d}"
    made = stemma.ok("keys", "create", "--principal", "bob", "--role", "reader", "--account", other)
    assert made["account"] == other
    assert made["accessKeyId"] in {row["accessKeyId"] for row in stemma.ok("keys", "list")}
    assert stemma.ok("keys", "list", "--account", stemma.account) == []
    # Whoever holds the data directory ends any key by its id.
    assert stemma.ok("keys", "revoke", made["accessKeyId"])["state"] == "revoked"
    assert [row["operation"] for row in stemma.ok("access", "--account", other)] == ["RevokeKey", "CreateKey"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["create", "--principal", "new"], 2, "say its role"),
        (["create", "--principal", "a b", "--role", "reader"], 2, "1 to 64 letters"),
        (["create", "--principal", "a", "--role", "king"], 2, "king"),
        (["create", "--role", "reader"], 2, "--principal"),
        (["create", "--principal", "a", "--role", "reader", "--expires", "2020-01-01"], 2, "in the future"),
        (["create", "--principal", "a", "--role", "reader", "--expires", "soon"], 2, "is no time"),
        (["create", "--principal", "a", "--role", "reader", "--account", "12"], 2, "12 digits"),
        (["rotate", "STMA" + "A" * 16], 1, "does not exist"),
        (["rotate", "STMA" + "A" * 16, "--valid-for", "long"], 2, "is no length of time"),
        (["revoke", "STMA" + "A" * 16], 1, "does not exist"),
        (["grant", "nobody", "--role", "admin"], 1, "does not exist"),
    ],
)
def test_wrong_use(stemma: Stemma, arguments: list[str], code: int, message: str) -> None:
    done = stemma("keys", *arguments)
    assert done.code == code, done.err
    assert message in done.err
    assert done.out == ""
