"""`registry webhooks add|list|remove|dead|replay|test`: who is sent events."""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.call import DONE, FAILED, Call, Session, command, table
from api.cli.events import GROUP, TYPE, wanted_of

if TYPE_CHECKING:
    from graph.events.webhooks import Webhook, Webhooks

Id = Annotated[str, typer.Argument(metavar="WEBHOOK", help="A webhook's id, such as wh_4f2c….")]


def register(app: typer.Typer) -> None:
    """Add the commands to `registry`."""
    group = typer.Typer(no_args_is_help=True, help="Send events to others, signed (Standard Webhooks).")
    for name, function in (("add", add), ("list", list_), ("remove", remove), ("dead", dead), ("replay", replay)):
        command(group, name)(function)
    command(group, "test")(test)
    app.add_typer(group, name="webhooks")


def add(
    call: Call,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where to send to; STEMMA_POLICY has to list its host.")],
    types: TYPE = None,
    group: GROUP = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    secret_file: Annotated[
        Path | None, typer.Option(help="A file with the secret, whsec_…, or - for standard input; else one is made.")
    ] = None,
) -> int:
    """Send events to an address from now on; prints the secret that its receiver checks signatures with."""

    async def work(session: Session, webhooks: "Webhooks") -> int:
        wanted = wanted_of(session, types, group)
        made = await webhooks.add(
            *(session.caller, url),
            types=wanted.types,
            group=wanted.group,
            description=description,
            secret=None if secret_file is None else _secret(secret_file),
        )

        def show(console: Any) -> None:
            console.print(f"{made.webhook.id} sends to {url}. The secret is not shown again.", markup=False)
            console.print(made.secret, markup=False)

        call.emit({**_document(made.webhook), "secret": made.secret}, show)
        return DONE

    return _managing(call, work)


def list_(call: Call) -> int:
    """List the webhooks; never their secrets."""

    async def work(session: Session, webhooks: "Webhooks") -> int:
        rows = [_document(found) for found in await webhooks.all(session.caller)]
        columns = ("id", "url", "types", "group", "description", "createdAt", "createdBy")
        cells = [[", ".join(row[name]) or "all" if name == "types" else row[name] for name in columns] for row in rows]
        call.emit(rows, lambda console: console.print(table(None, columns, cells)))
        return DONE

    return _managing(call, work)


def remove(call: Call, webhook: Id) -> int:
    """Remove a webhook with its deliveries."""

    async def work(session: Session, webhooks: "Webhooks") -> int:
        found = await webhooks.remove(session.caller, webhook)
        call.emit(_document(found), lambda console: console.print(f"{found.id} is removed.", markup=False))
        return DONE

    return _managing(call, work)


def dead(
    call: Call, webhook: Id, first: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 100
) -> int:
    """List the dead letters of a webhook: events that its receiver did not take in all attempts."""

    async def work(session: Session, webhooks: "Webhooks") -> int:
        from graph.events.deliveries import DeliveryState

        found, more = await webhooks.deliveries(session.caller, webhook, state=DeliveryState.DEAD, first=first)
        rows = [
            {
                "id": one.key,
                "type": one.type.value,
                "attempts": one.attempts,
                "status": one.status,
                "problem": one.problem,
                "triedAt": None if one.tried_at is None else _time(one.tried_at),
            }
            for one in found
        ]
        columns = ("id", "type", "attempts", "status", "problem", "triedAt")

        def show(console: Any) -> None:
            console.print(table(None, columns, [[row[name] for name in columns] for row in rows]))
            if more:
                console.print("more follow: --first shows up to 500", markup=False)

        call.emit(rows, show)
        return DONE

    return _managing(call, work)


def replay(
    call: Call,
    webhook: Id,
    deliveries: Annotated[
        list[str] | None, typer.Argument(metavar="[DELIVERY]...", help="Which; all dead letters without.")
    ] = None,
) -> int:
    """Send dead letters again; a running service does it."""

    async def work(session: Session, webhooks: "Webhooks") -> int:
        count = await webhooks.replay(session.caller, webhook, deliveries or None)
        call.emit({"count": count}, lambda console: console.print(f"{count} wait to be sent again.", markup=False))
        return DONE

    return _managing(call, work)


def test(call: Call, webhook: Id) -> int:
    """Send a test event now, once; exit code 1 when the receiver does not take it."""

    async def work(session: Session, webhooks: "Webhooks") -> int:
        came = await webhooks.test(session.caller, webhook)
        said = f"the receiver answered with status {came.status}" if came.delivered else came.problem
        document = {"delivered": came.delivered, "status": came.status, "problem": came.problem}
        call.emit(document, lambda console: console.print(said, markup=False))
        return DONE if came.delivered else FAILED

    return _managing(call, work)


def _managing(call: Call, work: "Callable[[Session, Webhooks], Awaitable[int]]") -> int:
    async def opened(session: Session) -> int:
        from api.webhooks import webhooks

        settings = session.settings
        return await work(session, webhooks(settings, session.catalog, settings.reach(local_user=True)))

    return call.graph(opened)


def _secret(path: Path) -> str:
    """The secret in a file: an option of its own would stand in the shell's history.

    Raises:
        InvalidError: the file can't be read.
    """
    from graph.errors import InvalidError

    try:
        return (sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidError(f"--secret-file {path} can't be read: {error}", path="secret-file") from None


def _document(webhook: "Webhook") -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "types": [type_.value for type_ in webhook.types],
        "group": webhook.group,
        "description": webhook.description,
        "createdAt": _time(webhook.created_at),
        "createdBy": webhook.created_by,
    }


def _time(milliseconds: int) -> str:
    from graph.times import from_ms

    return from_ms(milliseconds).isoformat(timespec="seconds").replace("+00:00", "Z")
