"""`access`: who asked for what, and what came of it."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.call import DONE, Call, Session, command, table
from api.cli.values import time
from graph.access_log import AccessFilter, Outcome

if TYPE_CHECKING:
    from datetime import datetime

    from graph.access_log import AccessRecord

COLUMNS = ("at", "principal", "accessKeyId", "door", "operation", "outcome", "code", "named", "requestId")


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    command(app, "access", panel="Check and set up")(access)


def access(
    call: Call,
    principal: Annotated[str | None, typer.Option(help="Only of this one, such as person/ana.")] = None,
    operation: Annotated[str | None, typer.Option(help="Only this, such as sagemaker:DescribeArtifact.")] = None,
    outcome: Annotated[Outcome | None, typer.Option(help="Only these.", case_sensitive=False)] = None,
    since: Annotated[str | None, typer.Option(help="Not before this time.", metavar="TIME")] = None,
    until: Annotated[str | None, typer.Option(help="Before this time.", metavar="TIME")] = None,
    account: Annotated[str | None, typer.Option(help="The account (tenant); by default STEMMA_ACCOUNT.")] = None,
    first: Annotated[int, typer.Option(min=1, max=500, help="How many, newest first.")] = 50,
) -> int:
    """Show the access log of an account, newest first."""

    async def work(session: Session) -> int:
        only = AccessFilter(principal, operation, outcome, *_ends(time(since, "since"), time(until, "until")))
        caller = session.caller if account is None else replace(session.caller, account=account)
        page, _ = await session.catalog.access_log.page(caller, only, first=first)
        rows = [_document(record) for record in page]
        cells = [[", ".join(row["named"]) if name == "named" else row[name] for name in COLUMNS] for row in rows]
        call.emit(rows, lambda console: console.print(table(None, COLUMNS, cells)))
        return DONE

    return call.graph(work)


def _ends(since: "datetime | None", until: "datetime | None") -> tuple[int, int]:
    from graph.times import FOREVER, to_us

    return (0 if since is None else to_us(since)), (FOREVER if until is None else to_us(until))


def _document(record: "AccessRecord") -> dict[str, Any]:
    from graph.times import from_us

    return {
        "at": from_us(record.at).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "principal": record.principal,
        "accessKeyId": record.key_id,
        "door": record.door,
        "operation": record.operation,
        "named": list(record.named),
        "outcome": record.outcome.value,
        "code": record.code,
        "requestId": record.request_id or None,
    }
