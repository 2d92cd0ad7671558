"""Commands about who may enter: `keys create`, `keys list`, `keys rotate`, `keys revoke`, `keys grant`."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.call import DONE, Call, Session, command, table
from api.cli.values import end, milliseconds
from graph.access import Role
from graph.keys import PrincipalKind

if TYPE_CHECKING:
    from rich.console import Console

    from graph.access import Caller
    from graph.keys import AccessKey, MadeKey
    from graph.principals import Principals

Key = Annotated[str, typer.Argument(metavar="KEY", help="An access key id, STMA….")]
AccountOption = Annotated[str | None, typer.Option(help="The account (tenant); by default STEMMA_ACCOUNT.")]
ExpiresOption = Annotated[
    str | None, typer.Option(help="When the key ends: 2027-01-31, or in 90d, 12h.", metavar="TIME")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    keys = typer.Typer(no_args_is_help=True, help="Say who may enter: principals, their keys and roles.")
    for name, function in (
        ("create", create),
        ("list", list_),
        ("rotate", rotate),
        ("revoke", revoke),
        ("grant", grant),
    ):
        command(keys, name)(function)
    app.add_typer(keys, name="keys", rich_help_panel="Check and set up")


def create(
    call: Call,
    principal: Annotated[str, typer.Option(help="Who holds the key; made if the account has none of this name.")],
    role: Annotated[Role | None, typer.Option(help="What a new principal may do.", case_sensitive=False)] = None,
    kind: Annotated[
        PrincipalKind | None, typer.Option(help="What a new principal is: person by default.", case_sensitive=False)
    ] = None,
    account: AccountOption = None,
    expires: ExpiresOption = None,
) -> int:
    """Make an access key; its secret is shown this once."""

    async def work(principals: "Principals", caller: "Caller") -> int:
        made = await principals.create(caller, principal, role=role, kind=kind, expires_at=end(expires, "expires"))
        call.emit(_made_document(made), lambda console: _show_made(console, made))
        return DONE

    return _managing(call, work, account=account)


def list_(call: Call, account: AccountOption = None) -> int:
    """List the access keys of all accounts, or of one; never their secrets."""

    async def work(principals: "Principals", caller: "Caller") -> int:
        accounts = [account] if account is not None else await principals.accounts()
        found = [key for each in accounts for key in await principals.keys(replace(caller, account=each))]
        rows = [_document(key) for key in found]
        columns = ("accessKeyId", "principal", "kind", "role", "account", "state", "expiresAt", "lastUsedAt")
        call.emit(
            rows, lambda console: console.print(table(None, columns, [[row[name] for name in columns] for row in rows]))
        )
        return DONE

    return _managing(call, work)


def rotate(
    call: Call,
    key: Key,
    valid_for: Annotated[str, typer.Option(help="How long the old key goes on: 24h, 30m, 7d, 0s.")] = "24h",
    expires: ExpiresOption = None,
) -> int:
    """Make a key that takes another's place, and let the old one go on for a while."""

    async def work(principals: "Principals", caller: "Caller") -> int:
        ends = None if expires is None else end(expires, "expires")
        made, old = await principals.rotate(
            caller, key, valid_for=milliseconds(valid_for, "valid-for"), expires_at=ends
        )

        def show(console: "Console") -> None:
            _show_made(console, made)
            console.print(f"{old.id} goes on until {_time(old.expires_at)}.", markup=False)

        call.emit({**_made_document(made), "rotated": _document(old)}, show)
        return DONE

    return _managing(call, work, key=key)


def revoke(call: Call, key: Key) -> int:
    """End a key: within two seconds no server takes it any longer."""

    async def work(principals: "Principals", caller: "Caller") -> int:
        ended = await principals.revoke(caller, key)
        call.emit(
            _document(ended), lambda console: console.print(f"{ended.id} of {ended.actor} is revoked.", markup=False)
        )
        return DONE

    return _managing(call, work, key=key)


def grant(
    call: Call,
    principal: Annotated[str, typer.Argument(metavar="PRINCIPAL", help="Whose role changes, for all its keys.")],
    role: Annotated[Role, typer.Option(help="The new role.", case_sensitive=False)],
    account: AccountOption = None,
) -> int:
    """Give a principal another role."""

    async def work(principals: "Principals", caller: "Caller") -> int:
        kind = await principals.grant(caller, principal, role)
        document = {"principal": principal, "kind": kind.value, "role": role.value, "account": caller.account}
        call.emit(document, lambda console: console.print(f"{kind}/{principal} is now {role}.", markup=False))
        return DONE

    return _managing(call, work, account=account)


def _managing(
    call: Call,
    work: "Callable[[Principals, Caller], Awaitable[int]]",
    *,
    account: str | None = None,
    key: str | None = None,
) -> int:
    """Do the work as the administrator of an account, or of that of a key."""

    async def opened(session: Session) -> int:
        from api.auth import principals

        known = principals(session.settings, session.catalog)
        found = None if key is None else await known.find(key)
        named = account if found is None else found.account
        caller = session.caller if named is None else replace(session.caller, account=named)
        return await work(known, caller)

    return call.graph(opened)


def _document(key: "AccessKey") -> dict[str, Any]:
    from graph.times import now_ms

    return {
        "accessKeyId": key.id,
        "principal": key.principal,
        "kind": key.kind.value,
        "role": key.role.value,
        "account": key.account,
        "state": key.state(now_ms()).value,
        "createdAt": _time(key.created_at),
        "createdBy": key.created_by,
        "expiresAt": _time(key.expires_at),
        "revokedAt": _time(key.revoked_at),
        "lastUsedAt": _time(key.last_used_at) if key.last_used_at else None,
    }


def _made_document(made: "MadeKey") -> dict[str, Any]:
    document = _document(made.key)
    return {"accessKeyId": document.pop("accessKeyId"), "secretAccessKey": made.secret, **document}


def _show_made(console: "Console", made: "MadeKey") -> None:
    key = made.key
    until = "" if _time(key.expires_at) is None else f", until {_time(key.expires_at)}"
    console.print(
        f"{key.actor}, {key.role} of account {key.account}{until}. The secret is not shown again.", markup=False
    )
    console.print(f"AWS_ACCESS_KEY_ID={key.id}\nAWS_SECRET_ACCESS_KEY={made.secret}", markup=False)


def _time(at: int) -> str | None:
    from graph.times import FOREVER, from_ms

    return None if at == FOREVER else from_ms(at).isoformat(timespec="seconds").replace("+00:00", "Z")
